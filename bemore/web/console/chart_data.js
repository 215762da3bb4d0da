/**
 * Data of the charts and their tables: bins, spans without data, ticks. Plain data in, plain data out. Times are ms since the session's
 * start, scores and shares 0..1.
 */

export const MINUTE_MS = 60_000;

/** The four scores of a minute, the combined first; `key` names its texts and colors, `field` and `mean` the service's fields. */
export const SCORES = [
  { key: "combined", field: "combinedScore", mean: "avgCombinedScore" },
  { key: "facial", field: "facialScore", mean: "avgFacialScore" },
  { key: "voice", field: "vadScore", mean: "avgVadScore" },
  { key: "text", field: "textScore", mean: "avgTextScore" },
];

/** More points or bars than these are drawn in bins: nobody could tell them apart. */
const MOST_POINTS = 240;
const MOST_BARS = 480;

/** A table has so many rows at most. */
export const MOST_ROWS = 120;

const MINUTE_STEPS = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 240, 480, 720, 1440];
const SECOND_STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600];

/** The smallest step that cuts `span` into at most `most` pieces; beyond the last of `steps` a multiple of it. */
function stepFor(span, most, steps) {
  const last = steps.at(-1);
  return steps.find((step) => span <= step * most) ?? Math.ceil(span / most / last) * last;
}

/**
 * All scored minutes of a report. Its `minutes` are a page of at most 1,440; the timeline of its statistics has every minute, but
 * neither source nor coverage.
 */
export function scoredMinutes({ minutes, stats, nextCursor }) {
  return nextCursor ? stats.timeline.map(({ minute, ...scores }) => ({ minuteIndex: minute, ...scores })) : minutes;
}

/** Where the time axis ends: with the session, or with later data. */
export function timelineEnd(report, lastMs = 0) {
  const lastMinute = scoredMinutes(report).at(-1)?.minuteIndex ?? -1;
  return Math.max(MINUTE_MS, report.duration, (lastMinute + 1) * MINUTE_MS, lastMs);
}

/** Means of the minutes of each bin: `[{startMs, endMs, values}]`, `values` in the order of SCORES. Bins without a minute are left out. */
export function minuteBins(minutes) {
  if (!minutes.length) return [];
  const span = minutes.at(-1).minuteIndex - minutes[0].minuteIndex + 1;
  const step = minutes.length <= MOST_POINTS ? 1 : stepFor(span, MOST_POINTS, MINUTE_STEPS);
  const bins = Map.groupBy(minutes, ({ minuteIndex }) => Math.floor(minuteIndex / step));
  return [...bins].map(([bin, group]) => ({
    startMs: bin * step * MINUTE_MS,
    endMs: (bin + 1) * step * MINUTE_MS,
    values: SCORES.map(({ field }) => group.reduce((sum, minute) => sum + minute[field], 0) / group.length),
  }));
}

/** Points of one score for a line, in the middle of their bins; a null between bins that are no neighbors interrupts it. */
export function linePoints(bins, index) {
  return bins.flatMap((bin, place) => {
    const point = { x: (bin.startMs + bin.endMs) / 2, y: bin.values[index] };
    return place && bins[place - 1].endMs < bin.startMs ? [{ x: bins[place - 1].endMs, y: null }, point] : [point];
  });
}

/** What two lists of ordered, disjoint spans `[start, end]` have in common. */
export function overlaps(one, other) {
  const found = [];
  for (let [first, second] = [0, 0]; first < one.length && second < other.length; ) {
    const span = [Math.max(one[first][0], other[second][0]), Math.min(one[first][1], other[second][1])];
    if (span[0] < span[1]) found.push(span);
    if (one[first][1] <= other[second][1]) first += 1;
    else second += 1;
  }
  return found;
}

