/**
 * A demonstration: a session that is played in this page and sent through the client library, as a real page would send it. A minute of it
 * passes in little more than a second: telemetry carries its own times, counted from the session's start.
 *
 * Requests: 1 start, for each of 10 minutes 3 uploads and 1 tick, 1 end: 42 writes of the 300 that are allowed in 10 minutes.
 */

import { act, newClient, tokenOwner } from "./api.js";
import { COURSE, LINES } from "./dialogue.js";
import { language, t } from "./i18n.js";

/** How long a minute takes, ms. */
const MINUTE_TAKES_MS = 1200;

const MINUTE_MS = 60_000;
/** 50 frames and 50 chunks a minute of each of two speakers: one batch of each. */
const FRAME_MS = 1200;
const CHUNK_MS = 1200;

/** How fast somebody speaks: ms for each character of a line, and for the breath before it. */
const SPEAKING_MS = { ko: 230, en: 95 };
const BREATH_MS = 400;

/** The silence before a line with `pause`, in chunks. */
const PAUSE_CHUNKS = 7;

const SPEAKERS = ["user", "counselor"];

/** How often telemetry is sent again that did not arrive, and how long after, ms. A quota is waited for besides. */
const MOST_TRIES = 5;
const RETRY_MS = 2000;

/** Numbers of 0..1, the same at each run: who looks twice sees the same session. */
function numbers(seed) {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

const rounded = (value) => Math.round(Math.max(0, Math.min(1, value)) * 1000) / 1000;
const steps = (stepMs) => Array.from({ length: MINUTE_MS / stepMs }, (_, index) => index * stepMs);

/** When the lines of a minute are spoken: `[{speaker, text, first, chunks, lengthMs}]`, `first` the chunk in which a line begins. */
function schedule(lines, lang, next) {
  const spoken = lines.map(([speaker, text, how]) => {
    const lengthMs = BREATH_MS + text.length * SPEAKING_MS[lang];
    return { speaker, text, how, lengthMs, chunks: Math.ceil(lengthMs / CHUNK_MS) };
  });
  // What is left of the minute are gaps: before each line, and after the last one. A backchannel has none.
  const gaps = spoken.map(({ how }) => (how === "over" ? 0 : 0.5 + next()));
  const whole = gaps.reduce((sum, gap) => sum + gap, 0.5);
  const used = spoken.reduce((sum, { how, chunks }) => sum + (how === "over" ? 0 : chunks) + (how === "pause" ? PAUSE_CHUNKS : 0), 0);
  const spare = MINUTE_MS / CHUNK_MS - used;
  let free = 0;
  return spoken.map((line, index) => {
    if (line.how === "over") return { ...line, first: free - 1 };
    const first = free + Math.floor((gaps[index] / whole) * spare) + (line.how === "pause" ? PAUSE_CHUNKS : 0);
    free = first + line.chunks;
    return { ...line, first };
  });
}

/**
 * The telemetry of a minute: `{frames, audio, stt}`, each of both speakers. Words, voice and loudness agree: somebody speaks a line in
 * one go, the chunks of that speaker and time are voiced and loud and have a pitch, all others are silent.
 */
export function telemetry(minute, lang) {
  const { away, loud } = COURSE[minute];
  const next = numbers(minute + 7);
  const from = minute * MINUTE_MS;
  const around = (middle, spread) => rounded(middle + (next() - 0.5) * spread);

  const lines = schedule(LINES[lang][minute], lang, next);
  const stt = lines.map(({ speaker, text, first, lengthMs }) => {
    const tsStart = from + first * CHUNK_MS;
    return { speaker, tsStart, tsEnd: tsStart + lengthMs, text, lang };
  });
  const audio = SPEAKERS.flatMap((speaker) => {
    const own = lines.filter((line) => line.speaker === speaker);
    const [loudness, pitch] = speaker === "user" ? [loud, 190] : [0.3, 125];
    return steps(CHUNK_MS).map((ms, chunk) => {
      const vad = own.some(({ first, chunks }) => first <= chunk && chunk < first + chunks);
      const rms = vad ? around(loudness, 0.12) : around(0.015, 0.02);
      return { speaker, tsStart: from + ms, tsEnd: from + ms + CHUNK_MS, vad, rms, pitch: vad ? Math.round(pitch - 25 + next() * 50) : null };
    });
  });
  const frames = SPEAKERS.flatMap((speaker, index) => {
    let turned = false;
    return steps(FRAME_MS).map((ms) => {
      // Who looks away does so for some seconds.
      if (next() < 0.25) turned = next() < (speaker === "user" ? away : 0.05);
      return { speaker, ts: from + ms + (index * FRAME_MS) / 2, qualityScore: turned ? around(0.5, 0.2) : around(0.92, 0.08) };
    });
  });
  return { frames, audio, stt };
}

/** Who takes part: with a token its owner, as nobody else would be let in. */
function people() {
  const owner = tokenOwner();
  return [owner?.role === "user" ? owner.sub : "demo_minji", owner?.role === "counselor" ? owner.sub : "demo_kim"];
}

/**
 * Events: `minute` whenever one was scored, `waiting` when the quota is used up (for `waitMs`), `ended` when the session has ended,
 * `failed` with the error as `detail` when it stopped halfway. `sessionId` is null until the session is there, `minute` the number of
 * minutes that are scored.
 */
export class Simulation extends EventTarget {
  sessionId = null;
  minute = 0;
  total = COURSE.length;
  ending = false;
  over = false;
  #client = newClient({ batchMs: 60_000, saveMs: 0 });
  #canceled = new AbortController();
  #waitUntilMs = 0;
  #enough = null;
  #leave = () => this.#client.end(this.sessionId, { keepalive: true }).catch(() => {});

  /** Time until the quota allows the next request, ms; 0 while it does. Not by the clock of the day, which may be set. */
  get waitMs() {
    return Math.max(0, this.#waitUntilMs - performance.now());
  }

  /** Start a session; resolves when it is there, and goes on by itself. */
  async start() {
    this.#client.addEventListener("ratelimited", ({ detail }) => {
      this.#waitUntilMs = performance.now() + detail.retryAfterMs;
      this.dispatchEvent(new Event("waiting"));
    });
    const options = { demo: true, signal: this.#canceled.signal };
    const { sessionId } = await act((client) => client.start(...people(), options), this.#client);
    this.sessionId = sessionId;
    this.#waitUntilMs = 0;
    demos.add(sessionId);
    // Who leaves the page leaves no session behind that seems to go on.
    addEventListener("pagehide", this.#leave);
    this.#play();
    return sessionId;
  }

  /** Give up a start that waits for the quota; one that is on its way is not held up. */
  cancel() {
    if (!this.sessionId && this.waitMs) this.#canceled.abort();
  }

  /** End it before its time. */
  stop() {
    this.ending = true;
    this.#enough?.();
  }

  async #play() {
    const lang = language();
    try {
      for (let minute = 0; minute < this.total && !this.ending; minute += 1) {
        const began = performance.now();
        await act((client) => this.#send(client, minute, lang), this.#client);
        if (this.ending) break;
        this.minute = minute + 1;
        this.#waitUntilMs = 0;
        this.dispatchEvent(new Event("minute"));
        await this.#rest(MINUTE_TAKES_MS - (performance.now() - began));
      }
      this.ending = true;
      this.dispatchEvent(new Event("minute"));
      await act((client) => client.end(this.sessionId), this.#client);
      this.#done("ended");
    } catch (error) {
      this.#done("failed", error);
    }
  }

  async #send(client, minute, lang) {
    const { frames, audio, stt } = telemetry(minute, lang);
    const id = this.sessionId;
    await Promise.all([client.frames(id, frames), client.audio(id, audio), client.stt(id, stt)]);
    // A minute is scored when all of it has arrived.
    for (let tries = 1; !this.ending && (await client.flush()).batches; tries += this.waitMs ? 0 : 1) {
      if (tries > MOST_TRIES) throw new Error(t("offline"));
      await this.#rest(this.waitMs || RETRY_MS);
    }
    if (!this.ending) await client.tick(id, minute);
  }

  #rest(ms) {
    return new Promise((resolve) => {
      this.#enough = resolve;
      setTimeout(resolve, this.ending ? 0 : ms);
    });
  }

  #done(name, detail = null) {
    this.over = true;
    this.#waitUntilMs = 0;
    removeEventListener("pagehide", this.#leave);
    this.#client.close();
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const demos = new Set();

/** Whether a session was simulated in this page. */
export const isDemo = (sessionId) => demos.has(sessionId);

let current = null;

/** The simulation that runs in this page, or null. */
export const running = () => (current && !current.over ? current : null);

/** Make `simulation` the one that runs in this page. */
export async function simulate(simulation) {
  await simulation.start();
  current = simulation;
}
