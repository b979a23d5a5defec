// The harness of the benchmarks: seeded data, one comparison with the definition, sampling, and the machine's
// limits measured in the same run. It knows no kernel but the two yardsticks.

import { Bench } from "tinybench";
import { configure, scope, type Shape, tensor, type Tensor } from "../src/index.js";
import { emptyTensor, sizeOf } from "../src/tensor/tensor.js";
import { multiplyAddLoop } from "../src/wasm/generated.js";
import { fill, stridedCopy } from "../src/wasm/kernels.js";
import { withRunner } from "../src/wasm/run.js";
import { runInOrder } from "../src/wasm/threads/share.js";

/** Which of the two binaries runs. */
export type Binary = "simd" | "relaxed";

/**
 * What one run amounts to: floating-point operations (a multiply-add is two), or bytes, where every array that is
 * read and every array that is written counts once. Tiny operations are counted to tell the time of each.
 */
export type Work =
  | { readonly flops: number; readonly operations?: number }
  | { readonly bytes: number; readonly elements?: number };

/** An element of the result by the definition, computed in float64, and how far float32 may be from it. */
export interface Expected {
  readonly value: number;
  readonly bound: number;
}

/** A case made ready: operands made, output allocated. */
export interface Trial {
  /** What is timed; always returns the same result. */
  run(): Tensor;
  /** The definition, one element at a time; absent for whole training steps, which tests compare with PyTorch. */
  expected?(index: number): Expected;
}

/** One line of the table. */
export interface Case {
  readonly title: string;
  readonly work: Work;
  /** Leave the scope to the operation: it then copies its operands in and its result out at every call. */
  readonly outsideScope?: boolean;
  prepare(): Trial;
}

/** A measured case. */
export interface Row {
  readonly title: string;
  readonly binary: Binary;
  /** On one thread: the median, its interquartile range in parts of it, and the least. */
  readonly milliseconds: number;
  readonly spread: number;
  readonly least: number;
  readonly samples: number;
  readonly rate: number;
  readonly unit: "GFLOP/s" | "GB/s";
  readonly nanosecondsPerElement?: number;
  readonly nanosecondsPerOperation?: number;
  /** Rate in parts of the roofline: multiply-adds in registers, or a copy that moves as many bytes. */
  readonly share: number;
  /** On several threads, where there are. */
  readonly shared?: { readonly threads: number; readonly milliseconds: number; readonly least: number };
}

/** What the machine can do at most, in units of 10⁹ per second. */
export interface Roofline {
  readonly multiplyAdd: number;
  /** Bytes read plus bytes written by a copy that moves so many: what fits a cache is copied faster. */
  copy(bytes: number): number;
}

const COMPARED = 400;
const WARM_UP_CALLS = 10;
const LEAST_SAMPLES = 10;

/** Uniform numbers from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A tensor of uniform numbers in [low, high). */
export function randomTensor(seed: number, shape: Shape, low = -1, high = 1): Tensor {
  const next = randomNumbers(seed);
  const values = Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * next());
  return tensor(values, shape);
}

/** A tensor on the heap for a kernel to write, NaN until then. */
export function poisonedTensor(shape: Shape): Tensor {
  const output = emptyTensor(shape);
  fill(output, output.size, NaN);
  return output;
}

/** A sum of products by definition; float32 in any order stays within count·2⁻²⁴·Σ|product| of it. */
export function sumOf(count: number, product: (index: number) => number): Expected {
  let value = 0;
  let magnitude = 0;
  for (let index = 0; index < count; index++) {
    const term = product(index);
    value += term;
    magnitude += Math.abs(term);
  }
  return { value, bound: count * 2 ** -24 * magnitude };
}

/** A value that float32 may miss by a few units in the last place. */
export function within(ulp: number, value: number): Expected {
  return { value, bound: ulp * 2 ** -23 * Math.abs(value) };
}

/** Compares the first, the last and randomly chosen elements with the definition. */
function compare(title: string, { data, size }: Tensor, expected: NonNullable<Trial["expected"]>): void {
  const next = randomNumbers(size);
  const chosen = Array.from({ length: COMPARED }, () => Math.floor(next() * size));
  for (const index of new Set([0, size - 1, ...chosen])) {
    const { value, bound } = expected(index);
    if (!(Math.abs(data[index] - value) <= bound)) {
      throw new Error(`${title}: element ${index} must be within ${bound} of ${value}, got ${data[index]}`);
    }
  }
}

interface Sample {
  readonly milliseconds: number;
  readonly spread: number;
  readonly least: number;
  readonly samples: number;
}

