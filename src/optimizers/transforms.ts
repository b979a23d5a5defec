// Gradient transforms: functions from gradients to gradients, and `chain`, which puts them before an optimizer.

import { tensorsLike } from "../tensor/asLike.js";
import { checkFunction, checkNumber, checkOptions, refuseValue } from "../check/check.js";
import { checkNoStrangers } from "../tensor/plain.js";
import { inScope } from "../tensor/scope.js";
import { emptyTensor, type Tensor } from "../tensor/tensor.js";
import { copyTree, mapTree, tensorsOf } from "../tensor/tree.js";
import { axpy } from "../wasm/generated.js";
import { clip, scale, sumOfSquares } from "../wasm/kernels.js";
import { type Mask, maskTest } from "./mask.js";
import {
  checkOptimizer,
  defineOptimizer,
  initialState,
  type Optimizer,
  parametersOf,
  updateInPlace,
} from "./optimizer.js";

/** From gradients, and the parameters they belong to, to gradients of the same structure and shapes. */
export type GradientTransform = <Params>(grads: Params, params: Params) => Params;

/** A tree with a kernel run over every tensor, into new ones. */
function mapWithKernel<T>(where: string, grads: T, kernel: (x: Tensor, y: Tensor, n: number) => void): T {
  const run = (x: Tensor): Tensor => {
    const y = emptyTensor(x.shape);
    kernel(x, y, x.size);
    return y;
  };
  return inScope(() => mapTree(grads, run, [where, "grads"]));
}

/**
 * The norm of all numbers of a tree together, `√Σ g²`, summed in float64.
 *
 * @param tree - tensors in arrays and objects
 * @returns the norm, ≥ 0; NaN where the tree holds one
 * @throws {RangeError} when the tree is nested more than 64 deep, as one that holds itself is
 * @example
 * globalNorm({ kernel: tensor([3]), bias: tensor([4]) }); // 5
 */
export function globalNorm(tree: unknown): number {
  checkNoStrangers("globalNorm", "tree", tree);
  return inScope(() => {
    const squares = tensorsOf(tree, ["globalNorm", "tree"]).map((t) => sumOfSquares(t, t.size));
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  });
}

/**
 * Clips every number of the gradients to [−limit, limit].
 *
 * @param limit - > 0
 * @returns the transform: `(grads) => grads`
 * @throws {RangeError} when the limit is not > 0
 * @example
 * clipByValue(0.5)({ w: tensor([-2, 0.25]) }).w.data; // [-0.5, 0.25]
 */
export function clipByValue(limit: number): <Params>(grads: Params) => Params {
  checkPositive("clipByValue", "limit", limit);
  return (grads) => {
    checkNoStrangers("clipByValue", "grads", grads);
    return mapWithKernel("clipByValue", grads, (x, y, n) => clip(x, y, n, -limit, limit));
  };
}

/**
 * Scales all gradients by `maxNorm / max(norm, maxNorm)`, the norm that of all of them together: their direction
 * stays. Gradients below the limit are returned as they are.
 *
 * @param maxNorm - > 0
 * @returns the transform: `(grads) => grads`
 * @throws {RangeError} when the limit is not > 0
 * @example
 * clipByGlobalNorm(1)({ a: tensor([3]), b: tensor([4]) }); // { a: [0.6], b: [0.8] }
 * @see Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1
 */
export function clipByGlobalNorm(maxNorm: number): <Params>(grads: Params) => Params {
  checkPositive("clipByGlobalNorm", "maxNorm", maxNorm);
  return (grads) => {
    const norm = globalNorm(grads);
    if (norm <= maxNorm) return grads;
    return mapWithKernel("clipByGlobalNorm", grads, (x, y, n) => scale(x, y, n, maxNorm / norm, 0));
  };
}

/**
 * Adds `rate·p` to the gradients: the gradient of the penalty ½·rate·‖p‖² (L2). With Adam this is not the decay of
 * {@link adamw}, for it is divided by the root like the rest of the gradient.
 *
 * @param rate - ≥ 0
 * @param options.mask - which parameters decay: a tree of booleans, or a function of the path (default: all)
 * @returns the transform: `(grads, params) => grads`
 * @throws {TypeError} when the mask is of the wrong kind; later, when trees differ in structure
 * @throws {RangeError} when the rate is negative; later, when shapes differ
 * @example
 * const decay = weightDecay(1e-4, { mask: (path) => path.endsWith("kernel") });
 * const optimizer = chain(decay, sgd({ learningRate: 0.1 }));
 */
export function weightDecay(
  rate: number,
  options: { readonly mask?: Mask | undefined } = {},
): GradientTransform {
  const where = "weightDecay";
  checkNumber(where, "rate", rate, 0);
  checkOptions(where, options, ["mask"]);
  const decays = maskTest(where, options.mask);
  return (grads, params) =>
    inScope(() => {
      const parameters = parametersOf(where, params);
      const sums = copyTree(grads, [where, "grads"]);
      const targets = tensorsLike(where, "grads", sums, parameters);
      parameters.forEach((leaf, i) => {
        if (decays(leaf)) axpy({ alpha: rate, x: leaf.tensor, y: targets[i], n: leaf.tensor.size });
      });
      return sums;
    });
}

/**
 * An optimizer that sees transformed gradients: `chain(a, b, adam())` updates with `b(a(grads))`. Its state is the
 * optimizer's.
 *
 * @param links - gradient transforms in the order in which they apply, then the optimizer
 * @returns the optimizer
 * @throws {TypeError} when the last link is no optimizer, or another one no function
 * @example
 * const optimizer = chain(clipByGlobalNorm(1), weightDecay(1e-4), adam({ learningRate: 1e-3 }));
 */
export function chain<State>(
  ...links: [...transforms: GradientTransform[], optimizer: Optimizer<State>]
): Optimizer<State> {
  const optimizer = links.at(-1) as Optimizer<State>;
  const transforms = links.slice(0, -1) as GradientTransform[];
  transforms.forEach((transform, i) => checkFunction("chain", `links[${i}]`, transform));
  const last = `links[${transforms.length}]`;
  checkOptimizer("chain", last, optimizer);
  return defineOptimizer<State>({
    inner: optimizer as Optimizer,
    init: (params) => initialState(["chain.init", last], optimizer, params),
    updateInPlace(grads, state, params) {
      const where = "chain.update";
      const parameters = parametersOf(where, params);
      tensorsLike(where, "grads", grads, parameters);
      const transformed = transforms.reduce((before, transform, i) => {
        const after = transform(before, params);
        tensorsLike(where, `links[${i}]`, after, parameters);
        return after;
      }, grads);
      return updateInPlace([where, last], optimizer, transformed, state, params);
    },
  });
}

function checkPositive(where: string, argument: string, value: number): void {
  checkNumber(where, argument, value, 0);
  if (value === 0) refuseValue(where, argument, "be > 0", value);
}
