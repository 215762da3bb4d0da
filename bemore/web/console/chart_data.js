/** What charts and their tables are drawn from. Plain data in, plain data out. */

/** The four scores of a minute, the combined first; `key` names its texts and colors, `field` the service's field. */
export const SCORES = [
  { key: "combined", field: "combinedScore", mean: "avgCombinedScore" },
  { key: "facial", field: "facialScore", mean: "avgFacialScore" },
  { key: "voice", field: "vadScore", mean: "avgVadScore" },
  { key: "text", field: "textScore", mean: "avgTextScore" },
];

/** A minute as reports name it: minute 3 is the time from 3 to 4 minutes. */
export const minuteSpan = (index) => `${index}–${index + 1}`;

/** More bars than these are drawn by the minute. */
const MOST_BARS = 120;

/** Points of a score for every minute from the first to the last; a minute without a score is null, which breaks the line. */
export function minuteSeries(minutes) {
  const last = minutes.length ? minutes.at(-1).minuteIndex : -1;
  // A minute far off (100000 is allowed) must not make a hundred thousand points.
  const dense = last < 10 * minutes.length + 60;
  const found = new Map(minutes.map((minute) => [minute.minuteIndex, minute]));
  const indexes = dense ? Array.from({ length: last + 1 }, (_, index) => index) : [...found.keys()];
  const series = SCORES.map(({ field }) => indexes.map((index) => found.get(index)?.[field] ?? null));
  return { labels: indexes.map(minuteSpan), series };
}

/**
 * Bars of speech, 0..1, in their order: of ten seconds each, or of a minute each where those would be too many. Time without
 * audio is null. `analysis` is the service's vad-analysis.
 */
export function voiceBars({ timeSeries, history }) {
  const lastMs = timeSeries.length ? timeSeries.at(-1).t : 0;
  const fine = lastMs / 10_000 < MOST_BARS;
  const stepMs = fine ? 10_000 : 60_000;
  const shares = fine
    ? timeSeries.map(({ t, speechRate }) => [t, speechRate])
    : history.filter(({ speechRatio }) => speechRatio !== null).map(({ t, speechRatio }) => [t, speechRatio]);
  const found = new Map(shares);
  const dense = shares.length && shares.at(-1)[0] / stepMs < 10 * shares.length + 60;
  const times = dense ? Array.from({ length: shares.at(-1)[0] / stepMs + 1 }, (_, index) => index * stepMs) : [...found.keys()];
  return { stepMs, bars: times.map((t) => ({ t, share: found.get(t) ?? null })) };
}
