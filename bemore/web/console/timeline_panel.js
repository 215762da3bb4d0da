/** The timeline: the scores of the latest minute (of an ended session their means), their lines, the lanes of the voices, a slider for the moment. */

import { card, chartFigure, explanation, valuesTable } from "./card.js";
import { HOURS_FROM_MS, MOST_ROWS, SCORES, laneBars, linePoints, minuteBins, scoredMinutes, speechBars, timelineEnd, uncovered } from "./chart_data.js";
import { DASHES, scoreChart, voiceChart } from "./charts.js";
import { coveragePart } from "./coverage.js";
import { h, icon, replaceChildren, setAttribute, svg } from "./dom.js";
import { aboutScore } from "./explain.js";
import { clock, clockSpan, percent, points, pointsChange, t } from "./i18n.js";
import { lineAt, marksOf } from "./timeline.js";

/** Steps of the slider by key; a second, its finest value, would be too many keystrokes. A step is 10 s, in long sessions a minute. */
const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

/** A piece of a line as the chart draws it. */
function key(name) {
  const dash = DASHES[name].join(" ");
  const line = svg("line", { x1: 0, y1: 5, x2: 22, y2: 5, "stroke-width": name === "combined" ? 3.5 : 2.5, "stroke-dasharray": dash || null });
  return svg("svg", { class: `key score-${name}`, viewBox: "0 0 22 10", "aria-hidden": "true" }, line);
}

/** The tiles of the four scores; each hides and shows its line. */
function scoreTiles(toggled, session) {
  const hidden = new Set();
  const tiles = SCORES.map(({ key: name }) => {
    const [value, change] = [h("span", { class: "value" }), h("span", { class: "change" })];
    const toggle = () => {
      if (hidden.has(name)) hidden.delete(name);
      else hidden.add(name);
      setAttribute(button, "aria-pressed", String(!hidden.has(name)));
      toggled();
    };
    const inside = [h("span", { class: "name" }, key(name), t(name)), h("span", {}, value, " ", change)];
    const button = h("button", { type: "button", class: `score ${name}`, "aria-pressed": "true", on: { click: toggle } }, inside);
    const why = explanation(name, t(name), () => aboutScore(name, session.report));
    return { value, change, place: h("div", { class: "score-place" }, button, why) };
  });
  const update = ({ minutes, stats, status }) => {
    const [before, last] = [minutes.at(-2), minutes.at(-1)];
    const ended = status === "ended";
    SCORES.forEach(({ field, mean }, index) => {
      const { value, change } = tiles[index];
      value.textContent = points(last ? (ended ? stats[mean] : last[field]) : null);
      change.textContent = last && before && !ended ? pointsChange(last[field] - before[field]) : "";
    });
  };
  return { element: h("div", { class: "scores" }, tiles.map(({ place }) => place)), hidden, update };
}

/** What the marks of the charts mean; only kinds that are there. */
function legend() {
  const element = h("ul", { class: "legend" });
  const update = (marks, missing, lanes) => {
    const kinds = [...new Set(marks.map(({ kind }) => kind))];
    const sign = (name, text) => h("li", {}, name, text);
    const swatch = (name) => h("span", { class: `swatch ${name}`, "aria-hidden": "true" });
    const ofLanes = lanes ? ["user", "counselor", "overlap", "silence"].map((name) => sign(swatch(name), t(name))) : [];
    replaceChildren(
      element,
      kinds.map((kind) => sign(icon(kind), t(`mark-${kind}`))),
      ofLanes,
      missing.length ? sign(swatch("missing"), t("littleData")) : [],
    );
  };
  return { element, update };
}

