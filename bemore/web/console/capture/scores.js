/** The scores of the session that is recorded, what they mean, and what was said. */

import { h, replaceChildren } from "../dom.js";
import { t } from "../i18n.js";

/** Name and field of each score, and of what it was measured from; without any, a part of the score has a fixed value. */
const SCORES = [
  ["combined", "combinedScore"],
  ["voice", "vadScore", "audioChunkCount"],
  ["facial", "facialScore", "frameCount"],
  ["text", "textScore", "sttSnippetCount"],
];

const EXPLAINED = ["scaleWhat", "combinedWhat", "voiceWhat", "faceWhat", "textWhat"];

/** Scores are 0..1; people read 0 to 100. */
const points = (score) => String(Math.round(score * 100));

const isMeasured = ({ dataPoints }, source) => !source || dataPoints[source] > 0;

/** A minute's scores as a sentence. */
export const saidScores = ({ minuteIndex, combinedScore, vadScore }) =>
  t("newScore", { minute: minuteIndex + 1, combined: points(combinedScore), voice: points(vadScore) });

/** The newest minute as tiles. */
function newest(minute) {
  const tile = ([name, field, source]) => {
    const value = points(minute[field]);
    const given = isMeasured(minute, source) ? [value] : ["–", h("small", {}, t("unmeasured", { points: value }))];
    return h("div", {}, h("dt", {}, t(name)), h("dd", {}, given));
  };
  const measured = h("small", {}, t("measuredBy", { chunks: minute.dataPoints.audioChunkCount }));
  const head = h("h3", {}, t("ofMinute", { minute: minute.minuteIndex + 1 }), " ", measured);
  return h("div", { class: "minute" }, head, h("dl", { class: "tiles" }, SCORES.map(tile)));
}

/** A minute before it as a line. */
function line(minute) {
  const value = ([name, field, source]) => `${t(name)} ${isMeasured(minute, source) ? points(minute[field]) : "–"}`;
  return h("li", {}, h("span", {}, t("ofMinute", { minute: minute.minuteIndex + 1 })), h("span", {}, SCORES.map(value).join(" · ")));
}

/** `{element, show}`; `show` takes the scored `minutes`, the snippets `words`, and whether the session is `live`. */
export function scoresPanel() {
  const [scored, said] = [h("div", { class: "part" }), h("div", { class: "part" })];
  const explained = h("details", {}, h("summary", {}, t("whatScores")), h("ul", {}, EXPLAINED.map((name) => h("li", {}, t(name)))));

  function show({ minutes, words, live }) {
    const [last, ...earlier] = [...minutes].reverse();
    const waiting = () => h("p", { class: "empty" }, t(live ? "scoresWait" : "noneStarted"));
    replaceChildren(scored, last ? newest(last) : waiting(), earlier.length > 0 && h("ul", { class: "earlier" }, earlier.map(line)));
    const lines = () => [h("h3", {}, t("yourWords")), h("ul", { class: "words" }, words.map(({ text }) => h("li", {}, text)))];
    replaceChildren(said, words.length > 0 && lines());
  }

  const title = h("h2", { id: "scores-title" }, t("scoresSoFar"));
  return { element: h("section", { class: "card", "aria-labelledby": "scores-title" }, title, scored, explained, said), show };
}
