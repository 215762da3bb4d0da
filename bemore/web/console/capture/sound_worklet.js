/**
 * Hands the microphone's samples to the page in blocks. It runs in the thread of the sound, as timers of a page in the background are
 * late.
 */

class Blocks extends AudioWorkletProcessor {
  #block;
  #filled = 0;

  constructor({ processorOptions: { blockMs } }) {
    super();
    this.#block = new Float32Array(Math.round((sampleRate * blockMs) / 1000));
  }

  /** The first channel is enough, microphones of headsets have one. Without an input there is nothing to hand over. */
  process([[channel]]) {
    for (let from = 0; channel && from < channel.length; ) {
      const part = channel.subarray(from, from + this.#block.length - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled < this.#block.length) break;
      this.port.postMessage(this.#block);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("blocks", Blocks);
