/** What was not measured: of the whole session, and just now in one that is going on. */

import { h, replaceChildren, setAttribute } from "./dom.js";
import { ago, clockSpan, length, percent, t } from "./i18n.js";

/**
 * Data that is no older than this is on time, ms: browsers send batches every ten seconds, and this page looks every five or more.
 */
const ON_TIME_MS = 30_000;

/** From here on nothing is late: the session has been left. */
const LEFT_MS = 120_000;

/**
 * What a session that is going on lacks at a moment (epoch ms), `{kinds, text}`: the kinds of data that are late, and that in
 * words. Null if all is there. `lastDataAt` has the end of the newest item of each kind, epoch ms or null.
 */
export function lateData({ startedAt, lastDataAt }, nowMs) {
  const since = (ms) => nowMs - (ms ?? startedAt);
  const newest = Math.max(...Object.values(lastDataAt).map((ms) => ms ?? 0)) || null;
  if (since(newest) >= LEFT_MS) return { kinds: ["all"], text: lastData(newest, nowMs) };
  const late = ["frames", "audio"].filter((kind) => since(lastDataAt[kind]) >= ON_TIME_MS);
  const named = (kind) => t(kind === "audio" ? "noAudioFor" : "noVideoFor", { length: length(since(lastDataAt[kind])) });
  return late.length ? { kinds: late, text: late.map(named).join(", ") } : null;
}

/** "Last data 18 minutes ago". `lastDataAt` is epoch ms, or null without data. */
export const lastData = (lastDataAt, nowMs) => (lastDataAt ? t("lastData", { ago: ago(nowMs - lastDataAt) }) : t("noDataYet"));

/** One sentence on what is missing of the session, and its gaps behind a fold. */
export function coveragePart() {
  const sentence = h("p");
  const list = h("ul", { class: "gaps" });
  const gaps = h("details", {}, h("summary", {}, t("gaps")), list);
  const element = h("div", { class: "unmeasured" }, sentence, gaps);
  const update = ({ report: { coverage } }) => {
    const kinds = ["frames", "audio"];
    const missing = kinds.filter((kind) => coverage[kind].share < 1).map((kind) => t(kind === "audio" ? "missingAudio" : "missingVideo", { share: percent(1 - coverage[kind].share) }));
    setAttribute(element, "hidden", !missing.length);
    sentence.textContent = t("missing", { what: missing.join(", ") });
    const spans = kinds.flatMap((kind) => coverage[kind].gaps.map((gap) => ({ ...gap, kind })));
    setAttribute(gaps, "hidden", !spans.length);
    const line = ({ kind, startMs, endMs }) => h("li", {}, h("span", {}, clockSpan(startMs, endMs)), " ", t(kind === "audio" ? "gapAudio" : "gapVideo"));
    replaceChildren(list, spans.sort((one, other) => one.startMs - other.startMs).map(line));
  };
  return { element, update };
}
