// When a team is left alone. Where other programs need the cores, a worker may lose its core in the middle of a grain,
// for longer than whole operations take: then it is faster to work alone for a while.

/** Milliseconds that a wait for the last grain may last beyond what two grains take. */
const FAIR_WAIT = 0.2;
/** Milliseconds without help after a longer wait: twice as long each time, half as long after a fair one. */
const LEAST_PAUSE = 5;
const MOST_PAUSE = 640;

/** What the waits for workers have taught so far; times are in milliseconds of any clock. */
export class Backoff {
  #aloneUntil = -Infinity;
  #pause = LEAST_PAUSE;

  /** Whether workers may be asked to help; the clock is only read where the last wait was not fair. */
  mayAsk(now: () => number): boolean {
    return this.#aloneUntil === -Infinity || now() >= this.#aloneUntil;
  }

  /** Draws the conclusion from how long this thread has worked on so many grains, and then waited until the end. */
  learn(worked: number, grains: number, waited: number, end: number): void {
    if (waited <= FAIR_WAIT + (2 * worked) / Math.max(1, grains)) {
      this.#pause = Math.max(LEAST_PAUSE, this.#pause / 2);
      this.#aloneUntil = -Infinity;
    } else {
      this.#aloneUntil = end + this.#pause;
      this.#pause = Math.min(MOST_PAUSE, 2 * this.#pause);
    }
  }
}
