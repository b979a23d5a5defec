// The gradients of whole stacks of layers agree with differences, whatever stands on what.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  avgPool2d,
  batchNorm,
  checkGradient,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  flatten,
  gaussianNoise,
  globalAvgPool,
  key,
  type Layer,
  layerNorm,
  ops,
  type Padding,
  parallel,
  reshape,
  residual,
  resizeConv2d,
  sequential,
  type Shape,
  softmax,
  type Tree,
  upsampleNearest,
  valueAndGrad,
} from "../../src/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { forAll } from "../support/laws.js";

// Smooth ones: differences across a kink say nothing of the slope on either side.
const activation = fc.constantFrom(
  ...(["linear", "gelu", "geluTanh", "silu", "sigmoid", "tanh", "softplus", "mish"] as const),
);
const upTo = (max: number) => fc.integer({ min: 1, max });
const filters = upTo(5).map((count) => 2 * count);
const window = fc.record(
  {
    stride: upTo(2),
    padding: fc.constantFrom<Padding>("same", 1, [
      [1, 0],
      [2, 1],
    ]),
    dilation: upTo(2),
    useBias: fc.boolean(),
    activation,
  },
  { requiredKeys: [] },
);
const vectors = fc
  .tuple(upTo(9), fc.boolean(), activation)
  .map(([units, useBias, activation]): Layer => dense(units, { useBias, activation }));
const keepers = fc.constantFrom<Layer>(
  // A large epsilon: where few values hardly differ, the normalised ones turn too sharply for differences.
  batchNorm({ epsilon: 0.1 }),
  layerNorm({ epsilon: 0.1 }),
  dropout(0.3),
  gaussianNoise(0.2),
  softmax(),
);
const images = fc.oneof(
  fc.tuple(filters, window).map(([count, options]): Layer => conv2d(count, { kernel: 3, ...options })),
  fc
    .tuple(filters, window)
    .map(([count, options]): Layer =>
      conv2dTranspose(count, { kernel: [2, 3], ...options, padding: "same" }),
    ),
  filters.map((count): Layer => resizeConv2d(count, { kernel: [1, 3], activation: "tanh" })),
  fc.constantFrom<Layer>(
    avgPool2d(2, { padding: "same" }),
    upsampleNearest([1, 2]),
    residual(conv2d(2, { kernel: 1, activation: "tanh" })),
    residual(sequential(batchNorm({ epsilon: 0.1 }), conv2d(2, { kernel: 3, groups: 2 }))),
  ),
);

/** Layers on images, then layers on vectors; images of two channels where a shortcut needs them. */
const stacks = fc
  .tuple(
    fc.array(fc.oneof(images, keepers), { minLength: 1, maxLength: 3 }),
    fc.constantFrom<Layer>(flatten(), globalAvgPool()),
    fc.array(fc.oneof(vectors, keepers), { minLength: 1, maxLength: 3 }),
  )
  .map(([first, middle, last]) => sequential(...first, middle, ...last))
  .filter((layer) => {
    try {
      return layer.outputShape(IMAGE).every((size) => size < 500);
    } catch {
      return false;
    }
  });
const IMAGE: Shape = [4, 5, 2];

/** A smooth scalar that depends on every output differently. */
function lossOf(layer: Layer, state: Tree, training: boolean, seed: number) {
  return ({ params, x }: { params: Tree; x: ReturnType<typeof reals> }) => {
    const { output } = layer.apply(params, state, x, { training, key: key(seed) });
    return ops.sum(ops.mul(ops.tanh(output), reals(output.shape, seed)));
  };
}

/** Step of differences: small enough for curved stacks, large enough for float32. */
const STEP = 2e-3;

describe("a stack of layers", () => {
  it.each([true, false])("has the gradients of its values, training: %s", (training) => {
    forAll(fc.record({ layer: stacks, seed }), 150, ({ layer, seed }) => {
      const { params, state } = layer.init(key(seed), IMAGE);
      const loss = lossOf(layer, state, training, seed);
      const at = { params, x: reals([4, ...IMAGE], seed) };
      const { analytic, numeric } = checkGradient(loss, at, { step: STEP, key: key(seed) });
      // Slopes near 0 are no more exact than the loss, whose terms are of order 1.
      const bound = 5e-3 * Math.max(1, Math.abs(analytic));
      expect(Math.abs(analytic - numeric), JSON.stringify(layer.spec)).toBeLessThan(bound);
    });
  });

  it("with heads has the gradients of both", () => {
    const encoder = sequential(
      conv2d(4, { kernel: 3, stride: 2, activation: "tanh" }),
      flatten(),
      parallel({ mean: dense(3), logVar: sequential(dense(5, { activation: "tanh" }), dense(3)) }),
    );
    const { params, state } = encoder.init(key(1), IMAGE);
    const x = reals([3, ...IMAGE], 1);
    const loss = (p: typeof params) => {
      const { mean, logVar } = encoder.apply(p, state, x).output;
      return ops.sum(ops.add(ops.square(mean), ops.exp(logVar)));
    };
    expect(checkGradient(loss, params).passed).toBe(true);
  });

  it("that decodes has the gradients of its values", () => {
    const decoder = sequential(
      dense(12, { activation: "tanh" }),
      reshape([2, 2, 3]),
      conv2dTranspose(4, { kernel: 3, stride: 2, activation: "gelu" }),
      batchNorm(),
      resizeConv2d(1, { kernel: 3, activation: "sigmoid" }),
    );
    const { params, state } = decoder.init(key(2), [3]);
    const z = reals([4, 3], 2);
    for (const training of [true, false]) {
      const loss = (p: typeof params) => ops.sum(ops.square(decoder.apply(p, state, z, { training }).output));
      expect(checkGradient(loss, params, { step: STEP }).passed).toBe(true);
    }
  });

  it("gives zeros, not errors, for parameters that the loss does not reach", () => {
    const heads = parallel({ used: dense(2), unused: dense(2) });
    const { params, state } = heads.init(key(1), [3]);
    const { grads } = valueAndGrad((p: typeof params) =>
      ops.sum(heads.apply(p, state, reals([2, 3], 1)).output.used),
    )(params);
    expect(grads.unused.kernel.data.every((value) => value === 0)).toBe(true);
    expect(grads.used.kernel.data.some((value) => value !== 0)).toBe(true);
  });
});
