// When a team is asked to help again: after waits that were too long for what was shared.

import { describe, expect, it } from "vitest";
import { Backoff } from "../../src/wasm/threads/backoff.js";

const mayAsk = (backoff: Backoff, now: number): boolean => backoff.mayAsk(() => now);

/** How many milliseconds nobody is asked after that many waits that were too long. */
function pauseAfter(backoff: Backoff, end: number): number {
  let pause = 0;
  while (!mayAsk(backoff, end + pause)) pause++;
  return pause;
}

describe("Backoff", () => {
  it("asks at once, without a look at the clock, as long as waits are fair", () => {
    const backoff = new Backoff();
    const noClock = () => expect.unreachable();
    expect(backoff.mayAsk(noClock)).toBe(true);
    // Two of ten grains that took 1 ms each, and a fifth of a millisecond.
    backoff.learn(10, 10, 2.2, 12.2);
    expect(backoff.mayAsk(noClock)).toBe(true);
    // This thread has had no grain at all.
    backoff.learn(0, 0, 0.2, 20);
    expect(backoff.mayAsk(noClock)).toBe(true);
  });

  it("leaves the team alone for twice as long each time, from 5 to 640 ms", () => {
    const backoff = new Backoff();
    const pauses = Array.from({ length: 9 }, (_, i) => {
      const end = 1000 * (i + 1);
      backoff.learn(10, 10, 2.3, end);
      return pauseAfter(backoff, end);
    });
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 640]);
  });

  it("halves the pause after each fair wait", () => {
    const backoff = new Backoff();
    for (let i = 0; i < 4; i++) backoff.learn(1, 1, 30, 0);
    backoff.learn(1, 1, 0, 1000);
    expect(mayAsk(backoff, 0)).toBe(true);
    backoff.learn(1, 1, 30, 2000);
    expect(pauseAfter(backoff, 2000)).toBe(40);
    for (let i = 0; i < 9; i++) backoff.learn(1, 1, 0, 3000);
    backoff.learn(1, 1, 30, 4000);
    expect(pauseAfter(backoff, 4000)).toBe(5);
  });
});
