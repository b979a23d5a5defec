// Laws of pauser: it hands control back to the event loop, by whichever way the platform has.

import { afterEach, describe, expect, it, vi } from "vitest";
import { millisecondsNow, pauser } from "../../src/training/pause.js";

afterEach(() => vi.unstubAllGlobals());

const WAYS = ["setImmediate", "MessageChannel", "setTimeout"];
const throwing = function stub() {
  throw new Error("not available in this runtime");
};

describe("pauser", () => {
  it.each(
    [undefined, throwing].flatMap((stub) =>
      Array.from({ length: 7 }, (_, mask) => ({
        stub: stub ? "are stubs that throw" : "are absent",
        absent: WAYS.filter((_, i) => mask & (1 << i)),
        value: stub,
      })),
    ),
  )("lets tasks run where $absent $stub", async ({ absent, value }) => {
    let hasRun = false;
    setTimeout(() => (hasRun = true), 0);
    // The timer is due by then.
    const end = performance.now() + 5;
    while (performance.now() < end);
    for (const name of absent) vi.stubGlobal(name, value);
    const pause = pauser(0);
    for (let i = 0; i < 3; i++) await pause();
    expect(hasRun).toBe(true);
  });

  it("goes on where a platform has no tasks", async () => {
    for (const name of WAYS) vi.stubGlobal(name, throwing);
    await pauser(0)();
    for (const name of WAYS) vi.stubGlobal(name, undefined);
    await expect(pauser(0)()).resolves.toBeUndefined();
  });

  it("does not pause before its time", async () => {
    const immediate = vi.fn<(f: () => void) => void>((f) => f());
    vi.stubGlobal("setImmediate", immediate);
    await pauser(1000)();
    expect(immediate).not.toHaveBeenCalled();
    await pauser(-1)();
    expect(immediate).toHaveBeenCalledOnce();
  });
});

describe("millisecondsNow", () => {
  it("goes on without a performance clock", () => {
    vi.stubGlobal("performance", undefined);
    const before = Date.now();
    expect(millisecondsNow()).toBeGreaterThanOrEqual(before);
    expect(millisecondsNow()).toBeLessThanOrEqual(Date.now());
  });
});
