// Laws of the filter that is trained to see convolutional codes.

import { describe, expect, it } from "vitest";
import { key, ops, random, tensor, type Tensor, zeros } from "../../src/index.js";
import { type BottleneckProbe, bottleneckProbe } from "../../src/latent/index.js";
import { expectNothingHeld } from "../support/refusals.js";

const codes = random.normal(key(1), [12, 5, 4, 3]);
const kernel = random.normal(key(2), [3, 3, 3, 1], { deviation: 0.3 });
const bias = tensor([0.4]);
const view = (codes: Tensor, { kernel, bias }: BottleneckProbe) =>
  ops.conv2d(codes, kernel, { bias, padding: "same", activation: "sigmoid" });
const targets = view(codes, { kernel, bias });
const farthest = (a: Tensor, b: Tensor) =>
  ops.sub(a, b).data.reduce((most, difference) => Math.max(most, Math.abs(difference)), 0);

describe("bottleneckProbe", () => {
  it("finds the filter that drew the targets", () => {
    const probe = bottleneckProbe(codes, targets);
    expect(farthest(probe.kernel, kernel)).toBeLessThan(0.01);
    expect(farthest(probe.bias, bias)).toBeLessThan(0.01);
    expect(farthest(view(codes, probe), targets)).toBeLessThan(0.005);
  });

  it("sees the same in channels of any size, and in one that is always 0", () => {
    const sizes = tensor([1000, 1e-3, 0]);
    const some = ops.mul(codes, tensor([1, 1, 0]));
    const [plain, sized] = [some, ops.mul(codes, sizes)].map((own) =>
      view(own, bottleneckProbe(own, targets)),
    );
    expect(farthest(plain!, sized!)).toBeLessThan(1e-5);
  });

  it("stays at grey where the targets are", () => {
    const { kernel, bias } = bottleneckProbe(codes, ops.add(ops.scale(targets, 0), 0.5));
    expect(farthest(kernel, zeros(kernel.shape))).toBe(0);
    expect(farthest(bias, zeros([1]))).toBe(0);
  });

  it("leaves codes and targets as they are, and nothing on the heap", () => {
    const before = [codes, targets].map(({ data }) => Float32Array.from(data));
    bottleneckProbe(codes, targets);
    expectNothingHeld();
    expect([codes.data, targets.data]).toEqual(before);
  });

  it("refuses codes and targets that do not belong together or are no numbers to learn from", () => {
    const at = (shape: readonly number[], value: number) => ops.add(zeros(shape), value);
    expect(() => bottleneckProbe(zeros([2, 3]), targets)).toThrow("bottleneckProbe: codes");
    expect(() => bottleneckProbe(codes, zeros([12, 5, 4, 3]))).toThrow(
      "bottleneckProbe: targets.shape must be [12, 5, 4, 1], as the codes are, got [12, 5, 4, 3]",
    );
    expect(() => bottleneckProbe(codes, at(targets.shape, 1.5))).toThrow(
      "bottleneckProbe: targets must hold values from 0 to 1, got 1.5",
    );
    expect(() => bottleneckProbe(at(codes.shape, Infinity), targets)).toThrow(
      "bottleneckProbe: codes must hold finite numbers, got Infinity",
    );
  });
});
