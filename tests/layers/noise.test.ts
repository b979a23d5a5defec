// Laws of the layers that are random in training: what they change on average, and when they change nothing.

import { describe, expect, it } from "vitest";
import {
  dropout,
  gaussianNoise,
  key,
  ones,
  ops,
  parallel,
  random,
  sequential,
  type Tensor,
  zeros,
} from "../../src/index.js";
import { reals } from "../support/arbitraries.js";
import { expectSame } from "../support/laws.js";
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
    expectSame(dropout(0.4).apply({}, {}, x, training(2)).output, ops.dropout(x, 0.4, key(2)));
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

  it("refuses deviations out of range", () => {
    expectRefused(() => gaussianNoise(-1), RangeError, "gaussianNoise: deviation");
    expectRefused(() => gaussianNoise(Infinity), RangeError, "gaussianNoise: deviation");
    expectRefused(() => gaussianNoise("1" as never), TypeError, "gaussianNoise: deviation");
  });
});

describe.each([
  ["dropout", () => dropout(0.5), dropout(0)],
  ["gaussianNoise", () => gaussianNoise(0.5), gaussianNoise(0)],
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
    expect(() => make().apply({}, {}, x, wrong)).toThrow(/must be a key/);
  });
});
