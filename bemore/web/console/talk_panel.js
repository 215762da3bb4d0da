/** Who spoke how much, and the silences. Where speakers are unknown, the voice of everybody together. */

import { card } from "./card.js";
import { h, replaceChildren, setAttribute, svg } from "./dom.js";
import { clock, exactLength, percent, t } from "./i18n.js";

const SPEAKERS = ["user", "counselor"];

/** The shares of the two speakers as one bar. */
function shareBar(shares) {
  const parts = shares.map((share, index) => svg("rect", { x: index ? shares[0] * 100 : 0, width: share * 100, height: 10, class: `lane-${SPEAKERS[index]}` }));
  return svg("svg", { class: "talk-bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, parts);
}

const fact = (name, ...value) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, ...value));

export function talkPanel(timeline) {
  const content = h("div", { class: "talk-content" });
  const { element, note } = card("talk", t("talkTitle"), content);

  /** A time of the session that leads there. */
  const jump = (startMs, endMs, text) => h("button", { type: "button", class: "link", data: { from: startMs, to: endMs } }, text);
  timeline.leadFrom(content, "talk");

  function measures({ speakers, silences, overlapMs }) {
    const total = SPEAKERS.reduce((sum, name) => sum + speakers[name].speechMs, 0);
    const shares = SPEAKERS.map((name) => speakers[name].share ?? 0);
    const names = SPEAKERS.map((name, index) =>
      h("span", { class: `talk-name ${name}` }, h("span", { class: `swatch ${name}`, "aria-hidden": "true" }), t(name), " ", h("strong", {}, percent(total ? shares[index] : null))),
    );
    const longest = ({ longestTurnAt: at, longestTurnMs: ms }) => (at === null ? "–" : jump(at, at + ms, t("atTime", { length: exactLength(ms), time: clock(at) })));
    const rows = [
      ["speechTime", ({ speechMs }) => exactLength(speechMs)],
      ["turns", ({ turns }) => turns],
      ["longestTurn", longest],
      ["averageTurn", ({ averageTurnMs }) => exactLength(averageTurnMs)],
      ["wordsPerMinute", ({ wordsPerMinute }) => wordsPerMinute ?? "–"],
      ["responseTime", ({ responseTime }) => (responseTime.medianMs === null ? "–" : exactLength(responseTime.medianMs))],
    ];
    const head = h("thead", {}, h("tr", {}, h("td"), SPEAKERS.map((name) => h("th", { scope: "col" }, t(name)))));
    const row = ([name, value]) => h("tr", {}, h("th", { scope: "row" }, t(name)), SPEAKERS.map((who) => h("td", {}, value(speakers[who]))));
    const { count, totalMs, longestMs, longestAt, brokenBy } = silences;
    const quiet = h(
      "dl",
      { class: "facts-grid" },
      fact("silences", t("timesTotal", { count, length: exactLength(totalMs) })),
      fact("longestSilence", longestAt === null ? "–" : jump(longestAt, longestAt + longestMs, t("atTime", { length: exactLength(longestMs), time: clock(longestAt) }))),
      fact("brokenBy", t("brokenByBoth", brokenBy)),
      fact("overlap", exactLength(overlapMs)),
    );
    return [h("div", { class: "talk-names" }, names), shareBar(shares), h("table", { class: "talk-table" }, head, h("tbody", {}, rows.map(row))), quiet];
  }

  function everybody(metrics) {
    return h(
      "dl",
      { class: "facts-grid" },
      fact("speechShare", percent(metrics.speechRatio)),
      fact("pauses", metrics.pauseCount),
      fact("longestPause", exactLength(metrics.longestPause)),
      fact("meanBurst", exactLength(metrics.averageSpeechBurst)),
    );
  }

  const update = ({ report: { talk, vadSummary } }) => {
    const any = talk || vadSummary.speechBurstCount || vadSummary.pauseCount;
    note.textContent = talk ? t(talk.basis === "audio" ? "byAudio" : "byTranscript") : any ? t("speakersUnknown") : "";
    setAttribute(element, "hidden", !any);
    replaceChildren(content, talk ? measures(talk) : everybody(vadSummary));
  };
  return { element, update };
}
