// Laws of the layers that are random in training: what they change on average, and when they change nothing.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dropout,
  gaussianNoise,
  key,
  maskPatches,
  ones,
  ops,
  parallel,
  random,
  saltAndPepper,
  sequential,
  type Tensor,
  valueAndGrad,
  zeros,
} from "../../src/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectSame, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

const training = (seed: number) => ({ training: true, key: key(seed) });
const meanOf = ({ data }: Tensor) => data.reduce((sum, value) => sum + value, 0) / data.length;

describe("dropout", () => {
  it("keeps the mean: it drops a share of the values and scales up the others", () => {
    const count = 200_000;
    for (const rate of [0.1, 0.5, 0.9]) {
      const { output } = dropout(rate).apply({}, {}, ones([count]), training(1));
      const kept = output.data.filter((value) => value !== 0);
      expect(kept.every((value) => value === Math.fround(1 / (1 - rate)))).toBe(true);
      const deviation = Math.sqrt((rate * (1 - rate)) / count);
      expect(Math.abs(kept.length / count - (1 - rate))).toBeLessThan(5 * deviation);
      expect(Math.abs(meanOf(output) - 1)).toBeLessThan((5 * deviation) / (1 - rate));
    }
  });

  it("is the operation with the key of the context", () => {
    const x = reals([4, 5], 1);
    expectSame(dropout(0.4).apply({}, {}, x, training(2)).output, ops.dropout(key(2), x, 0.4));
  });

  it("refuses rates out of range", () => {
    expectRefused(() => dropout(1), RangeError, "dropout: rate must be below 1");
    expectRefused(() => dropout(-0.1), RangeError, "dropout: rate");
    expectRefused(() => dropout(NaN), RangeError, "dropout: rate");
    expectRefused(() => dropout("0.5" as never), TypeError, "dropout: rate");
    expectRefused(() => dropout(undefined as never), TypeError, "dropout: rate");
  });
});

