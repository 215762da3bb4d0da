/** An ended session's report, its downloads, and the feedback on it. Each part is `{element, update(session)}`. */

import { act, client } from "./api.js";
import { card, explanation } from "./card.js";
import { MINUTE_MS } from "./chart_data.js";
import { bar, h, icon, notice, replaceChildren, say, setAttribute } from "./dom.js";
import { aboutAffect, aboutEmotions } from "./explain.js";
import { language, percent, signed, t, when } from "./i18n.js";
import { zone } from "./preferences.js";

/** How the service's sentences name minutes: `30~31분 구간`, `30–31 min`. */
const MINUTES = /(\d+)[~–](\d+)(?=분 구간| min\b)/;

/** A sentence; the minutes in it lead there. */
function sentence(text) {
  const [named, from, to] = text.match(MINUTES) ?? [];
  if (!named) return h("li", {}, text);
  const [before, after] = text.split(named);
  const data = { from: from * MINUTE_MS, to: to * MINUTE_MS };
  return h("li", {}, before, h("button", { type: "button", class: "link", data }, named), after);
}

/** Where there is nothing to tell the part is left out. */
function sentences(heading, texts) {
  if (!texts.length) return null;
  return h("div", { class: "part" }, h("h3", {}, heading), h("ul", { class: "sentences" }, texts.map(sentence)));
}

function emotions(distribution) {
  // A share that would be shown as 0 % says nothing.
  const shown = Object.entries(distribution).filter(([, share]) => Math.round(share * 100) > 0);
  const most = shown.sort(([, one], [, other]) => other - one);
  const line = ([name, share]) => h("li", {}, h("span", {}, t(name)), bar(share, { class: "share" }), h("span", {}, percent(share)));
  const content = most.length ? h("ul", { class: "shares" }, most.map(line)) : h("p", { class: "empty" }, t("noEmotions"));
  return h("div", { class: "part" }, h("h3", {}, t("emotions"), " ", explanation("emotions", t("emotions"), aboutEmotions)), content);
}

function affect(vector) {
  if (!vector) return null;
  const each = ([name, value]) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, signed(value)));
  return h("div", { class: "part" }, h("h3", {}, t("affect"), " ", explanation("affect", t("affect"), aboutAffect)), h("dl", { class: "facts-grid affect" }, Object.entries(vector).map(each)));
}

/** The files: their name, and how the client library gives them. */
const FILES = [
  ["pdf", (id, options) => client.reportFile(id, "pdf", options)],
  ["pdfTranscript", (id, options) => client.reportFile(id, "pdf", { ...options, transcript: true })],
  ["html", (id, options) => client.reportFile(id, "html", options)],
  ["csvVad", (id, options) => client.reportFile(id, "csv", { ...options, kind: "vad" })],
  ["csvEmotion", (id, options) => client.reportFile(id, "csv", { ...options, kind: "emotion" })],
  ["textFile", (id, options) => client.transcriptText(id, options)],
  ["vtt", (id, options) => client.transcriptVtt(id, options)],
];

/** Save a file under the name that the service gives it. Fetched and not linked to, as a link would send no token. */
export function saveFile(file) {
  const address = URL.createObjectURL(file);
  h("a", { href: address, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  say(t("downloaded", { name: file.name }));
}

const download = async (sessionId, make) => saveFile(await act(() => make(sessionId, { lang: language(), tz: zone() })));

function downloads(sessionId) {
  const button = ([name, make]) => {
    const run = async () => {
      made.disabled = true;
      try {
        await download(sessionId, make);
        notice(null);
      } catch (error) {
        notice(t("failed", { message: error.message }), "bad");
      }
      made.disabled = false;
      made.focus();
    };
    const made = h("button", { type: "button", class: "button", data: { file: name }, on: { click: run } }, icon("download"), t(name));
    return h("li", {}, made);
  };
  const print = h("button", { type: "button", class: "button", on: { click: () => globalThis.print() } }, icon("print"), t("print"));
  return h("div", { class: "part files" }, h("h3", {}, t("downloads")), h("ul", { class: "downloads" }, FILES.map(button), h("li", {}, print)));
}

export function reportPanel(sessionId, timeline) {
  const [told, measured] = [h("div"), h("div", { class: "measured" })];
  const { element } = card("report-card", t("report"), h("div", { class: "report" }, told, h("div", {}, measured, downloads(sessionId))));
  timeline.leadFrom(told, "report");
  const update = ({ report }) => {
    replaceChildren(told, sentences(t("highlights"), report.highlights), sentences(t("recommendations"), report.recommendations));
    // Made once for a report: what explains a number may be open.
    measured.replaceChildren(...[emotions(report.emotionDistribution), affect(report.vadVector)].filter(Boolean));
  };
  return { element, update };
}

/** One of five stars; a group of radio buttons underneath, so that arrow keys choose. */
function stars() {
  const paint = () => {
    const chosen = Number(element.querySelector(":checked")?.value ?? 0);
    labels.forEach((label, index) => label.classList.toggle("on", index < chosen));
  };
  const star = (count) => {
    const input = h("input", { type: "radio", name: "rating", value: count, "aria-label": t("stars", { count }), on: { change: paint } });
    return h("label", {}, input, icon("star"));
  };
  const labels = [1, 2, 3, 4, 5].map(star);
  const element = h("fieldset", { class: "stars" }, h("legend", {}, t("rating")), labels);
  return { element, paint };
}

/** `sent` is called when there is another feedback. */
export function feedbackPanel(sessionId, sent) {
  const { element: rating, paint } = stars();
  const note = h("textarea", { name: "note", maxlength: 2000, rows: 3 });
  const button = h("button", { class: "button primary" }, t("sendFeedback"));
  const problem = h("p", { class: "hint", role: "alert" });
  const form = h("form", { novalidate: true }, rating, h("label", { class: "field" }, h("span", {}, t("note")), note), problem, h("div", {}, button));
  const given = h("ol", { class: "given" });
  const empty = h("p", { class: "empty" }, t("noFeedback"));
  const { element } = card("feedback", t("feedback"), form, h("div", { class: "given-part" }, given, empty));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = Number(new FormData(form).get("rating"));
    problem.textContent = chosen ? "" : t("needRating");
    if (!chosen) return form.querySelector("input").focus();
    button.disabled = true;
    try {
      await act(() => client.feedback(sessionId, chosen, note.value.trim()));
      form.reset();
      paint();
      say(t("feedbackSent"));
      await sent();
    } catch (error) {
      problem.textContent = t("failed", { message: error.message });
    }
    button.disabled = false;
    button.focus();
  });

  const line = (each) => {
    const marks = "★".repeat(each.rating) + "☆".repeat(5 - each.rating);
    const said = h("span", { class: "unseen" }, t("stars", { count: each.rating }));
    const time = h("time", { datetime: new Date(each.submittedAt).toISOString() }, when(each.submittedAt));
    return h("li", {}, h("span", { class: "rating", "aria-hidden": "true" }, marks), said, time, each.note && h("p", {}, each.note));
  };
  const update = ({ report }) => {
    setAttribute(empty, "hidden", report.feedback.length > 0);
    replaceChildren(given, report.feedback.toReversed().map(line));
  };
  return { element, update };
}
