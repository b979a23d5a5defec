// Binary cross-entropy, from probabilities and from logits: fused kernels, in nats.

import { defineOp } from "../autodiff/autodiff.js";
import { checkOptions, refuseKind, refuseValue } from "../check/check.js";
import { mul, sub } from "../ops/arithmetic.js";
import { clip as cut, log, log1p, scale } from "../ops/pointwise.js";
import { inScope } from "../tensor/scope.js";
import { emptyTensor, type Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/generated.js";
import { countOutside } from "../wasm/kernels.js";
import { releaseEarly } from "../wasm/storage.js";
import {
  checkAlike,
  checkReduction,
  reduceElements,
  type Reduction,
  type ReductionOptions,
  upstreamOf,
} from "./reduction.js";

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** Where probabilities are cut off, 0 < low ≤ high < 1 as float32 (default [1e-7, 1 − 1e-7], Keras's). */
  readonly clip?: readonly [low: number, high: number] | undefined;
}

type Pairing = readonly [Tensor, Tensor];

/** Loss values of the shape of `template`, reduced. */
function reduced(template: Tensor, reduction: Reduction, write: (values: Tensor) => void): Tensor {
  const values = emptyTensor(template.shape);
  write(values);
  const result = reduceElements(values, reduction);
  if (result.storage !== values.storage) releaseEarly(values.storage);
  return result;
}

const logitsOp = defineOp<Pairing, Reduction>({
  name: "binaryCrossEntropyWithLogits",
  forward: ([logits, target], reduction) =>
    reduced(logits, reduction, (loss) =>
      kernels.bceLogits({ z: logits, t: target, y: loss, n: logits.size }),
    ),
  gradients: [
    (gradOutput, { inputs: [logits, target], options: reduction }) => {
      const dy = upstreamOf(gradOutput, logits, reduction);
      const gradLogits = emptyTensor(logits.shape);
      const sizes = { dyLength: dy.size, n: logits.size };
      kernels.bceLogitsGradient({ z: logits, t: target, dy, dz: gradLogits, ...sizes });
      return gradLogits;
    },
    (gradOutput, { inputs: [logits], options: reduction }) =>
      scale(mul(logits, upstreamOf(gradOutput, logits, reduction)), -1),
  ],
});

interface Clipping {
  readonly reduction: Reduction;
  /** Where probabilities are cut off; 0 < low ≤ high < 1, as float32. */
  readonly bounds: { readonly low: number; readonly high: number };
}

const probabilitiesOp = defineOp<Pairing, Clipping>({
  name: "binaryCrossEntropy",
  forward: ([p, target], { reduction, bounds }) =>
    reduced(p, reduction, (loss) =>
      kernels.bceProbabilities({ p, t: target, y: loss, n: p.size, ...bounds }),
    ),
  gradients: [
    (gradOutput, { inputs: [p, target], options: { reduction, bounds } }) => {
      const dy = upstreamOf(gradOutput, p, reduction);
      const gradP = emptyTensor(p.shape);
      const sizes = { dyLength: dy.size, n: p.size };
      kernels.bceProbabilitiesGradient({ p, t: target, dy, dp: gradP, ...sizes, ...bounds });
      return gradP;
    },
    (gradOutput, { inputs: [p], options: { reduction, bounds } }) => {
      const clipped = cut(p, bounds.low, bounds.high);
      const minusLogit = sub(log1p(scale(clipped, -1)), log(clipped));
      return mul(minusLogit, upstreamOf(gradOutput, p, reduction));
    },
  ],
});

/** Names the first value outside [0, 1]; NaN is nobody's fault here and passes on, as through every operation. */
export function checkUnitInterval(where: string, argument: string, x: Tensor): void {
  if (countOutside(x, x.size, 0, 1) === 0) return;
  const index = x.data.findIndex((value) => value < 0 || value > 1);
  refuseValue(where, `${argument}.data[${index}]`, "be from 0 to 1", x.data[index]);
}

/** Cross-entropy under the names that a public function gives its arguments. */
export function crossEntropyOfLogits(
  where: string,
  [logitsName, logits]: readonly [string, Tensor],
  [targetName, target]: readonly [string, Tensor],
  reduction: Reduction,
): Tensor {
  checkAlike(where, logitsName, logits, targetName, target);
  checkReduction(where, reduction, logitsName, logits.shape);
  return inScope(() => {
    checkUnitInterval(where, targetName, target);
    return logitsOp([logits, target], reduction);
  });
}

/** Float32's neighbours of 1e-7 and 1 − 1e-7. */
export const DEFAULT_CLIP: readonly [number, number] = [Math.fround(1e-7), Math.fround(1 - 1e-7)];

/** Cross-entropy under the names that a public function gives its arguments. */
export function crossEntropyOfProbabilities(
  where: string,
  [probabilitiesName, probabilities]: readonly [string, Tensor],
  [targetName, target]: readonly [string, Tensor],
  reduction: Reduction,
  clip: readonly [number, number] = DEFAULT_CLIP,
): Tensor {
  checkAlike(where, probabilitiesName, probabilities, targetName, target);
  checkReduction(where, reduction, probabilitiesName, probabilities.shape);
  if (!Array.isArray(clip)) refuseKind(where, "clip", "be a pair [low, high]", clip);
  // Symbols and BigInts cannot be asked for a float.
  const [low, high] = clip.map((bound: unknown) => (typeof bound === "number" ? Math.fround(bound) : NaN));
  if (clip.length !== 2 || !(0 < low && low <= high && high < 1)) {
    refuseValue(where, "clip", "be [low, high] with 0 < low ≤ high < 1 in float32", clip);
  }
  return inScope(() => {
    checkUnitInterval(where, probabilitiesName, probabilities);
    checkUnitInterval(where, targetName, target);
    return probabilitiesOp([probabilities, target], { reduction, bounds: { low, high } });
  });
}

/**
 * −target·log p − (1 − target)·log(1 − p), with p = prediction cut to `clip`; in nats.
 *
 * The gradient of the prediction passes at the bounds of `clip` and stops beyond, so a prediction that is rounded to
 * 0 or 1 no longer learns: where there are logits, {@link binaryCrossEntropyWithLogits} does without this.
 *
 * @param prediction - probabilities, from 0 to 1
 * @param target - from 0 to 1, of the same shape
 * @param options.reduction - `"mean"` over all elements (default), `"sum"`, `"perExample"` (over all axes but the
 *   first) or `"none"`
 * @param options.clip - 0 < low ≤ high < 1, as float32 (default [1e-7, 1 − 1e-7])
 * @returns rank 0 for mean and sum, `[batch]` for perExample, else the prediction's shape
 * @throws {RangeError} when the shapes differ, a value lies outside [0, 1], or the clip is not inside (0, 1)
 * @example
 * item(binaryCrossEntropy(tensor([0.5, 1]), tensor([1, 1]), { reduction: "sum" })); // 0.693…
 * @see Keras `binary_crossentropy`
 */
export function binaryCrossEntropy(
  prediction: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const where = "binaryCrossEntropy";
  checkOptions(where, options, ["reduction", "clip"]);
  const { reduction = "mean", clip } = options;
  return crossEntropyOfProbabilities(where, ["prediction", prediction], ["target", target], reduction, clip);
}

/**
 * −target·log σ(logits) − (1 − target)·log σ(−logits), as max(z, 0) − z·t + log1p(exp(−|z|)): finite for every
 * finite logit; in nats.
 *
 * @param logits - log(p / (1 − p)) of the probabilities
 * @param target - from 0 to 1, of the same shape
 * @param options.reduction - `"mean"` over all elements (default), `"sum"`, `"perExample"` (over all axes but the
 *   first) or `"none"`
 * @returns rank 0 for mean and sum, `[batch]` for perExample, else the logits' shape
 * @throws {RangeError} when the shapes differ or a target lies outside [0, 1]
 * @example
 * item(binaryCrossEntropyWithLogits(tensor([0, 200]), tensor([1, 1]), { reduction: "sum" })); // 0.693…
 * @see PyTorch `binary_cross_entropy_with_logits`
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  target: Tensor,
  options: ReductionOptions = {},
): Tensor {
  const where = "binaryCrossEntropyWithLogits";
  checkOptions(where, options, ["reduction"]);
  const { reduction = "mean" } = options;
  return crossEntropyOfLogits(where, ["logits", logits], ["target", target], reduction);
}
