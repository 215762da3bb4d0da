/** What is said, by the browser's own speech recognition. Most browsers send the sound to their maker for that: it needs a consent. */

const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;

export const recognizesSpeech = () => typeof Recognition === "function";

/** Errors after which it would only fail again. */
const FINAL = ["not-allowed", "service-not-allowed", "network", "language-not-supported", "audio-capture"];

/** How soon recognition that ended by itself, after a silence, is started again, ms. */
const AGAIN_MS = 300;

/** Events: `snippet` with an item for `client.stt`, `failed` with the browser's error code as `detail`, after which it has ended. */
export class Speech extends EventTarget {
  #recognition;
  #stopped = false;
  #began = new Map(); // when somebody began to say a result, by its place

  /** `lang`: a language tag such as `ko-KR`. */
  constructor(lang) {
    super();
    this.#recognition = Object.assign(new Recognition(), { lang, continuous: true, interimResults: true });
    this.#recognition.onresult = (event) => this.#heard(event);
    this.#recognition.onerror = ({ error }) => this.#refused(error);
    this.#recognition.onend = () => this.#again();
  }

  start() {
    this.#recognition.start();
  }

  /** What was being said still comes. */
  stop() {
    this.#stopped = true;
    this.#recognition.stop();
  }

  #heard({ results, resultIndex }) {
    const now = Date.now();
    for (let place = resultIndex; place < results.length; place += 1) {
      if (!this.#began.has(place)) this.#began.set(place, now);
      const text = results[place][0].transcript.trim();
      if (!results[place].isFinal || !text) continue;
      const detail = { tsStart: this.#began.get(place), tsEnd: now, text, lang: this.#recognition.lang };
      this.dispatchEvent(new CustomEvent("snippet", { detail }));
    }
  }

  #refused(error) {
    if (this.#stopped || !FINAL.includes(error)) return;
    this.#stopped = true;
    this.dispatchEvent(new CustomEvent("failed", { detail: error }));
  }

  /** Browsers end it after a silence. */
  #again() {
    this.#began.clear();
    if (!this.#stopped) setTimeout(() => this.#stopped || this.#recognition.start(), AGAIN_MS);
  }
}
