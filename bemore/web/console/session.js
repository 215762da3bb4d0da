/** The page of one session: live while it goes on, then for reading. */

import { askToken } from "./dialogs.js";
import { SCORES } from "./chart_data.js";
import { h, icon, notice, say } from "./dom.js";
import { clockSpan, points, t } from "./i18n.js";
import { keywordPanel } from "./keywords.js";
import { Session } from "./live.js";
import { momentsPanel } from "./moments_panel.js";
import { notesPanel } from "./notes_panel.js";
import { Watch } from "./pace.js";
import { playingPart } from "./playing.js";
import { onTheme } from "./preferences.js";
import { onPrint } from "./printing.js";
import { remaining } from "./quota.js";
import { feedbackPanel, reportPanel } from "./report.js";
import { headPart } from "./session_head.js";
import { running } from "./simulation.js";
import { talkPanel } from "./talk_panel.js";
import { technicalPart } from "./technical.js";
import { Timeline } from "./timeline.js";
import { momentText, timelinePanel } from "./timeline_panel.js";
import { transcriptPanel } from "./transcript.js";

/** `{element, title, draw, stop}` for page.js. `failed(error)` tells what went wrong and how long to wait, `recovered()` that it is over, `go(address)` shows another view. */
export function sessionView(id, { failed, recovered, go }) {
  const session = new Session(id);
  const timeline = new Timeline();
  const element = h("div", { class: "session" });
  const simulation = running()?.sessionId === id ? running() : null;
  let parts = [];
  let shownStatus = null;
  let announced = -1;
  let gone = null; // the status with which the service refused to show it

  const watch = new Watch({ round, failed: refused, remaining });

  /** Where the service will not show the session (any more), nothing stays that looks as if it went on or were loading. */
  function refused(error) {
    const wait = failed(error);
    if (wait === false) {
      gone = error.status;
      redraw();
    }
    return wait;
  }

  async function round() {
    const spent = await session.refresh();
    recovered();
    if (spent.changed) {
      announce();
      show();
    }
    // A simulation says itself when there is something new; the last look is after its end.
    return spent.base === null ? null : spent;
  }

  /** Put the page together (again): in the language of now, for the state of now. */
  function draw() {
    parts.forEach((part) => part.destroy?.());
    if (gone) return drawGone();
    shownStatus = session.report?.status ?? null;
    const back = h("a", { class: "back", href: "#/" }, icon("back"), t("back"));
    const head = headPart(session, { title, simulation, changed: () => watch.now(), gone: () => go("#/") });
    parts = [head];
    if (!shownStatus) {
      element.replaceChildren(back, head.element, h("p", { class: "empty" }, t("loading")));
      return head.update(session);
    }
    element.replaceChildren(back, head.element, ...(shownStatus === "ended" ? reading() : watching()));
    parts.forEach((part) => part.update(session));
  }

  const add = (...made) => {
    parts.push(...made);
    return made.map((part) => part.element);
  };

  const columns = (left, right) => h("div", { class: "layout" }, h("div", { class: "column" }, left), h("div", { class: "column" }, right));

  /** The parts that every session has, each made once. */
  function common() {
    return {
      moments: momentsPanel(timeline),
      talk: talkPanel(timeline),
      chart: timelinePanel(session, timeline),
      lines: transcriptPanel(timeline),
      notes: notesPanel(session, timeline, notesChanged),
      words: keywordPanel(session, timeline),
      technical: technicalPart(id),
    };
  }

  /** A session that goes on: the present first. */
  function watching() {
    const { moments, talk, chart, lines, notes, words, technical } = common();
    const playing = simulation ? add(playingPart(session, simulation)) : [];
    return [...playing, ...add(chart), columns(add(lines, moments), add(notes, talk, words)), ...add(technical)];
  }

  /** An ended session: first what matters. */
  function reading() {
    const { moments, talk, chart, lines, notes, words, technical } = common();
    const playing = simulation ? add(playingPart(session, simulation)) : [];
    const first = columns(add(moments), add(talk));
    const rest = [...add(chart), columns(add(lines), add(notes, words)), ...add(reportPanel(id, timeline))];
    return [...playing, first, ...rest, ...add(feedbackPanel(id, refreshOnce), technical)];
  }

  function drawGone() {
    parts = [];
    const what = {
      401: [h("p", {}, t("needToken")), h("p", {}, h("button", { type: "button", class: "button primary", on: { click: askToken } }, t("signIn")))],
      403: h("p", {}, t("forbidden")),
    };
    const head = h("div", { class: "session-head" }, h("h1", { tabindex: -1 }, title()));
    const missing = h("p", { class: "empty" }, t("notFoundWhat"), " ", h("code", {}, id));
    element.replaceChildren(h("a", { class: "back", href: "#/" }, icon("back"), t("back")), head, h("div", { class: "card gone" }, what[gone] ?? missing));
  }

  function show() {
    if (session.report.status !== shownStatus) redraw();
    else parts.forEach((part) => part.update(session));
    document.title = `${title()} – BeMore`;
  }

  function redraw() {
    const focused = document.activeElement;
    draw();
    // What had the focus may be gone with the state.
    if (focused && !focused.isConnected) element.querySelector("h1").focus();
    document.title = `${title()} – BeMore`;
  }

  async function refreshOnce() {
    await session.refresh();
    show();
  }

  async function notesChanged() {
    await session.refreshNotes();
    show();
  }

  /** Tell what changed to those who do not see it. */
  function announce() {
    const { minutes, status } = session.report;
    const last = minutes.at(-1);
    const told = [];
    if (shownStatus && last && last.minuteIndex > announced) {
      const values = Object.fromEntries(SCORES.map(({ key, field }) => [key, points(last[field])]));
      told.push(t("newMinute", { minute: clockSpan(last.minuteIndex * 60_000, (last.minuteIndex + 1) * 60_000), ...values }));
    }
    if (shownStatus && status !== shownStatus) told.push(t({ active: "nowActive", paused: "nowPaused", ended: "nowEnded" }[status]));
    announced = Math.max(announced, last?.minuteIndex ?? -1);
    if (told.length) say(told.join(" "));
  }

  const title = () => (gone && gone !== 401 && gone !== 403 ? t("notFound") : session.report ? t("sessionOf", { user: session.report.userId }) : t("sessionId"));

  // The slider tells its own moment, and who chose a line has just heard it.
  timeline.addEventListener("select", ({ detail: { by } }) => {
    if (["chart", "moments", "talk", "notes", "report"].includes(by)) say(momentText(session, timeline.at));
  });

  const played = () => {
    watch.now();
    if (session.report) parts.forEach((part) => part.update(session));
  };
  const broke = ({ detail }) => {
    watch.now();
    notice(t("playFailed", { message: detail.message }), "bad");
  };
  simulation?.addEventListener("minute", played);
  simulation?.addEventListener("ended", played);
  simulation?.addEventListener("failed", broke);
  const endTheme = onTheme(() => parts.forEach((part) => part.redraw?.()));
  const endPrint = onPrint((on) => parts.forEach((part) => part.print?.(on)));

  draw();
  watch.now();

  const stop = () => {
    watch.stop();
    endTheme();
    endPrint();
    simulation?.removeEventListener("minute", played);
    simulation?.removeEventListener("ended", played);
    simulation?.removeEventListener("failed", broke);
    parts.forEach((part) => part.destroy?.());
  };

  /** In another language or zone: the words of the page at once, those of the service when they are there. */
  const translate = () => {
    draw();
    if (session.report) refreshOnce().catch(failed);
  };
  return { element, title, draw: translate, stop };
}
