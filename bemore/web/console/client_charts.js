/**
 * Charts over sessions, one place on the axis per session, the oldest first. Points of sessions that can be compared are full and
 * joined by a line; the others are hollow and stand alone. Drawn as SVG; the table of sessions has all values.
 */

import { card } from "./card.js";
import { h, replaceChildren, setAttribute, svg } from "./dom.js";
import { day, t } from "./i18n.js";

const [HEIGHT, TOP, BOTTOM, LEFT, RIGHT] = [180, 12, 26, 44, 14];

/** Labels of the axis are at least so far apart, px. */
const LABEL_PX = 64;

const known = (value) => value !== null && value !== undefined;

/** Where a chart has its sessions: `x(index)`, `y(value)` for a scale from `min` to `max`. */
function scales(count, width, [min, max]) {
  const step = (width - LEFT - RIGHT) / count;
  const y = (value) => TOP + (1 - (value - min) / (max - min)) * (HEIGHT - TOP - BOTTOM);
  return { step, x: (index) => LEFT + (index + 0.5) * step, y };
}

function frame(sessions, width, { ticks, shown }, { step, x, y }) {
  const lines = ticks.map((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
    svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, shown(value)),
  ]);
  const every = Math.max(1, Math.ceil(LABEL_PX / step));
  const last = sessions.length - 1;
  const labels = sessions.map(({ startedAt }, index) => {
    const anchor = index === last && step < LABEL_PX ? "end" : "middle";
    return (last - index) % every ? null : svg("text", { x: x(index) + (anchor === "end" ? RIGHT : 0), y: HEIGHT - 6, "text-anchor": anchor }, day(startedAt));
  });
  return [lines, labels];
}

const named = (session, text) => svg("title", {}, `${day(session.startedAt)}: ${text}`);

function lineOf(sessions, { key, name, value }, shown, { step, x, y }) {
  const places = sessions.map((session, index) => ({ session, index, value: value(session) })).filter((place) => known(place.value));
  const joined = places.filter(({ session }) => session.comparable).map((place) => `${x(place.index).toFixed(1)},${y(place.value).toFixed(1)}`);
  const radius = step < 14 ? 2.5 : 4.5;
  const point = ({ session, index, value: at }) =>
    svg(
      "circle",
      { class: session.comparable ? "full" : "hollow", cx: x(index), cy: y(at), r: radius, "data-session": session.sessionId },
      named(session, `${name ? `${name} ` : ""}${shown(at)}`),
    );
  return svg("g", { class: `over-time ${key}` }, joined.length > 1 && svg("polyline", { points: joined.join(" ") }), places.map(point));
}

function barsOf(sessions, bars, { step, x, y }) {
  const width = Math.max(2, Math.min(18, step * 0.36));
  const bar = (session, index) =>
    bars.map(({ key, name, value }, place) => {
      const at = value(session);
      const left = x(index) + (place - bars.length / 2) * width;
      const share = `${name} ${Math.round(at * 100)}%`;
      return svg("rect", { class: `measured ${key}`, x: left, y: y(at), width: width - 1, height: Math.max(0, y(0) - y(at)) }, named(session, share));
    });
  return sessions.map(bar);
}

/** The key of a chart's lines or bars, where there are several. */
const legend = (series) =>
  h("ul", { class: "legend" }, series.map(({ key, name }) => h("li", {}, svg("svg", { class: `key ${key}`, viewBox: "0 0 22 10", "aria-hidden": "true" }, svg("line", { x1: 1, x2: 21, y1: 5, y2: 5 })), name)));

/**
 * A card with a chart. `scale(sessions)` gives `{range: [min, max], ticks, shown(value)}`; `lines` or `bars` are `{key, name, value(session)}`.
 * `open(sessionId)` is called for a point that is clicked. `update(sessions)` draws sessions, the oldest first.
 */
export function overTime(name, { scale, lines = [], bars = [], threshold = null, open }) {
  const series = [...lines, ...bars];
  const picture = svg("svg", { class: "over-time-chart", role: "img" });
  const nothing = h("p", { class: "empty", hidden: true }, t("chartNothing"));
  const { element } = card(`progress-${name}`, t(name), picture, nothing, series.length > 1 && legend(series));
  let sessions = [];
  picture.addEventListener("click", ({ target }) => target.dataset.session && open(target.dataset.session));

  function draw() {
    const width = Math.max(240, picture.clientWidth || 500);
    const values = sessions.map(series[0].value).filter(known);
    setAttribute(nothing, "hidden", values.length > 0);
    setAttribute(picture, "hidden", !values.length);
    if (!values.length) return;
    const found = scale(sessions);
    const at = scales(sessions.length, width, found.range);
    setAttribute(picture, "viewBox", `0 0 ${width} ${HEIGHT}`);
    const said = { count: sessions.length, what: t(name), first: found.shown(values[0]), last: found.shown(values.at(-1)) };
    const ends = { low: found.shown(Math.min(...values)), high: found.shown(Math.max(...values)) };
    setAttribute(picture, "aria-label", t("chartOverTime", { ...said, ...ends }));
    const half = known(threshold) && svg("line", { class: "threshold", x1: LEFT, x2: width - RIGHT, y1: at.y(threshold), y2: at.y(threshold) }, svg("title", {}, t("half")));
    const drawn = [...lines].reverse().map((line) => lineOf(sessions, line, found.shown, at));
    const group = svg("g", {}, frame(sessions, width, found, at), barsOf(sessions, bars, at), half, drawn);
    replaceChildren(picture, group);
  }

  const resized = new ResizeObserver(() => draw());
  resized.observe(element);
  const update = (next) => {
    sessions = next;
    draw();
  };
  return { element, update, destroy: () => resized.disconnect() };
}
