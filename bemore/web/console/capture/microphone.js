/** The microphone: from its samples to audio chunks. */

import { BLOCKS_OF_A_CHUNK, BLOCK_MS, QUIET, chunkOf, pitch, rms, voiceActivity } from "./voice.js";

/** The sound as it is: what makes a voice louder or takes noise away would be measured as well. Only the other one's voice is unwanted. */
const SOUND = { echoCancellation: true, noiseSuppression: false, autoGainControl: false };

/** Blocks that arrive this much later than the samples before them were followed by a gap, ms: the machine slept, say. */
const GAP_MS = 1000;

/**
 * Events: `block` `{rms, voiced, pitch}` every 50 ms, `chunk` with an item for `client.audio` every 500 ms, `lost` when the device is gone
 * or its permission was taken back.
 */
export class Microphone extends EventTarget {
  #stream = null;
  #context = null;
  #activity = QUIET;
  #blocks = [];
  #endsAt = null; // the end of the last block, epoch ms

  /** Ask for the microphone and begin to measure. Rejects with what `getUserMedia` says. */
  async open() {
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: SOUND });
    const [track] = this.#stream.getAudioTracks();
    track.addEventListener("ended", () => this.dispatchEvent(new Event("lost")));
    this.#context = new AudioContext();
    await this.#context.audioWorklet.addModule(new URL("./sound_worklet.js", import.meta.url));
    const blocks = new AudioWorkletNode(this.#context, "blocks", { processorOptions: { blockMs: BLOCK_MS } });
    blocks.port.onmessage = ({ data }) => this.#measure(data);
    // Connected, as browsers may leave out what nobody hears; it gives out silence.
    this.#context.createMediaStreamSource(this.#stream).connect(blocks).connect(this.#context.destination);
    await this.#context.resume();
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#context?.close();
    this.#context = null;
  }

  #measure(samples) {
    if (!this.#context) return;
    const loudness = rms(samples);
    this.#activity = voiceActivity(this.#activity, loudness);
    const { voiced } = this.#activity;
    const block = { rms: loudness, voiced, pitch: voiced ? pitch(samples, this.#context.sampleRate) : null };
    // Time by the samples, which come without a gap; by the clock if they do not.
    const now = Date.now();
    const expected = this.#endsAt === null ? -Infinity : this.#endsAt + BLOCK_MS;
    const gap = Math.abs(now - expected) > GAP_MS;
    if (gap) this.#blocks = [];
    this.#endsAt = gap ? now : expected;
    this.#blocks.push(block);
    this.#emit("block", block);
    if (this.#blocks.length < BLOCKS_OF_A_CHUNK) return;
    const tsEnd = this.#endsAt;
    this.#emit("chunk", { tsStart: tsEnd - this.#blocks.length * BLOCK_MS, tsEnd, ...chunkOf(this.#blocks) });
    this.#blocks = [];
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
