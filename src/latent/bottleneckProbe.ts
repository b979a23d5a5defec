// A convolutional code made visible: a convolution with one filter and a sigmoid, trained on codes that stay as they are.

import { valueAndGrad } from "../autodiff/autodiff.js";
import { refuseValue } from "../check/check.js";
import { binaryCrossEntropyWithLogits } from "../losses/binaryCrossEntropy.js";
import * as ops from "../ops/index.js";
import { adam } from "../optimizers/adam.js";
import { cosineDecay } from "../optimizers/schedules.js";
import { scope } from "../tensor/scope.js";
import { checkTensor, tensor, type Tensor, zeros } from "../tensor/tensor.js";

/** A convolution with one filter, as {@link ops.conv2d} takes it. */
export interface BottleneckProbe {
  /** Shape `[3, 3, channels, 1]`. */
  readonly kernel: Tensor;
  /** Shape `[1]`. */
  readonly bias: Tensor;
}

const KERNEL = 3;
/** Of Adam, on all codes; their channels have mean square 1, so one rate suits all. */
const STEPS = 200;
const LEARNING_RATE = 0.05;

/** What each channel is divided by: the root of its mean square, or 1 where it is always 0. */
function scalesOf(codes: Tensor): Tensor {
  const { data } = ops.mean(ops.square(codes), { axis: [0, 1, 2] });
  return tensor(data.map((square) => (square === 0 ? 1 : Math.sqrt(square))));
}

/** Numbers that a sigmoid can come near to; also refuses NaN. */
function checkValues(where: string, argument: string, { data }: Tensor, low: number, high: number): void {
  const odd = data.find((value) => !(value >= low && value <= high && Number.isFinite(value)));
  if (odd !== undefined) {
    refuseValue(where, argument, low === 0 ? "hold values from 0 to 1" : "hold finite numbers", odd);
  }
}

/**
 * Trains a convolution with one 3×3 filter and a sigmoid to draw pictures from convolutional codes: what can be seen in
 * the bottleneck of an autoencoder. The codes stay as they are, and the convolution is no part of the model.
 *
 * It makes the binary cross-entropy between sigmoid(codes ∗ kernel + bias) and the targets small. The problem is
 * convex, and begins at 0: nothing is random.
 *
 * @param codes - shape `[n, height, width, channels]`
 * @param targets - what shall be seen, from 0 to 1, shape `[n, height, width, 1]`: the images at the codes' size
 * @returns kernel and bias, for {@link ops.conv2d} with `{ bias, padding: "same", activation: "sigmoid" }`
 * @throws {TypeError} when an argument is not a tensor
 * @throws {RangeError} when shapes do not fit, codes are not finite, or targets lie outside of 0 to 1
 * @example
 * const codes = random.normal(key(1), [8, 7, 7, 4]);
 * const targets = random.uniform(key(2), [8, 7, 7, 1]);
 * const { kernel, bias } = bottleneckProbe(codes, targets);
 * ops.conv2d(codes, kernel, { bias, padding: "same", activation: "sigmoid" }).shape; // [8, 7, 7, 1]
 * @see Alain & Bengio, "Understanding intermediate layers using linear classifier probes" (2016)
 */
export function bottleneckProbe(codes: Tensor, targets: Tensor): BottleneckProbe {
  const where = "bottleneckProbe";
  checkTensor(where, "codes", codes, 4, "[n, height, width, channels]");
  checkTensor(where, "targets", targets, 4, "[n, height, width, 1]");
  const wanted = [...codes.shape.slice(0, 3), 1];
  if (targets.shape.some((size, axis) => size !== wanted[axis])) {
    refuseValue(where, "targets.shape", `be [${wanted.join(", ")}], as the codes are`, targets.shape);
  }
  checkValues(where, "codes", codes, -Infinity, Infinity);
  checkValues(where, "targets", targets, 0, 1);
  return scope(() => {
    const scales = scalesOf(codes);
    const scaled = ops.div(codes, scales);
    const optimizer = adam({ learningRate: cosineDecay({ from: LEARNING_RATE, steps: STEPS }) });
    const gradientOf = valueAndGrad(({ kernel, bias }: BottleneckProbe) =>
      binaryCrossEntropyWithLogits(ops.conv2d(scaled, kernel, { bias, padding: "same" }), targets),
    );
    let probe: BottleneckProbe = { kernel: zeros([KERNEL, KERNEL, codes.shape[3], 1]), bias: zeros([1]) };
    let state = optimizer.init(probe);
    for (let step = 0; step < STEPS; step++) {
      [probe, state] = scope(() => optimizer.update(gradientOf(probe).grads, state, probe));
    }
    // With the scales in the kernel, it takes codes as they are.
    return { kernel: ops.div(probe.kernel, ops.reshape(scales, [-1, 1])), bias: probe.bias };
  });
}