describe("gaussianNoise", () => {
  it("adds normal noise of the deviation", () => {
    const count = 200_000;
    const { output } = gaussianNoise(0.3).apply({}, {}, zeros([count]), training(1));
    expectSame(output, random.normal(key(1), [count], { deviation: 0.3 }));
    expect(Math.abs(meanOf(output))).toBeLessThan((5 * 0.3) / Math.sqrt(count));
    const variance = meanOf(ops.square(output));
    expect(Math.abs(variance / 0.09 - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    const x = reals([4, 5], 1);
    const { output: disturbed } = gaussianNoise(0.3).apply({}, {}, x, training(1));
    expectSame(disturbed, ops.add(x, random.normal(key(1), [4, 5], { deviation: 0.3 })));
  });

  it("cuts the noisy values to a range where it is told one, in training only", () => {
    const x = reals([500, 4], 1);
    const layer = gaussianNoise(0.5, { clip: [-0.25, 0.5] });
    const { output } = layer.apply({}, {}, x, training(1));
    const noisy = gaussianNoise(0.5).apply({}, {}, x, training(1)).output;
    expectSame(output, ops.clip(noisy, -0.25, 0.5));
    expect(Math.min(...output.data)).toBe(-0.25);
    expect(Math.max(...output.data)).toBe(0.5);
    expect(layer.apply({}, {}, x).output).toBe(x);
    const onlyCut = gaussianNoise(0, { clip: [0, 1] }).apply({}, {}, x, training(1)).output;
    expectSame(onlyCut, ops.clip(x, 0, 1));
  });

  it("hands gradients through, but not where values were cut", () => {
    const x = reals([50, 4], 1);
    const passed = (layer = gaussianNoise(0.5)) =>
      valueAndGrad((x: Tensor) => ops.sum(layer.apply({}, {}, x, training(1)).output))(x).grads;
    expectSame(passed(), ones([50, 4]));
    const noisy = gaussianNoise(0.5).apply({}, {}, x, training(1)).output.data;
    const inside = noisy.map((value) => (value >= 0 && value <= 1 ? 1 : 0));
    expect(passed(gaussianNoise(0.5, { clip: [0, 1] })).data).toEqual(inside);
  });

  it("refuses ranges that are none", () => {
    const clip = (clip: unknown) => () => gaussianNoise(0.5, { clip: clip as never });
    expectRefused(clip([1, 0]), RangeError, "gaussianNoise: clip[0] must be below clip[1] = 0, got 1");
    expectRefused(clip([1, 1]), RangeError, "gaussianNoise: clip[0] must be below clip[1] = 1");
    expectRefused(clip([0, 1, 2]), RangeError, "gaussianNoise: clip must be [low, high]");
    expectRefused(clip([0, Infinity]), RangeError, "gaussianNoise: clip[1] must be a finite number");
    expectRefused(clip(["0", 1]), TypeError, "gaussianNoise: clip[0] must be a number");
    expectRefused(clip(1), TypeError, "gaussianNoise: clip must be [low, high]");
    expectRefused(clip(null), TypeError, "gaussianNoise: clip must be [low, high]");
    const misspelt = () => gaussianNoise(0.5, { clipped: [0, 1] } as never);
    expectRefused(misspelt, TypeError, "gaussianNoise: options must have only the names clip");
  });

  it("refuses deviations out of range", () => {
    expectRefused(() => gaussianNoise(-1), RangeError, "gaussianNoise: deviation");
    expectRefused(() => gaussianNoise(Infinity), RangeError, "gaussianNoise: deviation");
    expectRefused(() => gaussianNoise("1" as never), TypeError, "gaussianNoise: deviation");
  });
});

describe("saltAndPepper", () => {
  it("sets a share p of the values to low or high, half each, and keeps the others", () => {
    const count = 200_000;
    const x = ops.scale(ones([count, 1]), 0.25);
    for (const p of [0.1, 0.5, 1]) {
      const { data } = saltAndPepper(p).apply({}, {}, x, training(1)).output;
      expect(data.every((value) => value === 0 || value === 1 || value === 0.25)).toBe(true);
      for (const [value, share] of [
        [0, p / 2],
        [1, p / 2],
        [0.25, 1 - p],
      ]) {
        const drawn = data.filter((other) => other === value).length / count;
        expect(Math.abs(drawn - share)).toBeLessThanOrEqual(5 * Math.sqrt((share * (1 - share)) / count));
      }
    }
  });

  it("changes whole pixels of images, all channels alike, and each value of other inputs by itself", () => {
    const shape = fc.tuple(...[3, 6, 6, 4].map((max) => fc.integer({ min: 1, max })));
    forAll(fc.record({ shape, seed }), 50, ({ shape, seed }) => {
      const [batch, height, width, channels] = shape;
      const layer = saltAndPepper(0.5, { low: -3, high: 2 });
      const x = reals(shape, seed);
      const { data } = layer.apply({}, {}, x, training(seed)).output;
      const alone = zeros([batch, height, width, 1]);
      const grains = layer.apply({}, {}, alone, training(seed)).output.data;
      data.forEach((value, i) => {
        const grain = grains[Math.floor(i / channels)];
        expect(value).toBe(grain === 0 ? x.data[i] : grain);
      });
    });
    const { data } = saltAndPepper(0.5).apply({}, {}, ops.scale(ones([100, 8]), 0.25), training(1)).output;
    const rows = Array.from({ length: 100 }, (_, row) => new Set(data.subarray(8 * row, 8 * row + 8)).size);
    expect(Math.max(...rows)).toBe(3);
  });

  it("stops gradients where it sets values, and hands them through elsewhere", () => {
    const x = ops.scale(ones([20, 3]), 0.25);
    const { output } = saltAndPepper(0.5).apply({}, {}, x, training(1));
    const { grads } = valueAndGrad((x: Tensor) =>
      ops.sum(saltAndPepper(0.5).apply({}, {}, x, training(1)).output),
    )(x);
    expect(grads.data).toEqual(output.data.map((value) => (value === 0.25 ? 1 : 0)));
  });

  it("refuses what is out of range", () => {
    expectRefused(() => saltAndPepper(1.1), RangeError, "saltAndPepper: p must be from 0 to 1, got 1.1");
    expectRefused(() => saltAndPepper(NaN), RangeError, "saltAndPepper: p");
    expectRefused(() => saltAndPepper("1" as never), TypeError, "saltAndPepper: p");
    expectRefused(() => saltAndPepper(0.1, { low: -Infinity }), RangeError, "saltAndPepper: low");
    expectRefused(() => saltAndPepper(0.1, { high: "1" as never }), TypeError, "saltAndPepper: high");
    const misspelt = () => saltAndPepper(0.1, { salt: 1 } as never);
    expectRefused(misspelt, TypeError, "saltAndPepper: options must have only the names low, high");
  });
});

describe.each([
  ["dropout", () => dropout(0.5), dropout(0)],
  ["gaussianNoise", () => gaussianNoise(0.5), gaussianNoise(0)],
  ["gaussianNoise", () => gaussianNoise(0.5, { clip: [0, 1] }), gaussianNoise(0)],
  ["saltAndPepper", () => saltAndPepper(0.5), saltAndPepper(0)],
  ["maskPatches", () => maskPatches({ size: 1, ratio: 0.5 }), maskPatches({ size: 1, ratio: 0 })],
] as const)("%s", (name, make, none) => {
  const x = reals([6, 7], 1);

  it("changes nothing in inference, with or without a key", () => {
    expect(make().apply({}, {}, x).output).toBe(x);
    expect(make().apply({}, {}, x, { training: false, key: key(1) }).output).toBe(x);
  });

  it("changes nothing in training where it is told to do nothing, and needs no key then", () => {
    expect(none.apply({}, {}, x, { training: true }).output).toBe(x);
  });

  it("does the same for the same key, and something else for another", () => {
    const [first, again, other] = [3, 3, 4].map((seed) => make().apply({}, {}, x, training(seed)).output);
    expectSame(again, first);
    expect(other.data).not.toEqual(first.data);
  });

  it("disturbs anew at every place of a sequence and in every head", () => {
    const chain = sequential(make(), sequential(make(), make()));
    const { params, state } = chain.init(key(1), [7]);
    const places = [
      sequential(make()).apply([{}], [{}], x, training(5)).output,
      // The first of two layers is turned off by a layer that does nothing, so that the second is seen alone.
      sequential(none, make()).apply([{}, {}], [{}, {}], x, training(5)).output,
      sequential(none, none, make()).apply([{}, {}, {}], [{}, {}, {}], x, training(5)).output,
      sequential(none, sequential(none, make())).apply(params as never, state as never, x, training(5))
        .output,
    ];
    const distinct = new Set(places.map(({ data }) => data.join()));
    expect(distinct.size).toBe(places.length);
    const { a, b } = parallel({ a: make(), b: make() }).apply(
      { a: {}, b: {} },
      { a: {}, b: {} },
      x,
      training(5),
    ).output;
    expect(a.data).not.toEqual(b.data);
    const again = () => chain.apply(params, state, x, training(5)).output;
    expectSame(again(), again());
  });

  it("asks for a key in training, telling its place", () => {
    expectRefused(() => make().apply({}, {}, x, { training: true }), TypeError, `${name}: key must be given`);
    expect(() => sequential(make()).apply([{}], [{}], x, { training: true })).toThrow(
      `[0].${name}: key must be given in training`,
    );
    const wrong = { training: true, key: 3 as never };
    expectRefused(() => make().apply({}, {}, x, wrong), TypeError, `${name}: key must be a key`);
    const noTensor = () => make().apply({}, {}, [1] as never, training(1));
    expectRefused(noTensor, TypeError, `${name}: input must be a tensor`);
  });
});
