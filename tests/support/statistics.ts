// How far samples are from what a distribution promises.

/** Mean, variance, skewness and kurtosis. */
export function moments(values: Float32Array): [number, number, number, number] {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length;
  const variance = central(2);
  return [mean, variance, central(3) / variance ** 1.5, central(4) / variance ** 2];
}

/**
 * The statistic of Kolmogorov and Smirnov, times √n: the largest distance between the share of samples up to x and
 * the distribution function at x. One time in a thousand it exceeds 1.95.
 */
export function kolmogorovSmirnov(values: Float32Array, cumulative: (x: number) => number): number {
  const sorted = values.slice().sort();
  const count = sorted.length;
  let distance = 0;
  for (const [i, x] of sorted.entries()) {
    const wanted = cumulative(x);
    distance = Math.max(distance, Math.abs(i / count - wanted), Math.abs((i + 1) / count - wanted));
  }
  return distance * Math.sqrt(count);
}

/** Pearson's Σ (observed − expected)² / expected. */
export function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0);
}

/** How often each of the numbers 0 to `kinds` − 1 occurs. */
export function countsOf(values: Iterable<number>, kinds: number): number[] {
  const counts = Array.from({ length: kinds }, () => 0);
  for (const value of values) counts[value]++;
  return counts;
}
