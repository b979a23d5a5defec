// Laws of resizeConv2d: it is upsampling and a convolution, exactly where float32 can hold the results.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ops, type Tensor, tensor, trace, vjp } from "../../src/index.js";
import { multiplyAddsOf } from "../../src/autodiff/trace.js";
import { uniforms } from "../support/arbitraries.js";
import { expectRefused } from "../support/refusals.js";

/** Small integers. */
function integers(seed: number, shape: readonly number[]): Tensor {
  const next = uniforms(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, () => Math.floor(9 * next()) - 4),
    shape,
  );
}

interface Params {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly bias: Tensor;
}

/** The result and all gradients. */
function withGradients(f: (params: Params) => Tensor, params: Params): Float32Array[] {
  const y = f(params);
  const { grads } = vjp(f)(integers(3, y.shape), params);
  return [y, grads.x, grads.w, grads.bias].map(({ data }) => data);
}

const side = fc.integer({ min: 0, max: 4 });
const small = (max: number) => fc.integer({ min: 1, max });
const cases = fc
  .record({
    batch: small(2),
    height: small(5),
    width: small(5),
    channels: small(9),
    outputs: small(9),
    kernel: fc.tuple(small(4), small(4)),
    factor: fc.tuple(small(3), small(3)),
    stride: fc.constantFrom(1, 1, 1, 2),
    dilation: fc.constantFrom(1, 1, 1, 2),
    padding: fc.oneof(fc.constant("same"), fc.tuple(fc.tuple(side, side), fc.tuple(side, side))),
    activation: fc.constantFrom("linear", "relu", "mish"),
  })
  .filter(({ height, width, kernel, factor, dilation, padding }) => {
    if (padding === "same") return true;
    const [[top, bottom], [left, right]] = padding as [[number, number], [number, number]];
    const fits = (size: number, taps: number, sum: number) => size + sum >= (taps - 1) * dilation + 1;
    return (
      fits(height * factor[0], kernel[0], top + bottom) && fits(width * factor[1], kernel[1], left + right)
    );
  });

describe("resizeConv2d", () => {
  it("is upsampling, then a convolution, forward and backward", () => {
    fc.assert(
      fc.property(
        cases,
        ({ batch, height, width, channels, outputs, kernel, factor, activation, ...rest }) => {
          const params = {
            x: integers(1, [batch, height, width, channels]),
            w: integers(2, [...kernel, channels, outputs]),
            bias: integers(4, [outputs]),
          };
          // Mish is no integer, and takes what is.
          const options = { ...rest, activation: activation as never, padding: rest.padding as never };
          const one = ({ x, w, bias }: Params) => ops.resizeConv2d(x, w, { ...options, factor, bias });
          const two = ({ x, w, bias }: Params) =>
            ops.conv2d(ops.upsampleNearest(x, factor), w, { ...options, bias });
          const [got, wanted] = [withGradients(one, params), withGradients(two, params)];
          const tolerance = activation === "mish" ? 1e-3 : 0;
          got.forEach((values, i) => {
            expect(values.every((value, j) => Math.abs(value - wanted[i]![j]!) <= tolerance)).toBe(true);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it("takes 16 products instead of 36 for each pixel of 3×3 at factor 2", () => {
    const [x, w] = [integers(1, [1, 6, 6, 8]), integers(2, [3, 3, 8, 4])];
    const work = (f: (x: Tensor) => Tensor): number => multiplyAddsOf(trace(f, x));
    const one = work((x) => ops.resizeConv2d(x, w, { padding: "same" }));
    const two = work((x) => ops.conv2d(ops.upsampleNearest(x, 2), w, { padding: "same" }));
    expect(one / two).toBeCloseTo(16 / 36);
  });

  it("refuses what it cannot take, in its own name", () => {
    const [x, w] = [integers(1, [1, 4, 4, 2]), integers(2, [3, 3, 2, 4])];
    const refused = (kind: ErrorConstructor, start: string, filter: Tensor, options: object = {}) =>
      expectRefused(() => ops.resizeConv2d(x, filter, options), kind, start);
    expectRefused(() => ops.resizeConv2d([1] as never, w), TypeError, "resizeConv2d: input");
    refused(RangeError, "resizeConv2d: filter.shape[2]", integers(1, [3, 3, 3, 4]));
    refused(RangeError, "resizeConv2d: factor", w, { factor: 0 });
    refused(RangeError, "resizeConv2d: factor", w, { factor: 2 ** 20 });
    refused(RangeError, "resizeConv2d: bias.shape[0]", w, { bias: integers(1, [3]) });
    refused(TypeError, "resizeConv2d: ", w, { scale: 2 });
  });
});
