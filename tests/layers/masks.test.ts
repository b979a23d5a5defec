// Laws of the layer that hides patches: which, how many, and that it tells of them what it does to them.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  key,
  maskPatches,
  type MaskPatchesOptions,
  ones,
  ops,
  type Pair,
  type Shape,
  tensor,
  type Tensor,
  valueAndGrad,
} from "../../src/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectSame, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";
import { chiSquare, countsOf } from "../support/statistics.js";

const training = (seed: number) => ({ training: true, key: key(seed) });
const upTo = (max: number) => fc.integer({ min: 1, max });
const sizes: fc.Arbitrary<Pair> = fc.oneof(upTo(6), fc.tuple(upTo(6), upTo(6)));
const ratios = fc.oneof(fc.constantFrom(0, 0.25, 0.5, 0.75, 1), fc.double({ min: 0, max: 1, noNaN: true }));

/** Inputs with the options of a layer that takes them: images, and vectors. */
const cases = fc.record({
  drawn: fc.oneof(
    fc.record({ shape: fc.tuple(upTo(4), upTo(13), upTo(13), upTo(3)), size: sizes }),
    fc.record({ shape: fc.tuple(upTo(4), upTo(40)), size: upTo(9) as fc.Arbitrary<Pair> }),
  ),
  ratio: ratios,
  seed,
});

/** The patch that each pixel of an image, or feature of a vector, lies in. */
function patchesOf(shape: Shape, size: Pair): { readonly patch: number[]; readonly count: number } {
  const [high, wide] = typeof size === "number" ? [size, size] : size;
  const isVector = shape.length === 2;
  const [height, width] = isVector ? [1, shape[1]] : [shape[1], shape[2]];
  const names = Array.from({ length: height * width }, (_, i) => {
    const row = isVector ? 0 : Math.floor(Math.floor(i / width) / high);
    return `${row}, ${Math.floor((i % width) / wide)}`;
  });
  const distinct = [...new Set(names)];
  return { patch: names.map((name) => distinct.indexOf(name)), count: distinct.length };
}

describe("maskPatches", () => {
  it("hides whole patches, and of every example exactly the share that was asked for, rounded", () => {
    forAll(cases, 300, ({ drawn: { shape, size }, ratio, seed }) => {
      const { patch, count } = patchesOf(shape, size);
      const { data } = maskPatches({ size, ratio }).hidden(key(seed), shape);
      for (let example = 0; example < shape[0]; example++) {
        const mask = data.subarray(example * patch.length, (example + 1) * patch.length);
        const hidden = new Set(patch.filter((_, i) => mask[i] === 1));
        expect(hidden.size).toBe(Math.round(ratio * count));
        expect([...mask]).toEqual(patch.map((name) => (hidden.has(name) ? 1 : 0)));
      }
    });
  });

  it("tells what it hides: for the same key, where an input of ones becomes 0", () => {
    forAll(cases, 200, ({ drawn: { shape, size }, ratio, seed }) => {
      const layer = maskPatches({ size, ratio });
      const hidden = layer.hidden(key(seed), shape);
      expect(hidden.shape).toEqual(shape.length === 4 ? [...shape.slice(0, 3), 1] : shape);
      const { output } = layer.apply({}, {}, ones([...shape]), training(seed));
      expectSame(output, ops.sub(ones([...shape]), hidden));
    });
  });

  it("sets what it hides to the value, and keeps the rest as it is", () => {
    forAll(cases, 200, ({ drawn: { shape, size }, ratio, seed }) => {
      const x = reals(shape, seed);
      const layer = maskPatches({ size, ratio, value: -0.3 });
      const { data } = layer.hidden(key(seed), shape);
      const perPixel = x.size / data.length;
      const { output } = layer.apply({}, {}, x, training(seed));
      const wanted = x.data.map((value, i) => (data[Math.floor(i / perPixel)] === 1 ? -0.3 : value));
      expect(output.data).toEqual(wanted);
    });
  });

  it("chooses every set of patches equally often, in every example by itself", () => {
    const batch = 6000;
    for (const [ratio, sets] of [
      [0.4, 10],
      [0.6, 10],
      [0.2, 5],
      [0.8, 5],
    ]) {
      const { data } = maskPatches({ size: 1, ratio }).hidden(key(5), [batch, 5]);
      const found = Array.from({ length: batch }, (_, i) => data.subarray(5 * i, 5 * i + 5).join(""));
      const distinct = [...new Set(found)];
      expect(distinct).toHaveLength(sets);
      const indices = found.map((set) => distinct.indexOf(set));
      // One time in a thousand, with 9 degrees of freedom, it exceeds 27.9.
      const expected = distinct.map(() => batch / sets);
      expect(chiSquare(countsOf(indices, sets), expected)).toBeLessThan(27.9);
      // Pairs of neighbours too: no example depends on the one before.
      const pairs = indices.slice(1).map((set, i) => sets * indices[i] + set);
      const even = Array.from({ length: sets * sets }, () => (batch - 1) / sets ** 2);
      // For 99 degrees of freedom 148.2.
      expect(chiSquare(countsOf(pairs, sets * sets), even)).toBeLessThan(148.2);
    }
  });

  it("hides the same for the same key, and something else for another", () => {
    const layer = maskPatches({ size: 2, ratio: 0.5 });
    const shape = [3, 8, 8, 1];
    expectSame(layer.hidden(key(1), shape), layer.hidden(key(1), shape));
    expect(layer.hidden(key(2), shape).data).not.toEqual(layer.hidden(key(1), shape).data);
  });

  it("tiles from the top left: patches at the bottom and right are smaller", () => {
    const { data } = maskPatches({ size: [2, 3], ratio: 1 / 6 }).hidden(key(3), [200, 3, 7, 1]);
    const areas = Array.from({ length: 200 }, (_, i) =>
      data.subarray(21 * i, 21 * i + 21).reduce((sum, value) => sum + value, 0),
    );
    expect(new Set(areas)).toEqual(new Set([6, 3, 2, 1]));
  });

  it("stops gradients where it hides, and hands them through elsewhere", () => {
    const shape = [2, 5, 6, 3];
    for (const value of [0, 0.5]) {
      const layer = maskPatches({ size: 2, ratio: 0.5, value });
      const loss = (x: Tensor) => ops.sum(layer.apply({}, {}, x, training(1)).output);
      const { grads } = valueAndGrad(loss)(reals(shape, 1));
      expectSame(grads, ops.sub(ones(shape), layer.hidden(key(1), shape)));
    }
  });

  it("describes itself, value and all", () => {
    const options = { size: [2, 3], ratio: 0.5, value: 0.1 } as const;
    expect(maskPatches(options).spec).toEqual({ type: "maskPatches", args: [options] });
  });
});

