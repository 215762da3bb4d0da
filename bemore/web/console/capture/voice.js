/**
 * What is measured of a voice: loudness, whether somebody speaks, pitch. Pure functions of samples, which are numbers of -1..1.
 *
 * A block is 50 ms of sound; ten blocks make a chunk, as `POST /:id/audio` takes it.
 */

export const BLOCK_MS = 50;
export const BLOCKS_OF_A_CHUNK = 10;

/** Root mean square, 0..1: how loud a block is. 0 for no samples. */
export function rms(samples) {
  if (!samples.length) return 0;
  return Math.min(1, Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length));
}

/** A root mean square as dB below full scale; -100 for silence. */
export const decibels = (value) => Math.max(-100, 20 * Math.log10(value || 1e-9));

/** Bounds of the noise floor and where it begins, dB; how much louder a voice is, dB. */
const FLOOR_DB = { least: -65, most: -30, first: -50 };
const MARGIN_DB = 10;

/** The floor follows a softer sound with this time constant, ms, and a louder one by this, dB per ms. */
const FALL_MS = 100;
const RISE_DB = 0.001;

/** A voice goes on for this long after the last loud block, ms: soft ends of words, stops of consonants. */
const HANGOVER_MS = 200;

/** What `voiceActivity` knows before the first block. */
export const QUIET = Object.freeze({ floorDb: FLOOR_DB.first, holdMs: 0, voiced: false });

/**
 * Whether somebody speaks in a block of this loudness, by the energy over an adaptive noise floor: `{floorDb, holdMs, voiced}`, given
 * that of the block before.
 *
 * The floor is the sound of the room. It sinks to a softer block within some 100 ms and rises by 1 dB a second, so that pauses between
 * words set it, and a fan that is switched on becomes part of the room. A block is loud if it is 10 dB above the floor; voiced are loud
 * blocks and the 200 ms after them. (Minimum tracking after R. Martin, "Noise power spectral density estimation based on optimal
 * smoothing and minimum statistics", 2001, reduced to one band.)
 */
export function voiceActivity(before, loudness, blockMs = BLOCK_MS) {
  const level = decibels(loudness);
  const sunk = before.floorDb + (level - before.floorDb) * (1 - Math.exp(-blockMs / FALL_MS));
  const risen = Math.min(level, before.floorDb + blockMs * RISE_DB);
  const floorDb = Math.min(FLOOR_DB.most, Math.max(FLOOR_DB.least, level < before.floorDb ? sunk : risen));
  const loud = level > floorDb + MARGIN_DB;
  const holdMs = loud ? HANGOVER_MS : Math.max(0, before.holdMs - blockMs);
  return { floorDb, holdMs, voiced: loud || holdMs > 0 };
}

/** Voices lie between these, Hz. */
const LOWEST_HZ = 60;
const HIGHEST_HZ = 500;

/** Enough samples in a second to tell pitches up to HIGHEST_HZ apart. */
const ENOUGH_HZ = 16_000;

/** How alike a block and itself, one period later, must be (1: the same); and the share of the best lag that a shorter one needs. */
const CLARITY = 0.6;
const FIRST_PEAK = 0.9;

/**
 * The pitch of a block, Hz, 60 to 500, or null if it has none: the lag at which its normalized autocorrelation is highest, the shortest
 * of those that are nearly as high, so that an octave below is not taken for the pitch. (P. McLeod and G. Wyvill, "A smarter way to find
 * pitch", 2005.)
 */
export function pitch(samples, sampleRate) {
  const step = Math.max(1, Math.floor(sampleRate / ENOUGH_HZ));
  const rate = sampleRate / step;
  const sound = centered(thinned(samples, step));
  const [shortest, longest] = [Math.floor(rate / HIGHEST_HZ), Math.ceil(rate / LOWEST_HZ)];
  if (sound.length < 2 * shortest || !sound.some((value) => value)) return null;
  const likeness = [];
  for (let lag = shortest - 1; lag <= Math.min(longest + 1, sound.length - 1); lag += 1) likeness.push(similarity(sound, lag));
  const isPeak = (value, place) => place > 0 && place < likeness.length - 1 && value >= likeness[place - 1] && value > likeness[place + 1];
  const best = Math.max(...likeness.filter(isPeak));
  if (!(best >= CLARITY)) return null;
  const place = likeness.findIndex((value, at) => isPeak(value, at) && value >= FIRST_PEAK * best);
  const [before, at, after] = likeness.slice(place - 1, place + 2);
  const between = (before - after) / (2 * (before - 2 * at + after)); // the top of the parabola through the three
  return rate / (shortest - 1 + place + between);
}

/** Means of `step` neighbors each. */
function thinned(samples, step) {
  if (step === 1) return samples;
  return Float32Array.from({ length: Math.floor(samples.length / step) }, (_, place) => {
    let sum = 0;
    for (let at = place * step; at < (place + 1) * step; at += 1) sum += samples[at];
    return sum / step;
  });
}

function centered(samples) {
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  return samples.map((value) => value - mean);
}

/** How alike a sound and itself are after `lag` samples, -1..1. */
function similarity(sound, lag) {
  let [product, energy] = [0, 0];
  for (let at = 0; at + lag < sound.length; at += 1) {
    product += sound[at] * sound[at + lag];
    energy += sound[at] ** 2 + sound[at + lag] ** 2;
  }
  return energy ? (2 * product) / energy : 0;
}

const rounded = (value, digits) => Number(value.toFixed(digits));

/**
 * The chunk of some blocks `{rms, voiced, pitch}`: `vad` the share of voiced blocks, `rms` that of all samples, `pitch` the median of the
 * voiced blocks that have one, else null.
 */
export function chunkOf(blocks) {
  const voiced = blocks.filter((block) => block.voiced);
  const pitches = voiced.map((block) => block.pitch).filter((hertz) => hertz !== null);
  pitches.sort((one, other) => one - other);
  const middle = pitches.length ? pitches[Math.floor((pitches.length - 1) / 2)] : null;
  return {
    vad: rounded(voiced.length / blocks.length, 3),
    rms: rounded(Math.sqrt(blocks.reduce((sum, block) => sum + block.rms ** 2, 0) / blocks.length), 4),
    pitch: middle && rounded(middle, 1),
  };
}
