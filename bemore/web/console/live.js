/**
 * A session as this page has it. What is asked for: the report with its ETag, nothing else while that has not changed; then
 * the transcript if there are more lines, the voice if there is more of it, and once whether it is a demonstration. A quiet session so costs a request each round,
 * a busy one two or three.
 */

import * as api from "./api.js";
import { CALM_MS, LIVE_MS } from "./pace.js";
import { isDemo } from "./simulation.js";

/** How often the voice is asked for at most, ms, unless a minute was scored or the session ended. */
const VOICE_MS = 30_000;

export class Session {
  id;
  report = null;
  /** Whether it is a demonstration; null until that is known. */
  demo = null;
  voice = null;
  /** The service's clock less this one's, ms. */
  clockOffsetMs = 0;
  #reportTag = null;
  #voiceTag = null;
  #voiceAtMs = -VOICE_MS;
  #pages = [];
  #voiceOf = null;
  #linesOf = 0;

  constructor(id) {
    this.id = id;
  }

  get snippets() {
    return this.#pages.flatMap(({ snippets }) => snippets);
  }

  /** Ask for what is new: `{changed, cost, tookMs, base}`; `base` is null once nothing more is to be waited for. */
  async refresh() {
    const spent = { changed: false, cost: 0, tookMs: 0, base: null };
    const count = ({ tookMs }) => {
      spent.cost += 1;
      spent.tookMs = Math.max(spent.tookMs, tookMs);
    };
    const answer = await api.report(this.id, { etag: this.#reportTag });
    count(answer);
    if (answer.data) {
      this.report = answer.data;
      this.clockOffsetMs = answer.data.generatedAt - Date.now();
      if (this.#linesOf !== this.report.stats.totalSttSnippets) await this.#readLines(count);
      if (this.demo === null) await this.#readDemo(count);
      if (this.#wantsVoice()) await this.#readVoice(count);
      this.#reportTag = answer.etag; // last: what failed in between is asked for again
      spent.changed = true;
    }
    const { status } = this.report;
    spent.base = status === "active" ? LIVE_MS : status === "paused" ? CALM_MS : null;
    return spent;
  }

  /** The report does not say it, and it never changes. A service that knows no demonstrations says nothing: then this page knows its own. */
  async #readDemo(count) {
    const answer = await api.session(this.id);
    count(answer);
    this.demo = answer.data.demo ?? isDemo(this.id);
  }

  #wantsVoice() {
    const { stats, status } = this.report;
    const known = this.#voiceOf;
    if (known && known.chunks === stats.totalAudioChunks && known.minutes === stats.totalMinutes) return false;
    return known?.minutes !== stats.totalMinutes || status === "ended" || performance.now() - this.#voiceAtMs > VOICE_MS;
  }

  async #readVoice(count) {
    const { stats } = this.report;
    const answer = await api.voice(this.id, { etag: this.#voiceTag });
    count(answer);
    this.#voiceAtMs = performance.now();
    this.#voiceTag = answer.etag;
    this.voice = answer.data ?? this.voice;
    this.#voiceOf = { chunks: stats.totalAudioChunks, minutes: stats.totalMinutes };
  }

  /** Read on from the last page. A line that came late belongs into an earlier one: then all are read again. */
  async #readLines(count) {
    await this.#readFrom(this.#pages.pop()?.cursor ?? null, count);
    const read = this.snippets.length;
    if (read < this.report.stats.totalSttSnippets && this.#pages.length > 1) {
      this.#pages = [];
      await this.#readFrom(null, count);
    }
    this.#linesOf = this.report.stats.totalSttSnippets;
  }

  async #readFrom(cursor, count) {
    for (let next = cursor; ; ) {
      const answer = await api.transcript(this.id, next);
      count(answer);
      this.#pages.push({ cursor: next, snippets: answer.data.snippets });
      next = answer.data.nextCursor;
      if (!next) return;
    }
  }
}
