/** The page of one session: live while it goes on, then with its report. */

import { act, client, tokenOwner } from "./api.js";
import { SCORES, minuteSpan } from "./chart_data.js";
import { askToken, confirmDelete, confirmEnd } from "./dialogs.js";
import { demoBadge, h, icon, notice, replaceChildren, say, setAttribute } from "./dom.js";
import { clock, length, score, t, when } from "./i18n.js";
import { Session } from "./live.js";
import { Watch } from "./pace.js";
import { keywordPanel, minutePanel, voicePanel } from "./panels.js";
import { onTheme } from "./preferences.js";
import { remaining } from "./quota.js";
import { feedbackPanel, reportPanel } from "./report.js";
import { running } from "./simulation.js";
import { transcriptPanel } from "./transcript.js";

/** The id as it is shown: its end says nothing to people. */
const short = (id) => `${id.slice(0, 22)}…`;

/** `{element, title, draw, stop}` for page.js. `failed(error)` tells what went wrong and how long to wait, `recovered()` that it is over, `go(address)` shows another view. */
export function sessionView(id, { failed, recovered, go }) {
  const session = new Session(id);
  const element = h("div");
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
    const status = (shownStatus = session.report?.status ?? null);
    const ended = status === "ended";
    const back = h("a", { class: "back", href: "#/" }, icon("back"), t("back"));
    const head = headPart();
    if (!status) {
      parts = [head];
      element.replaceChildren(back, head.element, h("p", { class: "empty" }, t("loading")));
      return head.update(session);
    }
    const [minutes, voice, keywords, lines] = [minutePanel(), voicePanel(), keywordPanel(), transcriptPanel()];
    const report = ended && reportPanel(id);
    const feedback = ended && feedbackPanel(id, () => refreshOnce());
    const playing = simulation && playingPart();
    const left = h("div", { class: "column" }, minutes.element, voice.element, feedback && feedback.element);
    const right = h("div", { class: "column" }, lines.element, keywords.element);
    parts = [head, playing, report, minutes, voice, keywords, lines, feedback].filter(Boolean);
    const layout = h("div", { class: "layout" }, left, right);
    element.replaceChildren(...[back, head.element, playing?.element, report && report.element, layout].filter(Boolean));
    parts.forEach((part) => part.update(session));
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

  /** Tell what changed to those who do not see it. */
  function announce() {
    const { minutes, status } = session.report;
    const last = minutes.at(-1);
    const told = [];
    if (shownStatus && last && last.minuteIndex > announced) {
      const values = Object.fromEntries(SCORES.map(({ key, field }) => [key, score(last[field])]));
      told.push(t("newMinute", { minute: minuteSpan(last.minuteIndex), ...values }));
    }
    if (shownStatus && status !== shownStatus) told.push(t({ active: "nowActive", paused: "nowPaused", ended: "nowEnded" }[status]));
    announced = Math.max(announced, last?.minuteIndex ?? -1);
    if (told.length) say(told.join(" "));
  }

  function headPart() {
    const state = h("span");
    const name = h("h1", { tabindex: -1 }, title());
    const facts = h("p", { class: "facts" });
    const elapsed = h("span");
    const actions = h("div", { class: "buttons" });
    const tick = () => {
      const { report } = session;
      if (!report || report.status === "ended") return;
      elapsed.textContent = t("running", { clock: clock(Date.now() + session.clockOffsetMs - report.startedAt) });
    };
    const timer = setInterval(tick, 1000);
    const copy = async () => {
      await navigator.clipboard?.writeText(id);
      say(t("copied"));
    };
    const update = ({ report, demo }) => {
      name.textContent = title();
      if (!report) return;
      setAttribute(state, "class", `state ${report.status}`);
      state.textContent = t(report.status);
      name.append(" ", state, ...(demo ? [" ", demoBadge(t("demo"), t("demoWhat"))] : []));
      const ended = report.status === "ended";
      if (!facts.childElementCount) {
        facts.append(
          h("span", {}, t("withCounselor", { counselor: report.counselorId })),
          h("span", {}, t("startedAt", { when: when(report.startedAt) })),
          ended ? h("span", {}, t("lasted", { length: length(report.duration) })) : elapsed,
          h("button", { type: "button", class: "quiet", "aria-label": `${t("copyId")}: ${id}`, title: id, on: { click: copy } }, short(id), icon("copy")),
        );
        actions.append(...actionButtons(report.status));
      }
      if (demo && mayDelete() && !actions.querySelector("[data-delete]")) actions.append(deleteButton());
      tick();
    };
    const block = h("div", { class: "session-head" }, h("div", {}, name, facts), actions);
    return { element: block, update, destroy: () => clearInterval(timer) };
  }

  function actionButtons(status) {
    if (status === "ended" || simulation) return [];
    const make = (name, symbol, kind, work) => {
      const click = async ({ currentTarget }) => {
        currentTarget.disabled = true;
        try {
          await work();
        } catch (error) {
          notice(t("failed", { message: error.message }), "bad");
        }
        button.disabled = false;
        watch.now();
      };
      const button = h("button", { type: "button", class: `button ${kind}`, on: { click } }, icon(symbol), t(name));
      return button;
    };
    const hold = status === "active" ? ["pause", "pause"] : ["resume", "play"];
    return [
      make(...hold, "", () => act(() => client[hold[0]](id))),
      make("end", "stop", "danger", async () => (await confirmEnd()) && act(() => client.end(id))),
    ];
  }

  /** A user may not delete; the service would refuse it. */
  const mayDelete = () => tokenOwner()?.role !== "user" && !(simulation && !simulation.over);

  function deleteButton() {
    const click = async ({ currentTarget: button }) => {
      if (!(await confirmDelete())) return;
      button.disabled = true;
      try {
        await act(() => client.erase(id));
        go("#/");
        say(t("deleted"));
      } catch (error) {
        notice(t("failed", { message: error.message }), "bad");
        button.disabled = false;
      }
    };
    return h("button", { type: "button", class: "button danger", data: { delete: "" }, on: { click } }, t("deleteDemo"));
  }

  function playingPart() {
    const said = h("strong");
    const progress = h("progress", { max: simulation.total, "aria-label": t("tryTitle") });
    const button = h("button", { type: "button", class: "button", on: { click: () => simulation.stop() } }, icon("stop"), t("endNow"));
    const more = h("span");
    const block = h("section", { class: "card playing", "aria-label": t("tryTitle") }, h("p", {}, said, " ", more), progress, button);
    const update = ({ report: { status, duration } }) => {
      const { minute, total, ending } = simulation;
      const over = status === "ended";
      said.textContent = over ? t("played") : ending ? t("playingEnding") : t("playing", { minute, total });
      const { waitMs } = simulation;
      const running = waitMs ? t("playingWaits", { clock: clock(waitMs + 999) }) : t("playingWhat");
      more.textContent = over ? t("playedWhat", { minutes: minute, length: length(duration) }) : running;
      progress.value = minute;
      for (const each of [progress, button]) each.hidden = over;
      button.disabled = ending;
    };
    const timer = setInterval(() => session.report && update(session), 1000);
    return { element: block, update, destroy: () => clearInterval(timer) };
  }

  const title = () => (gone && gone !== 401 && gone !== 403 ? t("notFound") : session.report ? t("sessionOf", { user: session.report.userId }) : t("sessionId"));

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

  draw();
  watch.now();

  const stop = () => {
    watch.stop();
    endTheme();
    simulation?.removeEventListener("minute", played);
    simulation?.removeEventListener("ended", played);
    simulation?.removeEventListener("failed", broke);
    parts.forEach((part) => part.destroy?.());
  };
  return { element, title, draw, stop, again: () => watch.now() };
}