/** The share of each bin that lies in one of the spans `[start, end]`. */
export function shares(spans, stepMs, count) {
  const filled = new Array(count).fill(0);
  for (const [start, end] of spans) {
    for (let bin = Math.max(0, Math.floor(start / stepMs)); bin < count && bin * stepMs < end; bin += 1) {
      filled[bin] += Math.min(end, (bin + 1) * stepMs) - Math.max(start, bin * stepMs);
    }
  }
  return filled.map((ms) => Math.min(1, ms / stepMs));
}

/** The two lanes of voices: `{stepMs, bars: [{t, user, counselor, both}]}`, shares of each bin; `both` is part of the other two. */
export function laneBars({ user, counselor }, endMs, most = MOST_BARS) {
  const stepMs = 1000 * stepFor(endMs / 1000, most, SECOND_STEPS);
  const count = Math.ceil(endMs / stepMs);
  const [one, other, both] = [user, counselor, overlaps(user, counselor)].map((spans) => shares(spans, stepMs, count));
  return { stepMs, bars: one.map((share, bin) => ({ t: bin * stepMs, user: share, counselor: other[bin], both: both[bin] })) };
}

/**
 * One lane for all voices, where it is not known whose they are: `{stepMs, bars: [{t, share}]}`; `share` is null without audio.
 * `series` is the `timeSeries` of the service's vad-analysis, one element per 10 s.
 */
export function speechBars(series, endMs, most = MOST_BARS) {
  const stepMs = Math.max(10_000, 1000 * stepFor(endMs / 1000, most, SECOND_STEPS));
  const bins = Map.groupBy(series, ({ t }) => Math.floor(t / stepMs));
  const mean = (group) => group && group.reduce((sum, { speechRate }) => sum + speechRate, 0) / group.length;
  const bars = Array.from({ length: Math.ceil(endMs / stepMs) }, (_, bin) => ({ t: bin * stepMs, share: mean(bins.get(bin)) ?? null }));
  return { stepMs, bars: series.length ? bars : [] };
}

/**
 * Spans of minutes of which less than half is covered by frames or by audio: `[{startMs, endMs}]`. A scored minute says so itself; of
 * the others the gaps of the session's `coverage` do.
 */
export function uncovered({ minutes, coverage }, endMs) {
  const scored = new Map(minutes.map((minute) => [minute.minuteIndex, minute.coverage]));
  const missing = ["frames", "audio"].map((kind) => coverage?.[kind].gaps.map((gap) => [gap.startMs, gap.endMs]) ?? []);
  const count = Math.floor(endMs / MINUTE_MS);
  const [frames, audio] = missing.map((spans) => shares(spans, MINUTE_MS, count));
  const spans = [];
  for (let minute = 0; minute < count; minute += 1) {
    const known = scored.get(minute);
    const little = known ? Math.min(known.frames, known.audio) < 0.5 : !scored.has(minute) && Math.max(frames[minute], audio[minute]) > 0.5;
    if (!little) continue;
    if (spans.at(-1)?.endMs === minute * MINUTE_MS) spans.at(-1).endMs += MINUTE_MS;
    else spans.push({ startMs: minute * MINUTE_MS, endMs: (minute + 1) * MINUTE_MS });
  }
  return spans;
}

const TICK_STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 720, 1440, 2880];

/** A time axis from here on is labeled in hours and minutes, below in minutes. */
export const HOURS_FROM_MS = 120 * MINUTE_MS;

/** Round times for an axis of at most `most` labels, ms. */
export function ticks(endMs, most = 9) {
  const step = stepFor(endMs / MINUTE_MS, most - 1, TICK_STEPS) * MINUTE_MS;
  return Array.from({ length: Math.floor(endMs / step) + 1 }, (_, index) => index * step);
}

/** A time on such an axis: `30` (minutes), or `1:30` (hours and minutes). */
export function tickLabel(ms, endMs) {
  const minutes = Math.round(ms / MINUTE_MS);
  return endMs < HOURS_FROM_MS ? String(minutes) : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}