describe("a mistake in masking", () => {
  const layer = maskPatches({ size: 2, ratio: 0.5 });
  const made = (options: unknown) => () => maskPatches(options as MaskPatchesOptions);

  it.each<[string, () => unknown, ErrorConstructor, string]>([
    ["no options", made(undefined), TypeError, "options must be an object"],
    ["no size", made({ ratio: 0.5 }), TypeError, "size must be given"],
    ["no ratio", made({ size: 2 }), TypeError, "ratio must be a number"],
    [
      "a misspelt option",
      made({ size: 2, ratio: 1, values: 0 }),
      TypeError,
      "options must have only the names",
    ],
    ["size 0", made({ size: 0, ratio: 1 }), RangeError, "size must be an integer ≥ 1"],
    ["half a pixel", made({ size: [1, 1.5], ratio: 1 }), RangeError, "size[1] must be an integer ≥ 1"],
    [
      "three sizes",
      made({ size: [1, 1, 1], ratio: 1 }),
      RangeError,
      "size must be a number or [height, width]",
    ],
    ["a ratio above 1", made({ size: 1, ratio: 1.5 }), RangeError, "ratio must be from 0 to 1"],
    ["NaN as ratio", made({ size: 1, ratio: NaN }), RangeError, "ratio must be a finite number"],
    ["infinity as value", made({ size: 1, ratio: 1, value: Infinity }), RangeError, "value must be a finite"],
    ["an image without channels", () => layer.outputShape([4, 4]), RangeError, "input shape must be [height"],
    ["a number", () => layer.init(key(1), []), RangeError, "input shape must be [height"],
    [
      "a pair for vectors",
      () => maskPatches({ size: [2, 2], ratio: 1 }).outputShape([4]),
      TypeError,
      "size must be a number for vectors",
    ],
    [
      "a wrong input",
      () => layer.apply({}, {}, tensor([1, 2]), training(1)),
      RangeError,
      "input shape must be [height, width, channels] or [features]",
    ],
    ["no key", () => layer.hidden(undefined as never, [1, 4]), TypeError, "key must be a key"],
    ["no batch", () => layer.hidden(key(1), [4, 4, 1]), RangeError, "input shape must be [height"],
    ["a wrong shape", () => layer.hidden(key(1), [1, 0]), RangeError, "shape[1] must be an integer ≥ 1"],
  ])("is refused: %s", (_, call, kind, start) => {
    expectRefused(call, kind, `maskPatches: ${start}`);
  });
});
