/** A session that this page records: devices, uploads through the client library, scores. */

import { newClient, tokenOwner } from "../api.js";
import { Camera } from "./face.js";
import { Microphone } from "./microphone.js";
import { Speech } from "./speech.js";

const MINUTE_MS = 60_000;

/** The first minute is scored before it is over as well, ms since the start, so that nobody waits; each whole one once more. */
const EARLY_MS = [5000, 15_000, 30_000];

/** When a whole minute is scored, ms after its end: what was said in it has arrived then. */
const AFTER_MS = 2000;

/** The next time to score after a moment, and the minute to score at one; ms since the session's start. */
export const scoringAfter = (ms) => EARLY_MS.find((early) => early > ms) ?? wholeMinutes(ms + MINUTE_MS) * MINUTE_MS + AFTER_MS;
export const minuteToScore = (ms) => Math.max(0, wholeMinutes(ms) - 1);
const wholeMinutes = (ms) => Math.floor(Math.max(0, ms - AFTER_MS) / MINUTE_MS);

/** Who takes part: with a token its owner, as nobody else would be let in. */
function people() {
  const owner = tokenOwner();
  return [owner?.role === "user" ? owner.sub : "live_client", owner?.role === "counselor" ? owner.sub : "live_counselor"];
}

/**
 * One person's part of a session, as `speaker` "user" or "counselor". Who starts it ends it; who joins leaves it.
 *
 * Events: `block` and `chunk` as of the microphone, `frame` and `unmeasured` as of the camera, `snippet`, `minutes` with the scored minutes
 * as `detail`, `speechfailed`, `lost` ("microphone" or "camera" as `detail`), `waiting` (ms as `detail`) when the quota is used up, `ended`
 * when the session was ended elsewhere, `failed` with an error.
 */
export class LiveSession extends EventTarget {
  sessionId;
  joined;
  #startedAt = null; // by the service's clock
  #client;
  #microphone = new Microphone();
  #camera = null;
  #speech = null;
  #scoreAt = 0;
  #scoring = null;
  #over = false;
  #leave = () => this.joined || this.#client.end(this.sessionId, { keepalive: true }).catch(() => {});

  /** `sessionId`: a session to join, or null to start one. */
  constructor(speaker, sessionId = null) {
    super();
    this.sessionId = sessionId;
    this.joined = sessionId !== null;
    this.#client = newClient({ speaker });
  }

  /** Ask for the microphone and begin to listen. Rejects with a DOMException if there is none or the person refuses. */
  async openMicrophone() {
    const microphone = this.#microphone;
    microphone.addEventListener("block", ({ detail }) => this.#emit("block", detail));
    microphone.addEventListener("lost", () => this.#emit("lost", "microphone"));
    await microphone.open();
  }

  /** Ask for the camera and show its picture in `video`. Rejects likewise. */
  async openCamera(video) {
    const camera = new Camera();
    await camera.open(video);
    this.#camera = camera;
    camera.addEventListener("lost", () => this.#emit("lost", "camera"));
  }

  /** Start the session, or join it, and send what is measured. `lang`: write down what is said in this language; null: do not. */
  async start(lang = null) {
    const client = this.#client;
    client.addEventListener("ratelimited", ({ detail }) => this.#emit("waiting", detail.retryAfterMs));
    const session = await (this.joined ? client.session(this.sessionId) : client.start(...people(), { demo: true }));
    if (session.status === "ended") throw Object.assign(new Error("the session has ended"), { code: "ENDED" });
    [this.sessionId, this.#startedAt] = [session.sessionId, session.startedAt];
    this.#scoreAt = scoringAfter(this.elapsedMs);
    addEventListener("pagehide", this.#leave);
    this.#microphone.addEventListener("chunk", ({ detail }) => {
      if (this.#age(detail.tsStart) < 0) return; // it began before the session
      client.audio(this.sessionId, detail);
      this.#emit("chunk", detail);
      this.#scoreWhatIsDue();
    });
    this.#camera?.addEventListener("unmeasured", () => this.#emit("unmeasured"));
    this.#camera?.addEventListener("frame", ({ detail }) => {
      client.frames(this.sessionId, detail);
      this.#emit("frame", detail);
    });
    if (lang) this.#writeDown(lang);
    if (this.joined) await this.#readMinutes();
  }

  /** How long the session has been running, ms. */
  get elapsedMs() {
    return this.#startedAt === null ? 0 : Math.max(0, this.#age(Date.now()));
  }

  /** A moment of the device's clock as ms since the session's start. */
  #age(ms) {
    return ms - (this.#client.clockOffsetMs ?? 0) - this.#startedAt;
  }

  /** The quota in the last answer, or null. */
  get quota() {
    return this.#client.quota;
  }

  #writeDown(lang) {
    this.#speech = new Speech(lang);
    this.#speech.addEventListener("snippet", ({ detail }) => {
      this.#client.stt(this.sessionId, detail);
      this.#emit("snippet", detail);
    });
    this.#speech.addEventListener("failed", ({ detail }) => this.#emit("speechfailed", detail));
    this.#speech.start();
  }

  /** Called with each chunk, as timers of a page in the background are late. */
  #scoreWhatIsDue() {
    const { elapsedMs } = this;
    if (this.#scoring || this.#over || elapsedMs < this.#scoreAt) return;
    this.#scoreAt = scoringAfter(elapsedMs);
    this.#scoring = this.#score(minuteToScore(elapsedMs)).finally(() => (this.#scoring = null));
  }

  async #score(minute) {
    try {
      await this.#client.tick(this.sessionId, minute);
      await this.#readMinutes();
      const { status } = await this.#client.session(this.sessionId);
      if (status === "ended" && !this.#over) {
        this.#finish();
        this.#emit("ended");
      }
    } catch (error) {
      if (!this.#over) this.#emit("failed", error);
    }
  }

  async #readMinutes() {
    const { inferences } = await this.#client.inferences(this.sessionId);
    this.#emit("minutes", inferences);
  }

  /** End the session, or leave it; what was measured is sent first. */
  async stop() {
    this.#finish();
    await this.#scoring;
    if (this.joined) await this.#client.flush();
    else await this.#client.end(this.sessionId);
    await this.#readMinutes();
  }

  /** Give the devices back. Nothing is measured any more. */
  #finish() {
    this.#over = true;
    removeEventListener("pagehide", this.#leave);
    this.giveUp();
  }

  /** Give the devices back, of a session that did not start as well. */
  giveUp() {
    this.#microphone.stop();
    this.#camera?.stop();
    this.#speech?.stop();
  }

  /** Erase the session with all that was measured. */
  erase() {
    return this.#client.erase(this.sessionId);
  }

  /** Send nothing any more. */
  close() {
    return this.#client.close();
  }

  #emit(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
