// Laws of convolution and its gradients, over the whole space of shapes and options.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Conv2dGeometry, configure, ops, type Tensor, tensor, vjp } from "../../src/index.js";
import { convolution, type ConvolutionCase, integers, reals } from "../support/arbitraries.js";
import {
  expectAdjoint,
  expectLinear,
  expectNear,
  expectPure,
  expectSame,
  forAll,
  withBothBinaries,
} from "../support/laws.js";
import * as naive from "../support/naive.js";
import { naiveGeometry, outputShape } from "../support/naiveGeometry.js";

/** The three arrays of a convolution, drawn: image, filter, and gradient of the output. */
function arrays({ input, filter, options, seed }: ConvolutionCase, draw = integers) {
  const g = naiveGeometry(input, filter, options);
  return { g, x: draw(input, seed), w: draw(filter, seed + 1), y: draw(outputShape(g), seed + 2) };
}

/** Sizes, strides, dilation, padding and groups: what conv2dGeometry is told. */
const told = ({ input, filter, options }: ConvolutionCase) => ops.conv2dGeometry(input, filter, options);

describe.each([
  { binary: "simd", relaxedSimd: false },
  { binary: "relaxed", relaxedSimd: true },
])("conv2d › $binary", ({ relaxedSimd }) => {
  beforeAll(() => configure({ relaxedSimd }));
  afterAll(() => configure({ relaxedSimd: "auto" }));

  it("agrees with the definition for every stride, dilation, padding and grouping", () => {
    forAll(convolution, 500, (drawn) => {
      const { g, x, w } = arrays(drawn);
      expectSame(ops.conv2d(x, w, drawn.options), naive.conv2d(x, w, g));
    });
  });

  it("has the input gradient of the definition", () => {
    forAll(convolution, 500, (drawn) => {
      const { g, w, y } = arrays(drawn);
      expectSame(ops.conv2dInputGradient(y, w, g), naive.conv2dInputGradient(y, w, g));
    });
  });

  it("has the filter gradient of the definition", () => {
    forAll(convolution, 500, (drawn) => {
      const { g, x, y } = arrays(drawn);
      expectSame(ops.conv2dFilterGradient(x, y, g), naive.conv2dFilterGradient(x, y, g));
    });
  });
});

describe("conv2dGeometry", () => {
  it("agrees with counting windows one by one", () => {
    forAll(convolution, 300, (drawn) => {
      expect(told(drawn)).toEqual(naiveGeometry(drawn.input, drawn.filter, drawn.options));
    });
  });
});

describe("conv2dInputGradient", () => {
  it("takes no longer for strides beyond the image", () => {
    const options = { stride: 2 ** 24, padding: 8 };
    const g = ops.conv2dGeometry([1, 64, 64, 1], [2, 2, 1, 1], options);
    const [y, w] = [integers([1, 1, 1, 1], 1), integers([2, 2, 1, 1], 2)];
    expectSame(ops.conv2dInputGradient(y, w, g), naive.conv2dInputGradient(y, w, g));
  }, 2_000);
});

describe("conv2d", () => {
  it("is linear in the image and in the filter", () => {
    forAll(convolution, 60, (drawn) => {
      const { x, w } = arrays(drawn);
      const other = arrays({ ...drawn, seed: drawn.seed + 3 });
      expectLinear((image) => ops.conv2d(image, w, drawn.options), x, other.x);
      expectLinear((filter) => ops.conv2d(x, filter, drawn.options), w, other.w);
    });
  });

  it("has gradients that are linear in each argument", () => {
    forAll(convolution, 40, (drawn) => {
      const { g, x, w, y } = arrays(drawn);
      const other = arrays({ ...drawn, seed: drawn.seed + 3 });
      expectLinear((grad) => ops.conv2dInputGradient(grad, w, g), y, other.y);
      expectLinear((filter) => ops.conv2dInputGradient(y, filter, g), w, other.w);
      expectLinear((image) => ops.conv2dFilterGradient(image, y, g), x, other.x);
      expectLinear((grad) => ops.conv2dFilterGradient(x, grad, g), y, other.y);
    });
  });

  it("is the adjoint of its input gradient in the image, of its filter gradient in the filter", () => {
    forAll(convolution, 100, (drawn) => {
      const { g, x, w, y } = arrays(drawn);
      const forward = (image: Tensor, filter: Tensor) => ops.conv2d(image, filter, drawn.options);
      expectAdjoint(
        (image) => forward(image, w),
        (grad) => ops.conv2dInputGradient(grad, w, g),
        x,
        y,
      );
      expectAdjoint(
        (filter) => forward(x, filter),
        (grad) => ops.conv2dFilterGradient(x, grad, g),
        w,
        y,
      );
    });
  });

  it("differentiates to the gradient operations", () => {
    forAll(convolution, 60, (drawn) => {
      const { g, x, w, y } = arrays(drawn);
      const bias = integers([g.outChannels], drawn.seed + 3);
      const f = (p: Tensor[]) => ops.conv2d(p[0], p[1], { ...drawn.options, bias: p[2] });
      const { value, grads } = vjp(f)(y, [x, w, bias]);
      expectSame(value, f([x, w, bias]));
      expectSame(grads[0], ops.conv2dInputGradient(y, w, g));
      expectSame(grads[1], ops.conv2dFilterGradient(x, y, g));
      expectSame(grads[2], columnSums(y));
    });
  });

  it("differentiates twice: each gradient operation has the other two as gradients", () => {
    forAll(convolution, 40, (drawn) => {
      const { g, x, w, y } = arrays(drawn);
      const byInput = vjp((p: Tensor[]) => ops.conv2dInputGradient(p[0], p[1], g))(x, [y, w]).grads;
      expectSame(byInput[0], ops.conv2d(x, w, drawn.options));
      expectSame(byInput[1], ops.conv2dFilterGradient(x, y, g));
      const byFilter = vjp((p: Tensor[]) => ops.conv2dFilterGradient(p[0], p[1], g))(w, [x, y]).grads;
      expectSame(byFilter[0], ops.conv2dInputGradient(y, w, g));
      expectSame(byFilter[1], ops.conv2d(x, w, drawn.options));
    });
  });

  it("gives the same result inside and outside a scope and leaves its inputs unchanged", () => {
    forAll(convolution, 60, (drawn) => {
      const { g, x, w, y } = arrays(drawn);
      const bias = integers([g.outChannels], drawn.seed + 3);
      const forward = (x: Tensor, w: Tensor, bias: Tensor) =>
        ops.conv2d(x, w, { ...drawn.options, bias, activation: "relu" });
      expectPure(forward as (...inputs: Tensor[]) => Tensor, [x, w, bias]);
      expectPure((y, w) => ops.conv2dInputGradient(y, w, g), [y, w]);
      expectPure((x, y) => ops.conv2dFilterGradient(x, y, g), [x, y]);
    });
  });
});

