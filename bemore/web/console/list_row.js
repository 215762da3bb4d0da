/** A session in the list: whose it is, how it went, and the way to delete it. */

import { lastData } from "./coverage.js";
import { demoBadge, h, icon, svg } from "./dom.js";
import { length, points, t, when, whole } from "./i18n.js";
import { mayDelete } from "./session_head.js";
import { isDemo } from "./simulation.js";

const COLUMNS = ["state", "user", "counselor", "started", "duration", "mean", "course", "scoredShort", "rating"];

/** In a session that is going on, data older than this is told, ms. */
const LATE_MS = 60_000;

export const rowHead = () => h("div", { class: "row-head", "aria-hidden": "true" }, COLUMNS.map((name) => h("span", { class: `col-${name}` }, t(name))));

const [WIDTH, HEIGHT] = [100, 24];

/** The combined score over the session as a line, from 0 at the bottom to 1 at the top; null interrupts it. */
export function sparkline(scores) {
  const x = (index) => (scores.length > 1 ? (index / (scores.length - 1)) * WIDTH : WIDTH / 2);
  const runs = [];
  scores.forEach((score, index) => {
    if (score === null) return;
    if (!index || scores[index - 1] === null) runs.push([]);
    runs.at(-1).push(`${x(index).toFixed(1)},${((1 - score) * HEIGHT).toFixed(1)}`);
  });
  // A point alone is a short line.
  const line = (run) => svg("polyline", { points: (run.length > 1 ? run : [run[0], run[0]]).join(" ") });
  return svg("svg", { class: "spark", viewBox: `0 -2 ${WIDTH} ${HEIGHT + 4}`, preserveAspectRatio: "none", "aria-hidden": "true" }, runs.map(line));
}

const UNKNOWN = { averageScore: null, scoredMinutes: null, rating: null, scores: [] };

/** `nowMs` is the service's time. */
export function row(session, nowMs) {
  const { sessionId, userId, counselorId, status, startedAt, duration, lastDataAt, overview = UNKNOWN, demo = isDemo(sessionId) } = session;
  const named = (name, ...value) => h("span", { class: `col-${name}` }, h("span", { class: "unseen" }, `${t(name)}: `), ...value);
  const late = status !== "ended" && nowMs - (lastDataAt ?? startedAt) >= LATE_MS;
  const link = h(
    "a",
    { class: "row", href: `#/session/${encodeURIComponent(sessionId)}` },
    h("span", { class: "col-state" }, h("span", { class: `state ${status}` }, t(status))),
    named("user", userId, demo && [" ", demoBadge(t("demo"), t("demoWhat"))]),
    named("counselor", counselorId),
    named("started", when(startedAt), late && h("span", { class: "late" }, lastData(lastDataAt, nowMs))),
    named("duration", length(duration)),
    named("mean", points(overview.averageScore)),
    h("span", { class: "col-course" }, sparkline(overview.scores)),
    named("scoredShort", overview.scoredMinutes === null ? "–" : whole(overview.scoredMinutes)),
    named("rating", overview.rating === null ? "–" : [h("span", { "aria-hidden": "true" }, "★ "), overview.rating.toFixed(1)]),
  );
  const what = `${t("delete")}: ${userId}, ${when(startedAt)}`;
  const button = () => h("button", { type: "button", class: "quiet icon-only", data: { delete: sessionId }, "aria-label": what, title: t("delete") }, icon("trash"));
  const overTime = () => {
    const name = t("clientLink", { user: userId });
    return h("a", { class: "quiet icon-only over-time", href: `#/client/${encodeURIComponent(userId)}`, "aria-label": name, title: name }, icon("progress"));
  };
  return h("li", {}, link, !demo && overTime(), mayDelete() && status === "ended" && button());
}

/** Put rows in the place of others; those that say the same stay, and keep the focus. */
export function update(list, items) {
  const before = new Map([...list.children].map((item) => [item.innerHTML, item]));
  const next = items.map((item) => before.get(item.innerHTML) ?? item);
  if (next.some((item, index) => item !== list.children[index]) || next.length !== list.children.length) {
    const focused = document.activeElement?.getAttribute("href");
    list.replaceChildren(...next);
    if (focused && document.activeElement === document.body) list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  }
}
