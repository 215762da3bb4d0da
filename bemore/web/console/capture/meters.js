/** What is seen of a voice and a face while they are measured. */

import { bar, h, setAttribute, svg } from "../dom.js";
import { clock, percent, t } from "../i18n.js";
import { findsFaces } from "./face.js";
import { BLOCKS_OF_A_CHUNK, BLOCK_MS, decibels } from "./voice.js";

/** How many chunks the strip shows: those of a minute. */
export const STRIP_CHUNKS = 60_000 / (BLOCK_MS * BLOCKS_OF_A_CHUNK);
const STRIP_HIGH = 100;

/** The softest sound that is shown, dB. */
const SOFTEST_DB = -60;

/** Words that change with every block cannot be read; they change this often, ms. */
const READABLE_MS = 250;

/** How much of a meter's length a loudness fills, 0..1. */
const heard = (rms) => Math.max(0, 1 - decibels(rms) / SOFTEST_DB);

/**
 * Elements `time`, `level`, `strip`, `face`, and what changes them: `showBlock(block, elapsedMs)`, `showChunks(chunks)` of the last
 * minute, `showFace(frame)`, null where no face can be measured.
 */
export function meters() {
  const time = h("span", { class: "time" });
  const [speaking, pitch] = [h("span", {}, t("quiet")), h("span", { class: "pitch" }, t("noPitch"))];
  const loudness = h("div", {}, bar(0, { class: "level" }));
  const drawing = svg("svg", { class: "strip", viewBox: `0 0 ${STRIP_CHUNKS} ${STRIP_HIGH}`, preserveAspectRatio: "none", role: "img" });
  const face = h("p", { class: "hint" }, findsFaces() ? "" : t("faceUnmeasured"));
  let saidAt = -READABLE_MS;

  function showBlock(block, elapsedMs) {
    loudness.replaceChildren(bar(heard(block.rms), { class: `level ${block.voiced ? "voiced" : ""}` }));
    if (performance.now() - saidAt < READABLE_MS) return;
    saidAt = performance.now();
    speaking.textContent = t(block.voiced ? "speaking" : "quiet");
    pitch.textContent = block.pitch ? t("hertz", { hertz: Math.round(block.pitch) }) : t("noPitch");
    time.textContent = clock(elapsedMs);
  }

  function showChunks(chunks) {
    const from = STRIP_CHUNKS - chunks.length;
    const column = ({ rms, vad }, place) => {
      const height = Math.max(2, heard(rms) * STRIP_HIGH);
      const y = (STRIP_HIGH - height) / 2;
      return svg("rect", { x: from + place + 0.1, y, width: 0.8, height, class: vad >= 0.5 ? "voiced" : null });
    };
    drawing.replaceChildren(...chunks.map(column));
    const share = chunks.length ? chunks.reduce((sum, { vad }) => sum + vad, 0) / chunks.length : 0;
    setAttribute(drawing, "aria-label", t("stripSaid", { share: percent(share) }));
  }

  function showFace(frame) {
    const seen = frame?.qualityScore ? t("faceSeen", { share: percent(frame.qualityScore) }) : t("faceUnseen");
    face.textContent = frame ? seen : t("faceUnmeasured");
  }

  return {
    time,
    level: h("div", { class: "part" }, h("div", { class: "said-now" }, speaking, pitch), loudness),
    strip: h("div", { class: "part" }, h("h3", {}, t("lastMinute")), drawing),
    face,
    showBlock,
    showChunks,
    showFace,
  };
}