/** How often things that are compared take turns, so that a disturbance of the machine meets all of them. */
const TURNS = 3;

/** Times of many runs, after a warm-up in which V8's second compiler takes over. */
function timesOf(run: () => unknown, time: number): readonly number[] {
  const bench = new Bench({
    time,
    iterations: LEAST_SAMPLES,
    warmupTime: time / 4,
    warmupIterations: WARM_UP_CALLS,
    retainSamples: true,
    throws: true,
  });
  bench.add("run", () => void run());
  const [{ result }] = bench.runSync();
  if (result.state !== "completed") throw new Error(`a benchmark must complete, got ${result.state}`);
  return result.latency.samples ?? [];
}

/** Median, interquartile range and least of many runs of each function, which take turns. */
function sample(runs: readonly (() => unknown)[], time: number): Sample[] {
  const turns = runs.length === 1 ? 1 : TURNS;
  const times = runs.map((): number[] => []);
  for (let turn = 0; turn < turns; turn++) {
    runs.forEach((run, i) => times[i].push(...timesOf(run, time / turns)));
  }
  return times.map((all) => {
    const sorted = all.sort((a, b) => a - b);
    const [least, p25, p50, p75] = [0, 1, 2, 3].map(
      (quarter) => sorted[Math.floor((sorted.length * quarter) / 4)],
    );
    return { milliseconds: p50, spread: (p75 - p25) / p50, least, samples: sorted.length };
  });
}

/** On one thread, whatever is configured. */
const alone = (run: () => unknown) => () => withRunner(runInOrder, undefined, run);

/** Chooses the binary; false where the runtime does not have it. */
export function chooseBinary(binary: Binary): boolean {
  try {
    configure({ relaxedSimd: binary === "relaxed" });
    return true;
  } catch {
    return false;
  }
}

/** Measures what the binary in use can reach at most on this machine. */
export function measureRoofline(time: number): Roofline {
  const copies = new Map<number, number>();
  return {
    multiplyAdd: scope(() => {
      const rounds = 100_000;
      const registers = emptyTensor([12]);
      fill(registers, registers.size, 0.5);
      // 13 chains of 4 lanes, a multiplication and an addition each.
      const flops = rounds * 13 * 4 * 2;
      const [{ milliseconds }] = sample([() => multiplyAddLoop({ rounds, p: registers })], time);
      return flops / milliseconds / 1e6;
    }),
    copy(bytes) {
      const known = copies.get(bytes);
      if (known !== undefined) return known;
      const rate = scope(() => {
        const count = Math.max(1, Math.round(bytes / 8));
        const from = poisonedTensor([count]);
        const to = poisonedTensor([count]);
        const [{ milliseconds }] = sample([alone(() => stridedCopy(from, to, [count], [1], [1]))], time);
        return (8 * count) / milliseconds / 1e6;
      });
      copies.set(bytes, rate);
      return rate;
    },
  };
}

/** Runs a case once, checks it against its definition, and hands it to `f`. */
export function withTrial<Result>(one: Case, f: (run: () => Tensor) => Result): Result {
  const checked = () => {
    const { run, expected } = one.prepare();
    const result = run();
    if (expected) compare(one.title, result, expected);
    return f(run);
  };
  return one.outsideScope ? checked() : scope(checked);
}

/** Checks a case against its definition, then times it, on one thread and on as many as are said. */
export function measure(one: Case, binary: Binary, roofline: Roofline, time: number, threads: number): Row {
  const { title, work } = one;
  const [times, several] = withTrial(one, (run) =>
    sample(threads === 1 ? [alone(run)] : [alone(run), run], time),
  );
  const shared = several && { shared: { threads, milliseconds: several.milliseconds, least: several.least } };
  const perUnit = (count: number) => (times.milliseconds * 1e6) / count;
  if ("flops" in work) {
    const rate = work.flops / times.milliseconds / 1e6;
    const share = rate / roofline.multiplyAdd;
    const row: Row = { title, binary, ...times, rate, unit: "GFLOP/s", share, ...shared };
    return work.operations === undefined
      ? row
      : { ...row, nanosecondsPerOperation: perUnit(work.operations) };
  }
  const rate = work.bytes / times.milliseconds / 1e6;
  const share = rate / roofline.copy(work.bytes);
  const row: Row = { title, binary, ...times, rate, unit: "GB/s", share, ...shared };
  return work.elements === undefined ? row : { ...row, nanosecondsPerElement: perUnit(work.elements) };
}
