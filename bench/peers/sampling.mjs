// Medians of many runs, synchronous or not; tinybench is the project's own.

import { Bench } from "tinybench";

function benchOf(run, time) {
  const options = { time, iterations: 10, warmupTime: time / 4, warmupIterations: 10, throws: true };
  return new Bench({ ...options, retainSamples: true }).add("run", run);
}

function summary([{ result }]) {
  const { p50, p75, samples } = result.latency;
  return { milliseconds: p50, spread: (p75 - samples[Math.floor(samples.length / 4)]) / p50 };
}

/** @returns {{ milliseconds: number, spread: number }} median, and interquartile range in parts of it */
export function sample(run, time) {
  return summary(benchOf(() => void run(), time).runSync());
}

export async function sampleAsync(run, time) {
  return summary(await benchOf(async () => void (await run()), time).run());
}
