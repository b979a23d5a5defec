// Where TensorFlow.js 4.22 is wrong, and what is right: numbers small enough to check by hand.

import { describe, expect, it } from "vitest";
import { ones, ops, tensor, type Tensor, vjp } from "../../src/index.js";

describe("gradient of padded average pooling", () => {
  const input = tensor([1, 2, 3, 4], [1, 2, 2, 1]);
  const pool = (countIncludePad: boolean) => (x: Tensor) =>
    ops.avgPool2d(x, 2, { stride: 1, padding: "same", countIncludePad });

  it("shares each window's gradient among its pixels inside the image", () => {
    // Windows of 4, 2, 2 and 1 pixels.
    expect([...pool(false)(input).data]).toEqual([2.5, 3, 3.5, 4]);
    expect([...vjp(pool(false))(ones([1, 2, 2, 1]), input).grads.data]).toEqual([0.25, 0.75, 0.75, 2.25]);
  });

  it("shares it among all taps where padding counts", () => {
    expect([...pool(true)(input).data]).toEqual([2.5, 1.5, 1.75, 1]);
    expect([...vjp(pool(true))(ones([1, 2, 2, 1]), input).grads.data]).toEqual([0.25, 0.5, 0.5, 1]);
  });
});

describe("gradient of nearest upsampling", () => {
  it("sums blocks of the second and third image as of the first", () => {
    const gradOutput = tensor(
      Float32Array.from({ length: 3 * 4 * 2 }, (_, i) => i),
      [3, 4, 2, 1],
    );
    const up = (x: Tensor) => ops.upsampleNearest(x, 2);
    const { grads } = vjp(up)(gradOutput, ones([3, 2, 1, 1]));
    expect([...grads.data]).toEqual([0 + 1 + 2 + 3, 4 + 5 + 6 + 7, 38, 54, 70, 86]);
  });
});

describe("numeric padding with a kernel that is not square", () => {
  it("pads all four sides alike", () => {
    const image = tensor([1, 2, 3, 4], [1, 2, 2, 1]);
    const { shape, data } = ops.conv2d(image, ones([1, 3, 1, 1]), { padding: 1 });
    expect(shape).toEqual([1, 4, 2, 1]);
    expect([...data]).toEqual([0, 0, 3, 3, 7, 7, 0, 0]);
    expect(ops.maxPool2d(image, [3, 2], { padding: 1, stride: 1 }).shape).toEqual([1, 2, 3, 1]);
    expect(ops.conv2dTranspose(ones([1, 4, 2, 1]), ones([1, 3, 1, 1]), { padding: 1 }).shape).toEqual([
      1, 2, 2, 1,
    ]);
  });
});

describe("an output shape that no convolution has", () => {
  it("is refused where a transposed convolution is asked for it", () => {
    const [code, filter] = [ones([1, 2, 2, 1]), ones([3, 3, 1, 1])];
    for (const outputShape of [
      [1, 3, 3, 1],
      [1, 4, 7, 1],
    ]) {
      const call = () => ops.conv2dTranspose(code, filter, { stride: 2, outputShape });
      expect(call).toThrow(/^conv2dTranspose: output (height|width) must be from 5 to 6/);
    }
    for (const outputShape of [
      [1, 2, 4, 1],
      [1, 4, 5, 1],
    ]) {
      const call = () => ops.conv2dTranspose(code, filter, { stride: 2, padding: "same", outputShape });
      expect(call).toThrow(/^conv2dTranspose: output (height|width) must be from 3 to 4/);
    }
  });

  it("is refused where the window is larger than the image", () => {
    const image = ones([1, 3, 3, 1]);
    const message = "kernel height (with dilation 1) must fit the padded input's 3 pixels, got 4";
    expect(() => ops.conv2d(image, ones([4, 3, 1, 1]))).toThrow(`conv2d: ${message}`);
    expect(() => ops.maxPool2d(image, [4, 3])).toThrow(`maxPool2d: ${message}`);
    expect(() => ops.avgPool2d(image, [4, 3])).toThrow(`avgPool2d: ${message}`);
  });
});
