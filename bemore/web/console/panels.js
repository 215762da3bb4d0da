/** Parts of a session's page that change as it goes on. Each is `{element, update(session), destroy?}`. */

import { DASHES, minuteChart, voiceChart } from "./charts.js";
import { SCORES, minuteSeries, minuteSpan, voiceBars } from "./chart_data.js";
import { h, replaceChildren, setAttribute, svg } from "./dom.js";
import { clock, exactLength, percent, score, signed, t } from "./i18n.js";

/** A card with a heading; `note` beside it is for the panel to fill. */
export function card(name, heading, ...content) {
  const note = h("p", { class: "hint" });
  const head = h("div", { class: "card-head" }, h("h2", { id: `${name}-title` }, heading), note);
  const element = h("section", { class: `card ${name}`, "aria-labelledby": `${name}-title` }, head, h("div", {}, ...content));
  return { element, note };
}

/** The accessible twin of a chart. `update(columns, rows)`; rows are only made while it is open. */
function valuesTable(label) {
  const table = h("table");
  const region = h("div", { class: "scroll", role: "group", "aria-label": label, tabindex: 0 }, table);
  const element = h("details", { class: "values", on: { toggle: () => fill() } }, h("summary", {}, t("asTable")), region);
  let [columns, rows] = [[], []];
  const fill = () => {
    if (!element.open) return;
    const head = h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name))));
    const line = ([first, ...others]) => h("tr", {}, h("th", { scope: "row" }, first), others.map((value) => h("td", {}, value)));
    replaceChildren(table, head, h("tbody", {}, rows.map(line)));
  };
  const update = (names, values) => {
    [columns, rows] = [names, values];
    setAttribute(element, "hidden", !rows.length);
    fill();
  };
  return { element, update };
}

function chartFigure(low = false) {
  const canvas = h("canvas", { role: "img" });
  const waiting = h("p", { class: "waiting" });
  const element = h("div", { class: low ? "chart low" : "chart" }, canvas, waiting);
  const say = (label, empty) => {
    setAttribute(canvas, "aria-label", label);
    setAttribute(canvas, "hidden", Boolean(empty));
    setAttribute(waiting, "hidden", !empty);
    waiting.textContent = empty ?? "";
  };
  return { element, canvas, say };
}

/** A piece of a line as the chart draws it. */
function key(name) {
  const dash = DASHES[name].join(" ");
  const line = svg("line", { x1: 0, y1: 5, x2: 22, y2: 5, "stroke-width": name === "combined" ? 3.5 : 2.5, "stroke-dasharray": dash || null });
  return svg("svg", { class: `key score-${name}`, viewBox: "0 0 22 10", "aria-hidden": "true" }, line);
}

