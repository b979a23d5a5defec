// Laws of transposed convolution: the adjoint of convolution, and which output sizes it can have.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ops, type Padding, type Tensor, vjp } from "../../src/index.js";
import { convolution, type ConvolutionCase, integers } from "../support/arbitraries.js";
import {
  expectAdjoint,
  expectLinear,
  expectPure,
  expectSame,
  forAll,
  withBothBinaries,
} from "../support/laws.js";
import * as naive from "../support/naive.js";
import { countWindows, naiveGeometry, outputShape, paddingSides } from "../support/naiveGeometry.js";

/** Code, filter and options of a transposed convolution that undoes the drawn convolution's shape. */
function arrays({ input, filter, options, seed }: ConvolutionCase) {
  const g = naiveGeometry(input, filter, options);
  const back = { ...options, outputShape: [g.inHeight, g.inWidth] };
  return {
    g,
    back,
    y: integers(outputShape(g), seed),
    w: integers(filter, seed + 1),
    x: integers(input, seed + 2),
  };
}

describe("conv2dTranspose", () => {
  it("agrees with scattering every pixel to its window", () => {
    forAll(convolution, 300, (drawn) => {
      const { g, back, y, w } = arrays(drawn);
      expectSame(ops.conv2dTranspose(y, w, back), naive.conv2dInputGradient(y, w, g));
    });
  });

  it("agrees with a convolution of zero-filled images by the turned filter", () => {
    forAll(convolution, 100, (drawn) => {
      const { g, back, y, w } = arrays(drawn);
      expectSame(ops.conv2dTranspose(y, w, back), naive.transposeByZeroInsertion(y, w, g));
    });
  });

  it("is the adjoint of conv2d", () => {
    forAll(convolution, 100, (drawn) => {
      const { back, x, w, y } = arrays(drawn);
      const forward = (image: Tensor) => ops.conv2d(image, w, drawn.options);
      expectAdjoint(forward, (code) => ops.conv2dTranspose(code, w, back), x, y);
    });
  });

  it("is linear in the image and in the filter", () => {
    forAll(convolution, 60, (drawn) => {
      const { back, w, y } = arrays(drawn);
      const other = arrays({ ...drawn, seed: drawn.seed + 3 });
      expectLinear((code) => ops.conv2dTranspose(code, w, back), y, other.y);
      expectLinear((filter) => ops.conv2dTranspose(y, filter, back), w, other.w);
    });
  });

  it("differentiates to conv2d and its filter gradient", () => {
    forAll(convolution, 60, (drawn) => {
      const { g, back, x, w, y } = arrays(drawn);
      const bias = integers([g.inChannels], drawn.seed + 3);
      const f = (p: Tensor[]) => ops.conv2dTranspose(p[0], p[1], { ...back, bias: p[2] });
      const { value, grads } = vjp(f)(x, [y, w, bias]);
      expectSame(value, f([y, w, bias]));
      expectSame(grads[0], ops.conv2d(x, w, drawn.options));
      expectSame(grads[1], ops.conv2dFilterGradient(x, y, g));
      expectSame(grads[2], ops.sum(ops.reshape(x, [x.size / g.inChannels, g.inChannels]), { axis: 0 }));
    });
  });

  it("adds bias and activation as separate operations do, gradients included", () => {
    forAll(convolution, 60, (drawn) => {
      const { g, back, x, w, y } = arrays(drawn);
      const bias = integers([g.inChannels], drawn.seed + 3, 20);
      const fused = (p: Tensor[]) =>
        ops.conv2dTranspose(p[0], p[1], { ...back, bias: p[2], activation: "relu" });
      const parts = (p: Tensor[]) => ops.relu(ops.add(ops.conv2dTranspose(p[0], p[1], back), p[2]));
      const [actual, expected] = [fused, parts].map((f) => vjp(f)(x, [y, w, bias]));
      expectSame(actual.value, expected.value);
      expected.grads.forEach((grad, i) => expectSame(actual.grads[i], grad));
    });
  });

  it("gives the same result from both binaries, inside and outside a scope, and leaves its inputs unchanged", () => {
    forAll(convolution, 40, (drawn) => {
      const { back, w, y } = arrays(drawn);
      expectPure((y, w) => ops.conv2dTranspose(y, w, back), [y, w]);
      const { simd, relaxed } = withBothBinaries(() => ops.conv2dTranspose(y, w, back));
      expectSame(relaxed, simd);
    });
  });
});