/** Sum over all but the last axis. */
function columnSums(values: naive.Values): naive.Sums {
  const sums = naive.zeros([values.shape[values.shape.length - 1]]);
  for (let at = 0; at < values.data.length; at++) sums.data[at % sums.data.length] += values.data[at];
  return sums;
}

/** Products per element of the output, and of each gradient, at most. */
function lengthsOf(g: Conv2dGeometry) {
  const taps = g.kernelHeight * g.kernelWidth;
  return {
    forward: (taps * g.inChannels) / g.groups,
    byInput: (taps * g.outChannels) / g.groups,
    byFilter: g.batch * g.outHeight * g.outWidth,
  };
}

describe("both binaries", () => {
  const run = (drawn: ConvolutionCase, draw: typeof integers) => {
    const { g, x, w, y } = arrays(drawn, draw);
    return withBothBinaries(() => [
      ops.conv2d(x, w, drawn.options),
      ops.conv2dInputGradient(y, w, g),
      ops.conv2dFilterGradient(x, y, g),
    ]);
  };

  it("give the same convolutions of integers", () => {
    forAll(convolution, 40, (drawn) => {
      const { simd, relaxed } = run(drawn, integers);
      simd.forEach((result, i) => expectSame(relaxed[i], result));
    });
  });

  it("keep convolutions of real numbers within k·2⁻²⁴·Σ|x||w| of the definition", () => {
    forAll(convolution, 40, (drawn) => {
      const { g, x, w, y } = arrays(drawn, reals);
      const [ax, aw, ay] = [x, w, y].map(naive.absolute);
      const { forward, byInput, byFilter } = lengthsOf(g);
      const expected = [
        { truth: naive.conv2d(x, w, g), magnitude: naive.conv2d(ax, aw, g), k: forward },
        {
          truth: naive.conv2dInputGradient(y, w, g),
          magnitude: naive.conv2dInputGradient(ay, aw, g),
          k: byInput,
        },
        {
          truth: naive.conv2dFilterGradient(x, y, g),
          magnitude: naive.conv2dFilterGradient(ax, ay, g),
          k: byFilter,
        },
      ];
      const { simd, relaxed } = run(drawn, reals);
      expected.forEach(({ truth, magnitude, k }, i) => {
        const bound = naive.map(magnitude, (size) => k * 2 ** -24 * size);
        expectNear(simd[i], truth, bound);
        expectNear(relaxed[i], truth, bound);
      });
    });
  });
});

const ACTIVATIONS = {
  linear: (x: Tensor) => x,
  relu: (x: Tensor) => ops.relu(x),
  leakyRelu: (x: Tensor) => ops.leakyRelu(x, { alpha: 0.25 }),
  elu: (x: Tensor) => ops.elu(x, { alpha: 0.25 }),
  sigmoid: (x: Tensor) => ops.sigmoid(x),
  tanh: (x: Tensor) => ops.tanh(x),
};
const activations = Object.keys(ACTIVATIONS) as (keyof typeof ACTIVATIONS)[];

/** Small multiples of 1/64: sums stay exact, and mostly where no activation is flat. */
function sixtyFourths(shape: readonly number[], seed: number): Tensor {
  return tensor(
    integers(shape, seed).data.map((value) => value / 64),
    shape,
  );
}

describe.each(activations)("conv2d › fused with bias and %s", (activation) => {
  const fused = {
    activation,
    ...(activation === "leakyRelu" || activation === "elu" ? { alpha: 0.25 } : {}),
  };

  it("equals the separate operations, and so do its gradients", () => {
    forAll(convolution, 40, (drawn) => {
      const { g, x, y } = arrays(drawn);
      const w = sixtyFourths(drawn.filter, drawn.seed + 1);
      const bias = sixtyFourths([g.outChannels], drawn.seed + 3);
      const { options } = drawn;
      const whole = (p: Tensor[]) => ops.conv2d(p[0], p[1], { ...options, bias: p[2], ...fused });
      const parts = (p: Tensor[]) => ACTIVATIONS[activation](ops.add(ops.conv2d(p[0], p[1], options), p[2]));
      const [actual, expected] = [whole, parts].map((f) => vjp(f)(y, [x, w, bias]));
      expectSame(actual.value, expected.value);
      expectSame(actual.grads[0], expected.grads[0]);
      expectSame(actual.grads[1], expected.grads[1]);
      // The two sum the bias's gradient in different orders; no slope is above 1.
      const bound = naive.map(columnSums(naive.absolute(y)), (sum) => y.size * 2 ** -23 * sum);
      expectNear(actual.grads[2], expected.grads[2], bound);
    });
  });
});
