// Typed entries of the normalisation kernels over [rows, channels].

import { currentKernels } from "./runtime.js";
import { addressOf, type Operand } from "./storage.js";

/** A tensor seen as [rows, channels], and what is added to its variances. */
export interface NormSizes {
  readonly rows: number;
  readonly channels: number;
  readonly epsilon: number;
}

/** The parameters and moments of a normalisation, one value per channel each. */
export interface Moments {
  readonly mean: Operand;
  readonly variance: Operand;
}

/** Biased variance of each channel around given means. */
export function channelVariance(
  x: Operand,
  mean: Operand,
  variance: Operand,
  { rows, channels }: Omit<NormSizes, "epsilon">,
): void {
  currentKernels().channelVariance(addressOf(x), addressOf(mean), addressOf(variance), rows, channels);
}

export function normalize(
  x: Operand,
  { mean, variance }: Moments,
  gamma: Operand,
  beta: Operand,
  y: Operand,
  { rows, channels, epsilon }: NormSizes,
): void {
  const kernel = currentKernels().normalize;
  const [m, v, g, b] = [mean, variance, gamma, beta].map(addressOf);
  kernel(addressOf(x), m, v, g, b, addressOf(y), rows, channels, epsilon);
}

export function normalizeParameterGradients(
  x: Operand,
  dy: Operand,
  { mean, variance }: Moments,
  dgamma: Operand,
  dbeta: Operand,
  { rows, channels, epsilon }: NormSizes,
): void {
  const kernel = currentKernels().normalizeParameterGradients;
  const [m, v, g, b] = [mean, variance, dgamma, dbeta].map(addressOf);
  kernel(addressOf(x), addressOf(dy), m, v, g, b, rows, channels, epsilon);
}

export function normalizeInputGradient(
  x: Operand,
  dy: Operand,
  { mean, variance }: Moments,
  gamma: Operand,
  dgamma: Operand,
  dbeta: Operand,
  dx: Operand,
  { rows, channels, epsilon }: NormSizes,
): void {
  const kernel = currentKernels().normalizeInputGradient;
  const [m, v, g, dg, db] = [mean, variance, gamma, dgamma, dbeta].map(addressOf);
  kernel(addressOf(x), addressOf(dy), m, v, g, dg, db, addressOf(dx), rows, channels, epsilon);
}
