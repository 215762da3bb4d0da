/** The two charts of the timeline. Chart.js is loaded when the first one is drawn; colors are the page's own, in light and in dark. */

import { HOURS_FROM_MS, SCORES, tickLabel, ticks } from "./chart_data.js";
import { clock, percent, points, t } from "./i18n.js";
import { drawAbove, drawBelow } from "./overlay.js";

/** Dashes and point styles: the lines can be told apart without their colors. */
export const DASHES = { combined: [], facial: [7, 4], voice: [2, 3], text: [9, 3, 2, 3] };
const POINTS = { combined: "circle", facial: "triangle", voice: "rect", text: "rectRot" };

/** With more bins than these, points are not drawn. */
const MOST_POINTS = 60;

/** The width of the value axis, px: the same in both charts, so that their times lie above each other. */
const AXIS_PX = 58;

/** The width of the text on a printed page (A4), px. */
const PAGE_PX = 660;

let library = null;

/** Afterwards the library is there as the global `Chart`. */
const load = () => (library ??= import("./vendor/chart.js"));

/** The current colors of custom properties of the page, by name. */
function colors(...names) {
  const probe = document.createElement("span");
  document.body.append(probe);
  const values = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** What the two charts share: the time axis up to `endMs`, a value axis, the tooltip. `pick(ms)` is called with the time of a click. The lower one is `labeled`. */
function baseOptions({ endMs, yAxis, tooltip, pick, top, labeled }) {
  const found = colors("ink-soft", "line", "card", "ink");
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  const ticksOfTime = ticks(endMs, document.body.clientWidth < 600 ? 6 : 11);
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: still() ? false : { duration: 300 },
    interaction: { mode: "index", axis: "x", intersect: false },
    layout: { padding: { top, right: 10 } },
    onClick: ({ x }, _, chart) => {
      const ms = chart.scales.x.getValueForPixel(x);
      if (ms >= 0) pick(Math.min(ms, endMs - 1));
    },
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: found.card, titleColor: found.ink, bodyColor: found.ink, borderColor: found.line, borderWidth: 1, padding: 10,
        boxPadding: 4, usePointStyle: true, titleFont: { ...font, weight: 600 }, bodyFont: font, callbacks: tooltip,
      },
    },
    scales: {
      x: {
        type: "linear", min: 0, max: endMs, grid: { display: false }, border: { color: found.line },
        afterBuildTicks: (axis) => (axis.ticks = ticksOfTime.map((value) => ({ value }))),
        ticks: { display: labeled, color: found["ink-soft"], font, maxRotation: 0, callback: (ms) => tickLabel(ms, endMs) },
        title: { display: labeled, text: t(endMs < HOURS_FROM_MS ? "axisMinutes" : "axisHours"), align: "end", color: found["ink-soft"], font, padding: 0 },
      },
      y: {
        grid: { color: found.line }, border: { display: false }, afterFit: (axis) => (axis.width = AXIS_PX),
        ticks: { color: found["ink-soft"], font, ...yAxis.ticks }, min: yAxis.min, max: yAxis.max,
      },
    },
  };
}

/** A chart whose data, overlay and colors can be changed. `make(data, pick)` returns Chart.js's configuration. */
class Drawing {
  #canvas;
  #make;
  #pick;
  #chart = null;
  #data = null;
  #overlay = { missing: [], marks: [], silences: [], at: null };
  #gone = false;

  constructor(canvas, make, pick) {
    this.#canvas = canvas;
    this.#make = make;
    this.#pick = pick;
  }