export function timelinePanel(session, timeline) {
  const tiles = scoreTiles(() => drawScores(), session);
  const [scores, voice] = [chartFigure("high"), chartFigure("low")];
  const [scoreTable, voiceTable] = [valuesTable(t("scores")), valuesTable(t("voiceTitle"))];
  const pick = (ms) => {
    const bin = bins.find(({ startMs, endMs }) => startMs <= ms && ms < endMs);
    timeline.select(bin?.startMs ?? Math.floor(ms / 1000) * 1000, bin?.endMs, { by: "chart" });
  };
  const pickVoice = (ms) => {
    const startMs = Math.floor(ms / stepMs) * stepMs;
    timeline.select(startMs, startMs + stepMs, { by: "chart" });
  };
  const [scoreLines, lanes] = [scoreChart(scores.canvas, pick), voiceChart(voice.canvas, pickVoice)];
  const slider = h("input", { type: "range", class: "slider", min: 0, step: 1, value: 0, "aria-label": t("moment") });
  const slid = () => {
    const startMs = Number(slider.value) * 1000;
    timeline.select(startMs, startMs, { by: "slider" });
  };
  slider.addEventListener("input", slid);
  slider.addEventListener("keydown", (event) => {
    const steps = KEYS[event.key];
    if (!steps) return;
    event.preventDefault();
    slider.value = Number(slider.value) + steps * (endMs < HOURS_FROM_MS ? 10 : 60);
    slid();
  });
  const [gaps, signs] = [coveragePart(), legend()];
  const { element, note } = card(
    "timeline",
    t("timeline"),
    tiles.element,
    h("div", { class: "minutes" }, scores.element),
    h("div", { class: "voice" }, voice.element),
    slider,
    signs.element,
    gaps.element,
    h("div", { class: "minutes tables" }, scoreTable.element),
    h("div", { class: "voice tables" }, voiceTable.element),
  );
  let bins = [];
  let endMs = 0;
  let stepMs = 1000;
  let shown = {};

  function drawScores() {
    if (!bins.length) return;
    scoreLines.show({ bins, lines: SCORES.map((_, index) => linePoints(bins, index)), hidden: tiles.hidden, endMs });
  }

  const update = (now) => {
    const { report } = now;
    const minutes = scoredMinutes(report);
    const ended = report.status === "ended";
    endMs = timelineEnd(report, now.voiceEndMs);
    note.textContent = !minutes.length
      ? ""
      : ended
        ? t("averages", { count: minutes.length })
        : t("latest", { minute: clockSpan(minutes.at(-1).minuteIndex * 60_000, (minutes.at(-1).minuteIndex + 1) * 60_000) });
    tiles.update({ ...report, minutes });
    slider.max = Math.floor(endMs / 1000);
    updateScores(report, minutes, ended);
    updateVoice(now);
    const missing = uncovered(report, ended ? endMs : report.duration);
    const marks = marksOf(report.moments, now.notes);
    const silences = (now.voice?.lanes?.silences ?? []).map(([startMs, end]) => ({ startMs, endMs: end }));
    scoreLines.overlay({ missing, marks, at: timeline.at });
    lanes.overlay({ missing, marks, silences, at: timeline.at });
    signs.update(marks, missing, Boolean(now.voice?.lanes));
    gaps.update(now);
  };

  function updateScores(report, minutes, ended) {
    bins = minuteBins(minutes);
    const { stats } = report;
    const values = { first: minutes[0]?.combinedScore, last: minutes.at(-1)?.combinedScore, low: stats.minCombinedScore, high: stats.maxCombinedScore };
    const said = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, points(value)]));
    const label = t("scoresChart", { count: minutes.length, ...said });
    scores.say(minutes.length ? label : null, minutes.length ? null : t(ended ? "noMinutesEnded" : "noMinutes"));
    const sources = new Map(report.minutes.map(({ minuteIndex, source }) => [minuteIndex, source]));
    const columns = [t("minute"), ...SCORES.map(({ key: name }) => t(name)), ...(bins.length === minutes.length ? [t("source")] : [])];
    const row = ({ startMs, endMs: end, values: four }) => {
      const source = bins.length === minutes.length ? [sources.get(startMs / 60_000)].map((name) => (name ? t(name) : "–")) : [];
      return [clockSpan(startMs, end), ...four.map(points), ...source];
    };
    scoreTable.update(columns, bins.map(row));
    // Drawn again for other minutes only: a tooltip that is being read stays.
    const now = JSON.stringify([bins, endMs]);
    if (now !== shown.scores) drawScores();
    shown.scores = now;
  }

  function updateVoice({ report, voice: analysis }) {
    const two = Boolean(analysis?.lanes);
    const barsOf = (most) => (two ? laneBars(analysis.lanes, endMs, most) : speechBars(analysis?.timeSeries ?? [], endMs, most));
    const made = barsOf();
    stepMs = made.stepMs;
    const any = made.bars.length > 0;
    const { talk, vadSummary } = report;
    const label = () =>
      two && talk
        ? t("lanesChart", { user: percent(talk.speakers.user.share), counselor: percent(talk.speakers.counselor.share), count: talk.silences.count })
        : t("voiceChart", { share: percent(vadSummary.speechRatio) });
    voice.say(any ? label() : null, any ? null : t("noVoice"));
    const known = barsOf(MOST_ROWS).bars.filter(({ share, user, counselor }) => (two ? user + counselor > 0 : share !== null));
    const columns = two ? [t("from"), t("user"), t("counselor"), t("overlap")] : [t("from"), t("speech")];
    voiceTable.update(columns, known.map((bar) => [clock(bar.t), ...(two ? [bar.user, bar.counselor, bar.both] : [bar.share]).map(percent)]));
    if (any && (analysis !== shown.voice || endMs !== shown.endMs)) lanes.show({ ...made, endMs });
    Object.assign(shown, { voice: analysis, endMs });
  }

  const selected = () => {
    const { at } = timeline;
    scoreLines.overlay({ at });
    lanes.overlay({ at });
    slider.value = Math.round(at.startMs / 1000);
    slider.setAttribute("aria-valuetext", momentText(session, at));
  };
  timeline.addEventListener("select", selected);

  const redraw = () => [scoreLines, lanes].forEach((chart) => chart.redraw());
  const print = (on) => [scoreLines, lanes].forEach((chart) => chart.print(on));
  const destroy = () => {
    timeline.removeEventListener("select", selected);
    scoreLines.destroy();
    lanes.destroy();
  };
  return { element, update, redraw, print, destroy };
}

/** A moment in words: its time, the score of its minute, the line that is said then. */
export function momentText({ report, snippets }, { startMs, endMs }) {
  const minute = scoredMinutes(report).find(({ minuteIndex }) => minuteIndex === Math.floor(startMs / 60_000));
  const line = snippets[lineAt(snippets, endMs > startMs ? endMs - 1 : startMs)];
  const told = [endMs > startMs ? clockSpan(startMs, endMs) : clock(startMs)];
  if (minute) told.push(t("combinedIs", { value: points(minute.combinedScore) }));
  if (line && line.tsEnd >= startMs - 60_000) told.push(`${line.speaker ? `${t(line.speaker)}: ` : ""}${line.text}`);
  return told.join(", ");
}
