// A conditional VAE of single dense layers in float64: its terms and Bayes' rule, written out from the definitions.

import { fold, key, type ModelParams, random, type Tensor } from "../../src/index.js";

type Vector = readonly number[];

/** Parameters of a dense layer. */
export type Dense = { readonly kernel: Tensor; readonly bias: Tensor };

/** x·kernel + bias. */
function affine({ kernel, bias }: Dense, x: Vector): number[] {
  const [rows, units] = kernel.shape as readonly [number, number];
  if (x.length !== rows) throw new Error(`${x.length} numbers for ${rows} rows`);
  return Array.from({ length: units }, (_, unit) =>
    x.reduce((sum, value, row) => sum + value * kernel.data[row * units + unit]!, bias.data[unit]!),
  );
}

const tanh = (x: Vector) => x.map(Math.tanh);

/** Row i of a matrix. */
export const rowOf = ({ data, shape }: Tensor, i: number): number[] => [
  ...data.subarray((i * data.length) / shape[0]!, ((i + 1) * data.length) / shape[0]!),
];

/** 1 at the label's place. */
export const oneHot = (label: number, classes: number): number[] =>
  Array.from({ length: classes }, (_, i) => Number(i === label));

/** Mean and log-variance of q(z | x, y), of an encoder `dense(…, tanh)` that sees y where `as` says. */
export function posteriorOf({ weights }: ModelParams, x: Vector, y: Vector, as: "features" | "maps") {
  const encoder = weights.encoder as unknown as Dense;
  const heads = weights.posterior as unknown as { readonly mean: Dense; readonly logVar: Dense };
  const features = tanh(affine(encoder, as === "maps" ? [...x, ...y] : x));
  const seen = as === "maps" ? features : [...features, ...y];
  return { mean: affine(heads.mean, seen), logVar: affine(heads.logVar, seen) };
}

/** −log p(x | z, y) of the Bernoulli likelihood, of a decoder `dense(…)` that gives logits. */
export function crossEntropyOf({ weights }: ModelParams, z: Vector, x: Vector, y: Vector): number {
  const logits = affine(weights.decoder as unknown as Dense, [...z, ...y]);
  return logits.reduce((sum, a, i) => sum + Math.log(1 + Math.exp(a)) - x[i]! * a, 0);
}

/** −log p(x | z, y) on average over samples, and KL(q ‖ N(0, I)), of one example; its noise is that of its index. */
export function termsOf(
  params: ModelParams,
  x: Vector,
  y: Vector,
  { as, samples, example }: { as: "features" | "maps"; samples: number; example: number },
): { readonly reconstruction: number; readonly kl: number } {
  const { mean, logVar } = posteriorOf(params, x, y, as);
  const noise = random.normal(fold(key(0), example), [samples, mean.length]);
  let reconstruction = 0;
  for (let sample = 0; sample < samples; sample++) {
    const epsilon = rowOf(noise, sample);
    const z = mean.map((m, j) => m + Math.exp(logVar[j]! / 2) * epsilon[j]!);
    reconstruction += crossEntropyOf(params, z, x, y) / samples;
  }
  const kl = mean.reduce((sum, m, j) => sum + (m * m + Math.exp(logVar[j]!) - 1 - logVar[j]!) / 2, 0);
  return { reconstruction, kl };
}

/** log p(y) + bound(x | y), normalised over the classes, and the logarithm of what they were divided by. */
export function bayes(bounds: Vector, prior: Vector) {
  const joint = bounds.map((bound, y) => Math.log(prior[y]!) + bound);
  const most = Math.max(...joint);
  const evidence = most + Math.log(joint.reduce((sum, value) => sum + Math.exp(value - most), 0));
  return { logPosterior: joint.map((value) => value - evidence), evidence };
}

/** Parameters with those dense layers changed that y enters, of single dense layers as everything here. */
export function whereLabelsEnter(
  params: ModelParams,
  as: "features" | "maps",
  change: (layer: Dense) => Dense,
): ModelParams {
  const { encoder, posterior, decoder, ...rest } = params.weights as unknown as {
    readonly encoder: Dense;
    readonly posterior: { readonly mean: Dense; readonly logVar: Dense };
    readonly decoder: Dense;
  };
  const { mean, logVar } = posterior;
  const first =
    as === "maps"
      ? { encoder: change(encoder), posterior }
      : { encoder, posterior: { mean: change(mean), logVar: change(logVar) } };
  return { ...params, weights: { ...first, decoder: change(decoder), ...rest } };
}
