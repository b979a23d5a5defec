// Laws of initialisers: the variance that the fans ask for, in every kind of kernel, and orthonormal rows or columns.

import { describe, expect, it } from "vitest";
import {
  conv2d,
  conv2dTranspose,
  dense,
  type InitializerName,
  key,
  type Layer,
  type KernelParams,
  type None,
  resizeConv2d,
  type Shape,
} from "../../src/index.js";

interface KernelCase {
  readonly what: string;
  readonly make: (kernelInitializer: InitializerName) => Layer<KernelParams, None>;
  readonly inputShape: Shape;
  readonly fanIn: number;
  readonly fanOut: number;
}

// Fans count what one output sees and what one input feeds: taps times the channels of its group.
const cases: KernelCase[] = [
  {
    what: "dense",
    make: (kernelInitializer) => dense(60, { kernelInitializer }),
    inputShape: [400],
    fanIn: 400,
    fanOut: 60,
  },
  {
    what: "conv2d",
    make: (kernelInitializer) => conv2d(96, { kernel: [3, 2], kernelInitializer }),
    inputShape: [8, 8, 24],
    fanIn: 6 * 24,
    fanOut: 6 * 96,
  },
  {
    what: "grouped conv2d",
    make: (kernelInitializer) => conv2d(192, { kernel: 3, groups: 4, kernelInitializer }),
    inputShape: [8, 8, 64],
    fanIn: 9 * 16,
    fanOut: 9 * 48,
  },
  {
    what: "depthwise conv2d",
    make: (kernelInitializer) => conv2d(1024, { kernel: 5, groups: 512, kernelInitializer }),
    inputShape: [8, 8, 512],
    fanIn: 25,
    fanOut: 50,
  },
  {
    what: "conv2dTranspose",
    make: (kernelInitializer) => conv2dTranspose(24, { kernel: [3, 2], stride: 2, kernelInitializer }),
    inputShape: [8, 8, 96],
    fanIn: 6 * 96,
    fanOut: 6 * 24,
  },
  {
    what: "grouped conv2dTranspose",
    make: (kernelInitializer) => conv2dTranspose(64, { kernel: 3, groups: 4, kernelInitializer }),
    inputShape: [8, 8, 192],
    fanIn: 9 * 48,
    fanOut: 9 * 16,
  },
  {
    what: "resizeConv2d",
    make: (kernelInitializer) => resizeConv2d(96, { kernel: 3, kernelInitializer }),
    inputShape: [4, 4, 24],
    fanIn: 9 * 24,
    fanOut: 9 * 96,
  },
];

const kernelOf = ({ make, inputShape }: KernelCase, name: InitializerName, seed = 1) =>
  make(name).init(key(seed), inputShape).params.kernel;

/** Kurtosis tells how far a sample's variance strays: a sample of n has the deviation √((kurtosis − 1) / n). */
const KURTOSIS = { Uniform: 1.8, Normal: 3 };

describe.each(cases)("the kernel of $what", (drawn) => {
  const { fanIn, fanOut } = drawn;

  it.each([
    ["glorotUniform", 2 / (fanIn + fanOut), "Uniform"],
    ["glorotNormal", 2 / (fanIn + fanOut), "Normal"],
    ["heUniform", 2 / fanIn, "Uniform"],
    ["heNormal", 2 / fanIn, "Normal"],
  ] as const)("by %s has mean 0 and the variance of its fans", (name, variance, kind) => {
    const { data, size } = kernelOf(drawn, name);
    const mean = data.reduce((sum, value) => sum + value, 0) / size;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / size));
    const sampled = data.reduce((sum, value) => sum + value * value, 0) / size;
    const deviation = Math.sqrt((KURTOSIS[kind] - 1) / size);
    expect(Math.abs(sampled / variance - 1)).toBeLessThan(5 * deviation);
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const limit = Math.sqrt(3 * variance);
    expect(largest <= limit * (1 + 2 ** -23)).toBe(kind === "Uniform");
  });

  it("by orthogonal has orthonormal rows or columns, the shorter side of both", () => {
    const { data, shape, size } = kernelOf(drawn, "orthogonal");
    const columns = shape[shape.length - 1];
    const rows = size / columns;
    const isWide = columns > rows;
    const [count, length] = isWide ? [rows, columns] : [columns, rows];
    const at = (vector: number, i: number) => data[isWide ? vector * columns + i : i * columns + vector];
    // Every vector with the next and with itself; all pairs of large kernels would take long.
    for (let v = 0; v < Math.min(count, 60); v++) {
      for (let w = 0; w <= v; w++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += at(v, i) * at(w, i);
        expect(Math.abs(product - Number(v === w))).toBeLessThan(1e-6);
      }
    }
  });

  it("by zeros is 0, and the bias always is", () => {
    expect(kernelOf(drawn, "zeros").data.every((value) => value === 0)).toBe(true);
    const { bias } = drawn.make("heNormal").init(key(1), drawn.inputShape).params;
    expect(bias?.data.every((value) => value === 0)).toBe(true);
  });

  it("differs for another key, and is Glorot's uniform one by default", () => {
    expect(kernelOf(drawn, "glorotUniform", 2).data).not.toEqual(kernelOf(drawn, "glorotUniform", 1).data);
    expect(drawn.make(undefined as never).init(key(1), drawn.inputShape).params.kernel.data).toEqual(
      kernelOf(drawn, "glorotUniform").data,
    );
  });
});
