/**
 * How often the page asks. One rule for all that it watches, so that no tab left open, nor a handful of them, uses up a visitor's
 * quota: within the ten minutes of the quota a tab plans at most half of what the service's last answer left over. Alone, a tab
 * so comes to rest at a third of the quota at most (r = (600 - r) / 2, that is 200 of 600); n tabs together at n / (n + 2).
 */

/** Shortest wait between two rounds, ms: of what changes, of what does not, in a tab that is not looked at. */
export const LIVE_MS = 5000;
export const CALM_MS = 15_000;
export const HIDDEN_MS = 60_000;

const WINDOW_MS = 600_000;
const MOST_MS = 300_000;

/**
 * How long to wait until the next round, ms.
 *
 * base: the shortest wait for what is watched; cost: requests of the last round; remaining: what is left of the quota, null
 * where there is none; tookMs: how long the slowest answer took (the service shall not work for one page for more than a
 * twentieth of the time); hidden: nobody looks; failures: rounds in a row without an answer.
 */
export function waitMs({ base, cost, remaining = null, tookMs = 0, hidden = false, failures = 0 }) {
  const share = remaining === null ? 0 : (WINDOW_MS * Math.max(1, cost)) / Math.max(1, remaining / 2);
  const backoff = failures ? base * 2 ** Math.min(failures, 5) : 0;
  return Math.min(MOST_MS, Math.max(hidden ? HIDDEN_MS : base, share, 20 * tookMs, backoff));
}

/**
 * Does `round` again and again. It answers `{cost, tookMs, base}`, or null when there is nothing more to wait for; what it
 * throws goes to `failed`, which answers how long to wait, ms, null for the usual wait, false to end.
 */
export class Watch {
  #round;
  #failed;
  #remaining;
  #timer = null;
  #running = null;
  #again = false;
  #ended = false;
  #failures = 0;
  #looked = () => document.visibilityState === "visible" && this.now();

  constructor({ round, failed, remaining }) {
    this.#round = round;
    this.#failed = failed;
    this.#remaining = remaining;
    document.addEventListener("visibilitychange", this.#looked);
  }

  /** Do a round at once; one that runs is followed by another. */
  async now() {
    if (this.#ended) return;
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    clearTimeout(this.#timer);
    do {
      this.#again = false;
      this.#running = this.#once();
      const wait = await this.#running;
      this.#running = null;
      if (wait === null) return this.stop();
      if (!this.#again && !this.#ended) this.#timer = setTimeout(() => this.now(), wait);
    } while (this.#again && !this.#ended);
  }

  async #once() {
    const hidden = document.visibilityState === "hidden";
    try {
      const done = await this.#round();
      this.#failures = 0;
      return done && waitMs({ ...done, remaining: this.#remaining(), hidden });
    } catch (error) {
      this.#failures += 1;
      const usual = waitMs({ base: LIVE_MS, cost: 1, remaining: this.#remaining(), hidden, failures: this.#failures });
      const wait = this.#failed(error);
      return wait === false ? null : (wait ?? usual);
    }
  }

  stop() {
    this.#ended = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#looked);
  }
}