/** One axis of a transposed convolution; the other has size and kernel 1. */
interface AxisCase {
  readonly windows: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: Padding;
}

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const axes: fc.Arbitrary<AxisCase> = fc.record({
  windows: upTo(9),
  kernel: upTo(7),
  stride: upTo(4),
  dilation: upTo(3),
  padding: fc.oneof(
    fc.constantFrom<Padding>("same", "valid"),
    fc.tuple(upTo(4, 0), upTo(4, 0)).map((sides): Padding => [sides, [0, 0]]),
  ),
});

/** Every image size that convolves to so many windows, found by trying. */
function sizesOf({ windows, padding, ...axis }: AxisCase): number[] {
  return Array.from({ length: 80 }, (_, at) => at + 1).filter((size) => {
    const [before, after] = paddingSides({ size, ...axis }, padding, 0);
    return countWindows({ size, ...axis }, before, after) === windows;
  });
}

/** Transposes along the height, [1, windows, 1, 1]. */
function transpose(
  { windows, kernel, stride, dilation, padding }: AxisCase,
  sizes: { outputShape?: number[]; outputPadding?: [number, number] } = {},
): Tensor {
  const options = { stride: [stride, 1], dilation: [dilation, 1], padding, ...sizes } as const;
  return ops.conv2dTranspose(integers([1, windows, 1, 1], 1), integers([kernel, 1, 1, 1], 2), options);
}

describe("conv2dTranspose › output size", () => {
  it("is each one that convolves to the input's, where asked for", () => {
    forAll(axes, 300, (axis) => {
      for (const size of sizesOf(axis)) {
        expect(transpose(axis, { outputShape: [size, 1] }).shape).toEqual([1, size, 1, 1]);
        expect(transpose(axis, { outputShape: [1, size, 1, 1] }).shape).toEqual([1, size, 1, 1]);
      }
    });
  });

  it("is no other, and the refusal lists the possible ones", () => {
    forAll(axes, 300, (axis) => {
      const sizes = sizesOf(axis);
      const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
      const listed = least === most ? `must be ${least} ` : `must be from ${least} to ${most} `;
      const wrong = sizes.length === 0 ? [1, 2, 30] : [least - 1, most + 1].filter((size) => size > 0);
      for (const size of wrong) {
        const call = () => transpose(axis, { outputShape: [size, 1] });
        expect(call).toThrow(RangeError);
        expect(call).toThrow(sizes.length === 0 ? "be reachable" : `output height ${listed}`);
        expect(call).toThrow(`got ${size}`);
      }
    });
  });

  it('is size · stride with "same"', () => {
    forAll(axes, 100, (axis) => {
      const { shape } = transpose({ ...axis, padding: "same" });
      expect(shape).toEqual([1, axis.windows * axis.stride, 1, 1]);
    });
  });

  it('is size · stride + max(kernel − stride, 0) with "valid", the kernel dilated', () => {
    forAll(axes, 100, (axis) => {
      const { windows, kernel, stride, dilation } = axis;
      const extent = (kernel - 1) * dilation + 1;
      const { shape } = transpose({ ...axis, padding: "valid" });
      expect(shape).toEqual([1, windows * stride + Math.max(extent - stride, 0), 1, 1]);
    });
  });

  /** An axis padded by numbers, and PyTorch's formula for its size. */
  const numeric = fc.tuple(axes, upTo(4, 0), upTo(4, 0), upTo(3, 0)).map(([axis, before, after, extra]) => {
    const { windows, kernel, stride, dilation } = axis;
    const size = (windows - 1) * stride + (kernel - 1) * dilation + 1 - before - after + extra;
    const padding: Padding = [
      [before, after],
      [0, 0],
    ];
    return { axis: { ...axis, padding }, extra, size, isPossible: size >= 1 && extra < stride };
  });

  it("is (size − 1) · stride + kernel − padding + outputPadding with numbers", () => {
    const possible = numeric.filter(({ isPossible }) => isPossible);
    forAll(possible, 200, ({ axis, extra, size }) => {
      expect(transpose(axis, { outputPadding: [extra, 0] }).shape).toEqual([1, size, 1, 1]);
    });
  });

  it("is refused with numbers that leave nothing or reach the next stride", () => {
    const impossible = numeric.filter(({ isPossible }) => !isPossible);
    forAll(impossible, 100, ({ axis, extra }) => {
      expect(() => transpose(axis, { outputPadding: [extra, 0] })).toThrow(RangeError);
    });
  });

  it("takes rows beyond those that the windows reach as zeros", () => {
    const y = ops.conv2dTranspose(integers([1, 2, 2, 1], 1), integers([1, 1, 1, 1], 2), { stride: 3 });
    expect(y.shape).toEqual([1, 6, 6, 1]);
    expect(y.data.slice(24)).toEqual(new Float32Array(12));
  });
});