/** The four scores of the latest minute (of an ended session their means), and their lines. */
export function minutePanel() {
  const hidden = new Set();
  const figure = chartFigure();
  const table = valuesTable(t("scores"));
  const chart = minuteChart(figure.canvas);
  let shown = null;
  const tiles = SCORES.map(({ key: name }) => {
    const [value, change] = [h("span", { class: "value" }), h("span", { class: "change" })];
    const toggle = () => {
      if (hidden.has(name)) hidden.delete(name);
      else hidden.add(name);
      setAttribute(button, "aria-pressed", String(!hidden.has(name)));
      if (shown) draw(shown);
    };
    const inside = [h("span", { class: "name" }, key(name), t(name)), h("span", {}, value, " ", change)];
    const button = h("button", { type: "button", class: `score ${name}`, "aria-pressed": "true", on: { click: toggle } }, inside);
    return { button, value, change };
  });
  const { element, note } = card("minutes", t("scores"), h("div", { class: "scores" }, tiles.map(({ button }) => button)), figure.element, table.element);

  const draw = (minutes) => chart.show({ ...minuteSeries(minutes), hidden });

  const update = ({ report }) => {
    const { minutes, stats, status } = report;
    const ended = status === "ended";
    const [last, before] = [minutes.at(-1), minutes.at(-2)];
    if (!last) note.textContent = "";
    else note.textContent = ended ? t("averages", { count: minutes.length }) : t("latest", { minute: minuteSpan(last.minuteIndex) });
    SCORES.forEach(({ field, mean }, index) => {
      const { value, change } = tiles[index];
      value.textContent = last ? score(ended ? stats[mean] : last[field]) : "–";
      change.textContent = last && before && !ended ? signed(last[field] - before[field]) : "";
    });
    const combined = minutes.map(({ combinedScore }) => combinedScore);
    const facts = { first: combined[0], last: combined.at(-1), low: Math.min(...combined), high: Math.max(...combined) };
    const values = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, score(value)]));
    figure.say(last && t("scoresChart", { count: minutes.length, ...values }), last ? null : t(ended ? "noMinutesEnded" : "noMinutes"));
    const columns = [t("minute"), ...SCORES.map(({ key: name }) => t(name)), t("source")];
    table.update(columns, minutes.map((each) => [minuteSpan(each.minuteIndex), ...SCORES.map(({ field }) => score(each[field])), t(each.source)]));
    // The chart is drawn again for other minutes only: a tooltip that is being read stays.
    const changed = JSON.stringify(minutes) !== JSON.stringify(shown);
    shown = minutes;
    if (changed && last) draw(minutes);
  };
  return { element, update, redraw: () => chart.redraw(), destroy: () => chart.destroy() };
}

/** When somebody spoke. */
export function voicePanel() {
  const figure = chartFigure(true);
  const table = valuesTable(t("voiceTitle"));
  const chart = voiceChart(figure.canvas);
  const facts = h("dl", { class: "facts-grid" });
  const { element, note } = card("voice", t("voiceTitle"), facts, figure.element, table.element);
  let shown = null;

  const update = ({ report, voice }) => {
    const metrics = report.vadSummary;
    const { stepMs, bars } = voice ? voiceBars(voice) : { stepMs: 0, bars: [] };
    const any = bars.length > 0;
    note.textContent = any ? t("voicePer", { seconds: stepMs / 1000 }) : "";
    const said = [
      ["speechShare", percent(metrics.speechRatio)],
      ["pauses", metrics.pauseCount],
      ["longestPause", exactLength(metrics.longestPause)],
      ["meanBurst", exactLength(metrics.averageSpeechBurst)],
    ];
    setAttribute(facts, "hidden", !any);
    replaceChildren(facts, any ? said.map(([name, value]) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value))) : []);
    figure.say(any && t("voiceChart", { count: bars.length, share: percent(metrics.speechRatio) }), any ? null : t("noVoice"));
    const known = bars.filter(({ share }) => share !== null);
    table.update([t("from"), t("speech"), t("silence")], known.map(({ t: ms, share }) => [clock(ms), percent(share), percent(1 - share)]));
    const changed = voice !== shown;
    shown = voice;
    if (changed && any) chart.show({ bars });
  };
  return { element, update, redraw: () => chart.redraw(), destroy: () => chart.destroy() };
}

/** The words that came most often. */
export function keywordPanel() {
  const list = h("ul", { class: "chips" });
  const empty = h("p", { class: "empty" }, t("noKeywords"));
  const { element } = card("keywords", t("keywords"), list, empty);

  const update = ({ report: { keywords } }) => {
    setAttribute(empty, "hidden", keywords.length > 0);
    setAttribute(list, "hidden", !keywords.length);
    const often = Math.max(2, ...keywords.map(({ count }) => count / 2));
    const chip = ({ keyword, count }) =>
      h(
        "li",
        { class: count >= often ? "chip often" : "chip" },
        keyword,
        count > 1 && [" ", h("small", { "aria-hidden": "true" }, `×${count}`), h("span", { class: "unseen" }, t("times", { count }))],
      );
    replaceChildren(list, keywords.map(chip));
  };
  return { element, update };
}
