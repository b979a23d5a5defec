// The law of threads: their number, and what happens to them, make no difference to a single bit; and a team comes,
// goes and fails without anybody noticing but those who ask.

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { configure, ops, runtimeInfo, type Tensor, tensor } from "../../src/index.js";
import { withRunner } from "../../src/wasm/run.js";
import { WORDS } from "../../src/wasm/threads/control.js";
import { workerText } from "../../src/wasm/threads/workerText.js";
import { opCases } from "../support/goldenOps.js";
import { productCases } from "../support/goldenProducts.js";
import { trainingCases } from "../support/goldenTraining.js";
import { seededFloats } from "../support/seeded.js";
import { sumCases, valueOf } from "../support/sumCases.js";

const SIZE = 384;
const x = tensor(seededFloats(1, SIZE * SIZE), [SIZE, SIZE]);
const product = (): Tensor => ops.matmul(x, x);
/** Whether a product has the bits that one thread gives it on the baseline binary. */
let isRight: () => boolean;

beforeAll(() => {
  configure({ relaxedSimd: false });
  const alone = product().data;
  isRight = () => product().data.every((value, i) => Object.is(value, alone[i]));
});

/** Starts that many threads, and computes until all are ready. */
function withThreads(threads: number, workerUrl?: string): void {
  configure({ threads, workerUrl: workerUrl ?? "" });
  const end = Date.now() + 20_000;
  while (runtimeInfo().threads.ready < threads && Date.now() < end) product();
  expect(runtimeInfo().threads).toEqual({ ready: threads, wanted: threads });
}

/** The worker's program with other words in a place, as the URL of a module. */
function programWith(place: string, words: string): string {
  expect(workerText.split(place).length).toBe(2);
  return `data:text/javascript,${encodeURIComponent(workerText.replace(place, words))}`;
}

const CALL = "entries[kernel](job,";

/** Sleeps for a random time before a grain now and then, and for a second once. */
const HOSTILE = programWith(
  CALL,
  "globalThis.calls = (globalThis.calls ?? 0) + 1;" +
    "if (globalThis.calls === 40) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);" +
    "else if (Math.random() < 0.05) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4 * Math.random());" +
    CALL,
);

afterEach(() => configure({ threads: 1, workerUrl: "" }));

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("threads on $binary", ({ relaxedSimd }) => {
  const GROUPS = [
    { work: 70, cases: opCases },
    { work: 9, cases: sumCases },
    { work: 300, cases: productCases },
    { work: 2000, cases: trainingCases },
  ];
  let alone: string[][];
  const results = (): string[][] =>
    GROUPS.map(({ work, cases }) => withRunner(undefined, work, () => cases.map(valueOf)));

  beforeAll(() => {
    configure({ relaxedSimd });
    alone = results();
  });
  afterAll(() => configure({ relaxedSimd: false }));

  it.each([2, 3, 7])("give the same bits: %i", (threads) => {
    withThreads(threads);
    expect(results()).toEqual(alone);
  });

  it("give the same bits when workers sleep at random", () => {
    withThreads(3, HOSTILE);
    expect(results()).toEqual(alone);
  });
});

