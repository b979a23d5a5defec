// The seam: every kernel runs here, as a job cut into grains.
//
// A job is a kernel's number, its arguments in memory, a count of items and a grain. An item is what the kernel's outer
// loop counts: an element, a row, an image. The kernel does the items [first, first + count) when it is called
//
//     entry(job, first, count, scratch)
//
// and everything that it reads lies in memory: so a grain can run on any thread whose instance has the same memory, in
// any order, with that thread's scratch. The results are the same bits, because grains follow from shapes alone, no
// grain reads what another one writes, and sums over grains are kept apart until a later job adds them in order.
// Whoever plans a job (the callers in `generated.ts` and the files beside it) does not run it; whoever runs it does not
// plan.

import { currentRuntime, doubles, integers } from "./runtime.js";
import { runShared } from "./threads/share.js";

/** Runs all grains of a job that lies in memory: of a kernel's number, items, and items of a grain. */
export type Runner = (kernel: number, count: number, grain: number) => void;

/** Elements that are worth a grain: some 20 µs for the fastest kernels, so that handing one on is cheap beside it. */
const GRAIN = 1 << 16;

let grainWork = GRAIN;
let runner: Runner = runShared;

/** Runs the job whose arguments lie at {@link currentJob}. */
export function run(kernel: number, count: number, grain: number): void {
  runner(kernel, count, grain);
}

/** Where the next job's arguments are written, in 32-bit words. */
export function currentJob(): number {
  return currentRuntime().job / 4;
}

/** Writes the first words of the next job's arguments; returns where it lies, in 32-bit words. */
export function beginJob(...words: readonly number[]): number {
  const at = currentJob();
  for (let i = 0; i < words.length; i++) integers[at + i] = words[i];
  return at;
}

/** Items of a grain, for items of so much work each. */
export function grainOf(work: number): number {
  return Math.max(1, Math.ceil(grainWork / work));
}

/** Multiply-adds that take as long as one element does elsewhere. */
const PRODUCTS = 16;

/** Items of a grain, for items of so many multiply-adds each; at least so many, below which preparing them shows. */
export function grainOfProducts(products: number, least: number): number {
  return Math.max(grainOf(products / PRODUCTS), Math.ceil((least * grainWork) / GRAIN));
}

/** Most floats of all grains' sums together. */
const MOST_PARTIALS = 1 << 19;

/**
 * Items of a grain where each grain has a sum of `size` values: such that all sums stay within some megabytes, at most 32,
 * and adding them up is cheap.
 */
export function grainOfSums(count: number, grain: number, size: number): number {
  const most = Math.max(1, Math.min(32, Math.floor(MOST_PARTIALS / size)));
  return Math.max(grain, Math.ceil(count / most));
}

/** What one image costs a kernel that visits every tap of every window. */
export interface ImageSizes {
  readonly outHeight: number;
  readonly outWidth: number;
  readonly inChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
}

/** Images of a grain. */
export function grainOfImages(sizes: ImageSizes): number {
  const { outHeight, outWidth, inChannels, kernelHeight, kernelWidth } = sizes;
  return grainOf(outHeight * outWidth * inChannels * kernelHeight * kernelWidth);
}

/** Address of the last job's results. */
export function resultsAt(): number {
  return currentRuntime().job + currentRuntime().argumentBytes;
}

/** Items of a grain where each of `count` elements is an item and each grain leaves a result. */
export function grainWithResult(count: number, most: number): number {
  return Math.max(grainOf(1), Math.ceil(count / most));
}

/** The sum, in index order, of the results of the last job's grains. */
export function sumOfResults(count: number, grain: number): number {
  const first = resultsAt() / 8;
  const grains = Math.ceil(count / grain);
  let sum = 0;
  for (let i = 0; i < grains; i++) sum += doubles[first + i];
  return sum;
}

/**
 * @internal Lets another runner, or grains of less work, take part in what `f` does: how tests show that neither the
 * order of grains nor who runs them makes a difference.
 */
export function withRunner<Result>(
  next: Runner | undefined,
  work: number | undefined,
  f: () => Result,
): Result {
  const before = [runner, grainWork] as const;
  runner = next ?? runner;
  grainWork = work ?? grainWork;
  try {
    return f();
  } finally {
    [runner, grainWork] = before;
  }
}