  /** Draw data; a chart that is there already moves to them. */
  async show(data) {
    this.#data = data;
    await load();
    if (!this.#gone && data === this.#data) this.#draw();
  }

  #draw(mode) {
    const { type, data, options } = this.#make(this.#data, this.#pick);
    if (!this.#chart) {
      let palette = null;
      const overlay = {
        id: "overlay",
        beforeUpdate: () => (palette = colors("ink", "accent", "missing", "silence-line")),
        beforeDatasetsDraw: (chart) => drawBelow(chart, this.#overlay, palette),
        afterDatasetsDraw: (chart) => drawAbove(chart, this.#overlay, palette),
      };
      this.#chart = new globalThis.Chart(this.#canvas, { type, data, options, plugins: [overlay] });
      return;
    }
    // Known lines get new points only, so that they grow and are not drawn anew.
    const { datasets } = this.#chart.data;
    data.datasets.forEach((dataset, index) => (datasets[index] = Object.assign(datasets[index] ?? {}, dataset)));
    datasets.length = data.datasets.length;
    this.#chart.options = options;
    this.#chart.update(mode);
  }

  /** Change what lies over the data: `missing` and `silences` spans, `marks`, the selected part `at`. */
  overlay(changes) {
    Object.assign(this.#overlay, changes);
    this.#chart?.draw();
  }

  /** Draw again at once, in the colors of now. */
  redraw() {
    if (this.#chart) this.#draw("none");
  }

  /** Before printing: draw at the width of a page. Afterwards: at that of the window. */
  print(on) {
    if (!this.#chart) return;
    this.#draw("none");
    if (on) this.#chart.resize(PAGE_PX, this.#canvas.parentElement.clientHeight);
    else this.#chart.resize();
  }

  destroy() {
    this.#gone = true;
    this.#chart?.destroy();
  }
}

/** Lines of the four scores: `show({bins, lines, hidden, endMs})`, `lines` in the order of SCORES, `hidden` a Set of their keys. */
export function scoreChart(canvas, pick) {
  const make = ({ bins, lines, hidden, endMs }, onPick) => {
    const found = colors(...SCORES.map(({ key }) => key));
    const datasets = SCORES.map(({ key }, index) => ({
      label: t(key), data: lines[index], hidden: hidden.has(key), borderColor: found[key], backgroundColor: found[key],
      borderWidth: key === "combined" ? 3 : 2, borderDash: DASHES[key], pointStyle: POINTS[key], tension: 0.2, order: index,
      pointRadius: bins.length > MOST_POINTS ? 0 : key === "combined" ? 4 : 3, pointHoverRadius: 6, spanGaps: false,
    }));
    const binAt = (ms) => bins.find(({ startMs, endMs: end }) => startMs <= ms && ms < end);
    const tooltip = {
      title: ([item]) => {
        const bin = item && binAt(item.parsed.x);
        return bin ? `${clock(bin.startMs)}–${clock(bin.endMs)}` : "";
      },
      label: (item) => ` ${item.dataset.label}: ${points(item.parsed.y)}`,
    };
    const yAxis = { min: 0, max: 1, ticks: { stepSize: 0.25, callback: points } };
    return { type: "line", data: { datasets }, options: baseOptions({ endMs, yAxis, tooltip, pick: onPick, top: 26, labeled: false }) };
  };
  return new Drawing(canvas, make, pick);
}

/**
 * When somebody spoke: `show({stepMs, bars, endMs})`. Bars of two speakers are two lanes, the client above the axis and the counselor
 * below; where both spoke, both bars end in the color of overlaps. Bars without speakers are one lane.
 */
export function voiceChart(canvas, pick) {
  const make = ({ stepMs, bars, endMs }, onPick) => {
    const two = bars.some(({ user }) => user !== undefined);
    const found = colors("user", "counselor", "overlap", "voice");
    const shape = { barPercentage: 1, categoryPercentage: 1, stack: "all" };
    const lane = (key, color, value) => ({
      ...shape, label: t(key), data: bars.map((bar) => ({ x: bar.t + stepMs / 2, y: value(bar) })), backgroundColor: found[color],
    });
    const datasets = two
      ? [
          lane("user", "user", ({ user, both }) => user - both),
          lane("overlap", "overlap", ({ both }) => both),
          lane("counselor", "counselor", ({ counselor, both }) => both - counselor),
          lane("overlap", "overlap", ({ both }) => -both),
        ]
      : [lane("speech", "voice", ({ share }) => share)];
    const tooltip = {
      title: ([item]) => (item ? clock(item.parsed.x - stepMs / 2) : ""),
      label: ({ datasetIndex, dataIndex }) => {
        const bar = bars[dataIndex];
        if (!two) return bar.share === null ? null : ` ${t("speech")}: ${percent(bar.share)}`;
        const [name, share] = [["user", bar.user], ["overlap", bar.both], ["counselor", bar.counselor], []][datasetIndex];
        return share ? ` ${t(name)}: ${percent(share)}` : null;
      },
    };
    const label = (value) => (value === (two ? 0.5 : 1) ? t(two ? "userShort" : "speech") : value === -0.5 ? t("counselorShort") : "");
    const yAxis = { min: two ? -1 : 0, max: 1, ticks: { stepSize: 0.5, callback: label } };
    const options = baseOptions({ endMs, yAxis, tooltip, pick: onPick, top: 4, labeled: true });
    options.scales.x.stacked = options.scales.y.stacked = true;
    options.scales.x.offset = false;
    options.scales.y.grid.display = false;
    return { type: "bar", data: { datasets }, options };
  };
  return new Drawing(canvas, make, pick);
}
