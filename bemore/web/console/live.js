/**
 * A session as this page has it. The report is read with its ETag, and nothing else while that has not changed. After a change follow,
 * all at once, only the parts that are new: lines of the transcript, the voice, the notes; and once whether it is a demonstration. So a
 * quiet session costs one request each round, a busy one two or three.
 */

import * as api from "./api.js";
import { language } from "./i18n.js";
import { CALM_MS, LIVE_MS } from "./pace.js";
import { zone } from "./preferences.js";
import { isDemo } from "./simulation.js";

/** How often the voice is read at most, ms, unless a minute was scored or the session ended. */
const VOICE_MS = 30_000;

/** So many of the newest lines are read again with the lines that follow them: lines that came late lie among these. */
const TAIL_LINES = 50;

export class Session {
  id;
  report = null;
  /** Whether it is a demonstration; null until that is known. */
  demo = null;
  voice = null;
  snippets = [];
  notes = [];
  /** The service's clock less this one's, ms. */
  clockOffsetMs = 0;
  #reportTag = null;
  #reportOf = null;
  #voiceTag = null;
  #voiceAtMs = -VOICE_MS;
  #voiceOf = null;
  #linesOf = 0;
  #notesOf = null;

  constructor(id) {
    this.id = id;
  }

  /** The end of the last voice or line, ms since the start. */
  get voiceEndMs() {
    const ends = Object.values(this.voice?.lanes ?? {}).map((spans) => spans.at(-1)?.[1] ?? 0);
    return Math.max(0, ...ends, (this.voice?.timeSeries.at(-1)?.t ?? -10_000) + 10_000);
  }

  /** Read what is new: `{changed, cost, tookMs, base}`; `base` is null once nothing more is to be waited for. */
  async refresh() {
    const spent = { changed: false, cost: 0, tookMs: 0, base: null };
    const count = ({ tookMs }) => {
      spent.cost += 1;
      spent.tookMs = Math.max(spent.tookMs, tookMs);
    };
    const words = { lang: language(), tz: zone() };
    const known = JSON.stringify(words) === JSON.stringify(this.#reportOf);
    const answer = await api.report(this.id, { ...words, etag: known ? this.#reportTag : null });
    count(answer);
    if (answer.data) {
      const { data } = answer;
      const shared = JSON.stringify(data.notes);
      this.clockOffsetMs = data.generatedAt - Date.now();
      await Promise.all([
        this.#linesOf !== data.stats.totalSttSnippets && this.#readLines(data, count),
        this.demo === null && this.#readDemo(count),
        this.#wantsVoice(data) && this.#readVoice(data, count),
        this.#notesOf !== shared && this.#readNotes(shared, count),
      ]);
      this.report = data; // last: what failed meanwhile is read again
      this.#reportTag = answer.etag;
      this.#reportOf = words;
      spent.changed = true;
    }
    const { status } = this.report;
    spent.base = status === "active" ? LIVE_MS : status === "paused" ? CALM_MS : null;
    return spent;
  }

  /** Read the notes again, after one was changed here. */
  async refreshNotes() {
    this.notes = (await api.notes(this.id)).data.notes;
  }

  /** The report does not say it, and it never changes. A service that knows no demonstrations says nothing: then this page knows its own. */
  async #readDemo(count) {
    const answer = await api.session(this.id);
    count(answer);
    this.demo = answer.data.demo ?? isDemo(this.id);
  }

  #wantsVoice({ stats, status }) {
    const known = this.#voiceOf;
    if (known && known.chunks === stats.totalAudioChunks && known.minutes === stats.totalMinutes) return false;
    return known?.minutes !== stats.totalMinutes || status === "ended" || performance.now() - this.#voiceAtMs > VOICE_MS;
  }

  async #readVoice({ stats }, count) {
    const answer = await api.voice(this.id, { lang: language(), etag: this.#voiceTag });
    count(answer);
    this.#voiceAtMs = performance.now();
    this.#voiceTag = answer.etag;
    this.voice = answer.data ?? this.voice;
    this.#voiceOf = { chunks: stats.totalAudioChunks, minutes: stats.totalMinutes };
  }

  async #readNotes(shared, count) {
    const answer = await api.notes(this.id);
    count(answer);
    this.notes = answer.data.notes;
    this.#notesOf = shared;
  }

  /** Read the newest lines. A line that came very late is not among them: then all are read again. */
  async #readLines({ stats: { totalSttSnippets: total } }, count) {
    const from = this.snippets.at(-TAIL_LINES)?.tsStart ?? 0;
    let lines = [...this.snippets.filter(({ tsStart }) => tsStart < from), ...(await this.#linesFrom(from, count))];
    if (lines.length < total && from > 0) lines = await this.#linesFrom(0, count);
    this.snippets = lines;
    this.#linesOf = total;
  }

  async #linesFrom(from, count) {
    const lines = [];
    for (let cursor = null; ; ) {
      const answer = await api.transcript(this.id, cursor ? { cursor } : { from: from || null });
      count(answer);
      lines.push(...answer.data.snippets);
      cursor = answer.data.nextCursor;
      if (!cursor) return lines;
    }
  }
}