describe("a team", () => {
  it("starts at the first work that is worth it, and not before", () => {
    configure({ threads: 2 });
    ops.relu(tensor([1, 2, 3]));
    expect(runtimeInfo().threads).toEqual({ ready: 1, wanted: 2 });
    withThreads(2);
  });

  it("goes on when memory grows", () => {
    withThreads(2);
    const { reserved } = runtimeInfo().memory;
    const large = tensor(new Float32Array(reserved / 4).fill(-1));
    const sum = ops.sum(ops.relu(ops.scale(large, -1)));
    expect(sum.data[0]).toBe(large.size);
    expect(runtimeInfo().memory.reserved).toBeGreaterThan(reserved);
    expect(isRight()).toBe(true);
  });

  it("does not count as memory in use, and gives its own back when it ends", () => {
    const { used, reserved } = runtimeInfo().memory;
    for (let i = 0; i < 20; i++) {
      withThreads(3);
      expect(runtimeInfo().memory.used).toBe(used);
      configure({ threads: 1 });
    }
    expect(runtimeInfo().memory.reserved).toBeLessThan(reserved + 40 * 2 ** 20);
    expect(runtimeInfo().threads).toEqual({ ready: 1, wanted: 1 });
  });

  it("goes on with another binary", () => {
    withThreads(2);
    configure({ relaxedSimd: true });
    withThreads(2);
    expect(isRight()).toBe(false);
    configure({ relaxedSimd: false });
    expect(isRight()).toBe(true);
  });

  /**
   * How many of so many products the team is asked for, by a clock on which each grain of this thread takes 1 ms, and the
   * worker's last one so many; every look at the clock takes 1 ms, too.
   */
  function askedFor(products: number, lastGrain: number): number {
    let time = performance.now();
    let asked = 0;
    const { add, store } = Atomics;
    const spies = [
      vi.spyOn(performance, "now").mockImplementation(() => (time += 1)),
      vi.spyOn(Atomics, "add").mockImplementation(((words: Int32Array, word: number, value: number) => {
        if (word === WORDS.next) time += 1;
        return add(words, word, value);
      }) as typeof add),
      vi.spyOn(Atomics, "store").mockImplementation(((words: Int32Array, word: number, value: number) => {
        if (word === WORDS.phase && value % 2 === 1) asked++;
        else if (word === WORDS.phase) time += lastGrain;
        return store(words, word, value);
      }) as typeof store),
    ];
    for (let i = 0; i < products; i++) expect(isRight()).toBe(true);
    for (const spy of spies) spy.mockRestore();
    return asked;
  }

  it("is left alone for a while where its workers lose their cores in the middle of a grain", () => {
    withThreads(2);
    const asked = askedFor(40, 30);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(40 / 2);
  });

  it("is asked for every job where its workers end when this thread does", () => {
    withThreads(2);
    expect(askedFor(40, 0)).toBe(40);
  });

  it("begins anew where there are others", () => {
    for (let i = 0; i < 3; i++) {
      withThreads(2);
      expect(askedFor(1, 30)).toBe(1);
    }
  });

  it("gives the right bits where its workers lose their cores in the middle of a grain", () => {
    const SLOW = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);";
    withThreads(2, programWith(CALL, SLOW + CALL));
    for (let i = 0; i < 10; i++) expect(isRight()).toBe(true);
  });

  it("sleeps when there is nothing to do", async () => {
    withThreads(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(200);
    expect(isRight()).toBe(true);
  });
});

describe("a worker that fails", () => {
  it("in a kernel is an error with the kernel's name, after which everything works on", () => {
    expect(() => {
      // Products are computed while the worker starts: it may fail there already.
      withThreads(2, programWith(CALL, `if (true) throw new Error("trap"); ${CALL}`));
      for (let i = 0; i < 1000; i++) product();
    }).toThrow(/^gemm: the kernel must end, and it failed on a worker; from now on there is one thread$/);
    expect(isRight()).toBe(true);
    expect(runtimeInfo().threads).toMatchObject({
      ready: 1,
      wanted: 1,
      note: expect.stringContaining("failed"),
    });
    withThreads(2);
    expect(isRight()).toBe(true);
  });

  it("by dying in a kernel is an error too, however long that takes to notice", () => {
    const wait = vi.spyOn(Atomics, "wait").mockImplementation(() => {
      for (const end = Date.now() + 1; Date.now() < end;);
      return "timed-out";
    });
    try {
      expect(() => {
        withThreads(2, programWith(CALL, `globalThis.process.exit(3); ${CALL}`));
        for (let i = 0; i < 1000; i++) product();
      }).toThrow(/^gemm: the kernel must end, and its worker has not answered for 30 s$/);
    } finally {
      wait.mockRestore();
    }
    expect(isRight()).toBe(true);
  });

  it("at its start leaves one thread, and says why", async () => {
    configure({ threads: 2, workerUrl: "data:text/javascript,throw new Error('no start')" });
    for (let i = 0; i < 3; i++) product();
    await vi.waitFor(() => expect(runtimeInfo().threads.note).toMatch(/one thread only.*no start/), 5000);
    expect(isRight()).toBe(true);
  });

  it("that cannot even be made leaves one thread, and says why", () => {
    configure({ threads: 2, workerUrl: "not a url" });
    expect(isRight()).toBe(true);
    expect(runtimeInfo().threads.note).toMatch(/one thread only.*cannot be started/);
  });
});

describe("by itself", () => {
  it("a copy of the library leaves the cores to the copy that came first, and says so", async () => {
    withThreads(2);
    vi.resetModules();
    const copy = await import("../../src/index.js");
    copy.configure({ threads: "auto" });
    const { wanted, note } = copy.runtimeInfo().threads;
    expect({ wanted, note }).toEqual({ wanted: 1, note: expect.stringMatching(/another copy.*has 2/) });
  });
});

describe("configure", () => {
  it.each([0, 65, 1.5, Number.NaN, "2", null, true])("refuses threads: %s", (threads) => {
    expect(() => configure({ threads: threads as never })).toThrow(/^configure: threads must be/);
  });

  it.each([1, null, {}, { href: 2 }])("refuses workerUrl: %s", (workerUrl) => {
    expect(() => configure({ workerUrl: workerUrl as never })).toThrow(/^configure: workerUrl must be a URL/);
  });
});
