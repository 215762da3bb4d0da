/**
 * A session that is played in this page and sent through the client library, as a real page would send it. A minute of it
 * passes in little more than a second: telemetry carries its own times, counted from the session's start.
 *
 * Requests: 1 start, for each of 10 minutes 3 uploads and 1 tick, 1 end: 42 writes of the 300 that are allowed in 10 minutes.
 */

import { act, newClient, tokenOwner } from "./api.js";
import { COURSE, LINES } from "./dialogue.js";
import { language } from "./i18n.js";

/** How long a minute takes, ms. */
const MINUTE_TAKES_MS = 1200;

const MINUTE_MS = 60_000;
const FRAME_MS = 2500;
const CHUNK_MS = 2000;

/** Numbers of 0..1, the same at each run: who looks twice sees the same session. */
function numbers(seed) {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

const rounded = (value) => Math.round(Math.max(0, Math.min(1, value)) * 1000) / 1000;
const steps = (stepMs) => Array.from({ length: MINUTE_MS / stepMs }, (_, index) => index * stepMs);

/** The telemetry of a minute: `{frames, audio, stt}`. */
export function telemetry(minute, lang) {
  const { face, speech, loud } = COURSE[minute];
  const next = numbers(minute + 7);
  const from = minute * MINUTE_MS;
  const frames = steps(FRAME_MS).map((ms) => ({ ts: from + ms, qualityScore: rounded(face + (next() - 0.5) * 0.16) }));
  let speaking = true;
  const audio = steps(CHUNK_MS).map((ms) => {
    // Speech and silence come in runs: who speaks mostly speaks on.
    if (next() < 0.35) speaking = next() < speech;
    const rms = rounded(speaking ? loud + (next() - 0.5) * 0.2 : 0.02 + next() * 0.03);
    return { tsStart: from + ms, tsEnd: from + ms + CHUNK_MS, vad: speaking, rms, pitch: speaking ? Math.round(150 + next() * 60) : null };
  });
  const stt = LINES[lang][minute].map((text, index) => {
    const tsStart = from + 4000 + index * 18_000;
    return { tsStart, tsEnd: tsStart + 4000 + text.length * 60, text, lang };
  });
  return { frames, audio, stt };
}

/** Who takes part: with a token its owner, as nobody else would be let in. */
function people() {
  const owner = tokenOwner();
  return [owner?.role === "user" ? owner.sub : "demo_minji", owner?.role === "counselor" ? owner.sub : "demo_kim"];
}

/**
 * Events: `minute` whenever one was scored, `ended` when the session has ended, `failed` with the error as `detail` when it
 * stopped halfway. `sessionId` is null until the session is there, `minute` the number of minutes that are scored.
 */
export class Simulation extends EventTarget {
  sessionId = null;
  minute = 0;
  total = COURSE.length;
  ending = false;
  over = false;
  #client = newClient({ batchMs: 60_000, saveMs: 0 });
  #enough = null;
  #leave = () => this.#client.end(this.sessionId, { keepalive: true }).catch(() => {});

  /** Start a session; answers when it is there, and plays on by itself. */
  async start() {
    const { sessionId } = await act((client) => client.start(...people()), this.#client);
    this.sessionId = sessionId;
    // Who leaves the page leaves no session behind that seems to go on.
    addEventListener("pagehide", this.#leave);
    this.#play();
    return sessionId;
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
        this.minute = minute + 1;
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
    await client.tick(id, minute);
  }

  #rest(ms) {
    return new Promise((resolve) => {
      this.#enough = resolve;
      setTimeout(resolve, this.ending ? 0 : ms);
    });
  }

  #done(name, detail = null) {
    this.over = true;
    removeEventListener("pagehide", this.#leave);
    this.#client.close();
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

let current = null;

/** The simulation that runs in this page, or null. */
export const running = () => (current && !current.over ? current : null);

/** Start one; answers it. */
export async function simulate() {
  const simulation = new Simulation();
  await simulation.start();
  return (current = simulation);
}
