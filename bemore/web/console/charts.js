/** The two charts. Chart.js is loaded when the first one is drawn; colors are the page's own, in light and in dark. */

import { SCORES } from "./chart_data.js";
import { clock, percent, score, t } from "./i18n.js";

/** Dashes and marks: the lines are told apart without their colors. */
export const DASHES = { combined: [], facial: [7, 4], voice: [2, 3], text: [9, 3, 2, 3] };
const MARKS = { combined: "circle", facial: "triangle", voice: "rect", text: "rectRot" };

/** Beyond these a point is a mark no more. */
const MOST_MARKS = 60;

let library = null;

async function load() {
  library ??= import("./vendor/chart.js");
  await library;
  return globalThis.Chart;
}

/** A color of the page, by the name of its custom property, as it is just now. */
function colors(names) {
  const probe = document.createElement("span");
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function options({ yTitle, onLabel, xTicks }) {
  const [ink, line, card, strong] = colors(["ink-soft", "line", "card", "ink"]);
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: still() ? false : { duration: 400 },
    interaction: { mode: "index", intersect: false },
    layout: { padding: { top: 6, right: 6 } },
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: card, titleColor: strong, bodyColor: strong, borderColor: line, borderWidth: 1, padding: 10, boxPadding: 4,
        usePointStyle: true, titleFont: { ...font, weight: 600 }, bodyFont: font, callbacks: onLabel,
      },
    },
    scales: {
      x: {
        grid: { display: false },
        border: { color: line },
        ticks: { color: ink, font, maxRotation: 0, autoSkipPadding: 14, ...xTicks },
      },
      y: {
        min: 0,
        max: 1,
        grid: { color: line },
        border: { display: false },
        ticks: { color: ink, font, stepSize: yTitle.step, callback: yTitle.show },
      },
    },
  };
}

/** A chart that can be given other data and drawn in other colors. `make` answers Chart.js's configuration. */
class Drawing {
  #canvas;
  #make;
  #chart = null;
  #data = null;
  #gone = false;

  constructor(canvas, make) {
    this.#canvas = canvas;
    this.#make = make;
  }

  async show(data) {
    this.#data = data;
    const Chart = await load();
    if (this.#gone || data !== this.#data) return;
    const { type, data: drawn, options } = this.#make(data);
    if (!this.#chart) {
      this.#chart = new Chart(this.#canvas, { type, data: drawn, options });
      return;
    }
    this.#chart.data.labels = drawn.labels;
    // Of lines that are there already only the points change: they grow rather than begin anew.
    drawn.datasets.forEach((dataset, index) => Object.assign(this.#chart.data.datasets[index], dataset));
    this.#chart.options = options;
    this.#chart.update();
  }

  /** Draw again, in the colors of now. */
  redraw() {
    if (this.#data) return this.show({ ...this.#data });
  }

  destroy() {
    this.#gone = true;
    this.#chart?.destroy();
  }
}

/** Lines of the four scores: `show({labels, series, hidden})`, `hidden` a Set of their keys. */
export function minuteChart(canvas) {
  return new Drawing(canvas, ({ labels, series, hidden }) => {
    const found = colors(SCORES.map(({ key }) => key));
    const datasets = SCORES.map(({ key }, index) => ({
      label: t(key), data: series[index], hidden: hidden.has(key), borderColor: found[index], backgroundColor: found[index],
      borderWidth: key === "combined" ? 3 : 2, borderDash: DASHES[key], pointStyle: MARKS[key], tension: 0.25, order: index,
      pointRadius: labels.length > MOST_MARKS ? 0 : key === "combined" ? 4 : 3, pointHoverRadius: 6, spanGaps: false,
    }));
    const onLabel = {
      title: ([item]) => `${t("minute")} ${item.label}`,
      label: (item) => ` ${item.dataset.label}: ${score(item.parsed.y)}`,
    };
    return { type: "line", data: { labels, datasets }, options: options({ yTitle: { step: 0.25, show: score }, onLabel }) };
  });
}

/** Bars of speech above silence: `show({bars, stepMs})`. */
export function voiceChart(canvas) {
  return new Drawing(canvas, ({ bars }) => {
    const [speech, rest] = colors(["voice", "voice-rest"]);
    const shape = { barPercentage: 1, categoryPercentage: bars.length > 60 ? 0.9 : 0.8, stack: "all", maxBarThickness: 28, borderRadius: 2 };
    const datasets = [
      { ...shape, label: t("speech"), data: bars.map(({ share }) => share), backgroundColor: speech },
      { ...shape, label: t("silence"), data: bars.map(({ share }) => (share === null ? null : 1 - share)), backgroundColor: rest },
    ];
    const labels = bars.map(({ t: moment }) => clock(moment));
    const onLabel = { label: (item) => ` ${item.dataset.label}: ${percent(item.parsed.y)}` };
    const drawn = options({ yTitle: { step: 0.5, show: percent }, onLabel });
    drawn.scales.x.stacked = drawn.scales.y.stacked = true;
    return { type: "bar", data: { labels, datasets }, options: drawn };
  });
}
