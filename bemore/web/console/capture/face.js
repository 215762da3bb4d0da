/** The camera: its picture, and how well a face can be seen in it, where the browser itself finds faces. No picture leaves the page. */

const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" };

/** How often a face is looked for, ms. */
const LOOK_MS = 1000;

/** A face this high, as a share of the picture, is near enough. */
const NEAR_SHARE = 0.3;

/** Whether this browser finds faces by itself (Shape Detection API). */
export const findsFaces = () => typeof globalThis.FaceDetector === "function";

/**
 * How well a face can be seen, 0..1: the part of its box that lies within the picture, times how near it is (its height of 30 % of the
 * picture's height; more counts as that). 0 without a face; of several the largest counts. It says nothing of a mood.
 */
export function faceQuality(boxes, { width, height }) {
  const quality = ({ x, y, width: wide, height: high }) => {
    const within = (from, length, most) => Math.max(0, Math.min(from + length, most) - Math.max(from, 0));
    const seen = (within(x, wide, width) * within(y, high, height)) / (wide * high || 1);
    return seen * Math.min(1, high / (NEAR_SHARE * height));
  };
  const [largest] = [...boxes].sort((one, other) => other.width * other.height - one.width * one.height);
  return largest ? Number(quality(largest).toFixed(3)) : 0;
}

/**
 * Events: `frame` with an item for `client.frames` every second, where the browser finds faces; `unmeasured` where it does not find them
 * after all; `lost` when the device is gone.
 */
export class Camera extends EventTarget {
  #stream = null;
  #detector = null;
  #timer = null;

  /** Ask for the camera and show its picture in `video`. Rejects with what `getUserMedia` says. */
  async open(video) {
    this.#stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE });
    const [track] = this.#stream.getVideoTracks();
    track.addEventListener("ended", () => this.dispatchEvent(new Event("lost")));
    video.srcObject = this.#stream;
    if (!findsFaces()) return;
    this.#detector = new FaceDetector({ maxDetectedFaces: 2, fastMode: true });
    this.#timer = setInterval(() => this.#look(video), LOOK_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#detector = null;
  }

  async #look(video) {
    if (!video.videoWidth) return; // no picture yet
    const ts = Date.now();
    let faces;
    try {
      faces = await this.#detector.detect(video);
    } catch {
      // The browser has no engine for it, or the picture was gone.
      this.dispatchEvent(new Event("unmeasured"));
      return;
    }
    if (!this.#detector) return;
    const size = { width: video.videoWidth, height: video.videoHeight };
    const qualityScore = faceQuality(faces.map(({ boundingBox }) => boundingBox), size);
    this.dispatchEvent(new CustomEvent("frame", { detail: { ts, qualityScore } }));
  }
}
