// Laws of resizing, grey and alpha: means, lines and constants kept, and agreement with the definitions.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Fit, removeAlpha, resizeImages, toGrey } from "../../src/images/index.js";
import { full, ones, ops, type Tensor, tensor } from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

const lengths = (max: number) => fc.integer({ min: 1, max });
const sizes = fc.tuple(lengths(9), lengths(9));

/** Stacks of images of small whole numbers. */
const stacks = fc.tuple(lengths(3), lengths(9), lengths(9), lengths(3)).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc
    .array(fc.integer({ min: -20, max: 20 }), { minLength: size, maxLength: size })
    .map((values) => tensor(values, shape));
});

/** By the definition: an old axis as a function of the place, its mean over a new pixel or its value in the middle. */
function naive(values: readonly number[], length: number): number[] {
  const scale = values.length / length;
  return Array.from({ length }, (_, i) => {
    if (scale > 1) {
      let sum = 0;
      for (const [k, value] of values.entries()) {
        sum += value * Math.max(0, Math.min((i + 1) * scale, k + 1) - Math.max(i * scale, k));
      }
      return sum / scale;
    }
    const place = Math.min(values.length - 1, Math.max(0, (i + 0.5) * scale - 0.5));
    const [left, right] = [values[Math.floor(place)]!, values[Math.ceil(place)]!];
    return left + (place - Math.floor(place)) * (right - left);
  });
}

describe("resizeImages", () => {
  it("agrees with the definition along either axis", () => {
    const row = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(row, lengths(30), (values, length) => {
        const wanted = naive(values, length);
        const wide = resizeImages(tensor(values, [1, values.length, 1]), [1, length]);
        const high = resizeImages(tensor(values, [values.length, 1, 1]), [length, 1]);
        expect(wide.shape).toEqual([1, length, 1]);
        expect(high.shape).toEqual([length, 1, 1]);
        wanted.forEach((value, i) => {
          expect(Math.abs(wide.data[i]! - value)).toBeLessThanOrEqual(1e-5);
          expect(high.data[i]).toBe(wide.data[i]);
        });
      }),
    );
  });

  it("treats axes, channels and images apart from each other", () => {
    fc.assert(
      fc.property(stacks, sizes, (images, [height, width]) => {
        const [count, oldHeight, oldWidth, channels] = images.shape as [number, number, number, number];
        const result = resizeImages(images, [height, width]);
        expect(result.shape).toEqual([count, height, width, channels]);
        const at = (t: Tensor, n: number, y: number, x: number, k: number) =>
          t.data[((n * t.shape[1]! + y) * t.shape[2]! + x) * channels + k]!;
        for (let n = 0; n < count; n++) {
          for (let k = 0; k < channels; k++) {
            const columns = Array.from({ length: oldWidth }, (_, x) =>
              naive(Array.from({ length: oldHeight }, (_, y) => at(images, n, y, x, k)), height),
            ); // prettier-ignore
            for (let y = 0; y < height; y++) {
              const row = naive(columns.map((column) => column[y]!), width); // prettier-ignore
              row.forEach((value, x) => expect(at(result, n, y, x, k)).toBeCloseTo(value, 4));
            }
          }
        }
      }),
    );
  });

  it.each<Fit>(["stretch", "crop"])("keeps constants exactly, with %s", (fit) => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(value, sizes, sizes, (value, [height, width], size) => {
        const result = resizeImages(full([height, width, 2], value), size, { fit });
        expect(result.data.every((pixel) => pixel === Math.fround(value))).toBe(true);
      }),
    );
  });

  it("keeps straight lines: by whole factors down, and between the outermost centres up", () => {
    fc.assert(
      fc.property(lengths(6), lengths(6), fc.integer({ min: -8, max: 8 }), (length, factor, slope) => {
        const line = (count: number, step: number) =>
          Array.from({ length: count }, (_, i) => slope * ((i + 0.5) * step - 0.5));
        const down = resizeImages(tensor(line(length * factor, 1), [1, length * factor, 1]), [1, length]);
        down.data.forEach((value, i) => expect(value).toBeCloseTo(line(length, factor)[i]!, 4));
        const up = resizeImages(tensor(line(length, 1), [1, length, 1]), [1, length * factor]);
        const wanted = line(length * factor, 1 / factor);
        const inside = [...up.data.keys()].filter(
          (i) => (i + 0.5) / factor >= 0.5 && (i + 0.5) / factor <= length - 0.5,
        );
        for (const i of inside) expect(up.data[i]).toBeCloseTo(wanted[i]!, 4);
      }),
    );
  });

  it("keeps the mean when it shrinks", () => {
    fc.assert(
      fc.property(stacks, (images) => {
        const [, height, width] = images.shape as [number, number, number];
        const smaller = resizeImages(images, [Math.ceil(height / 2), Math.ceil(width / 3)]);
        expect(ops.mean(smaller).data[0]).toBeCloseTo(ops.mean(images).data[0]!, 4);
      }),
    );
  });

  it("copies images that have the size already", () => {
    const images = ones([2, 3, 4, 1]);
    const same = resizeImages(images, [3, 4], { fit: "pad" });
    expect(same).toEqual(images);
    expect(same.data.buffer).not.toBe(images.data.buffer);
  });

  it("lets infinities and NaN spread no further than they lie", () => {
    const { data } = resizeImages(tensor([Infinity, 1, 1, NaN, NaN, NaN], [1, 6, 1]), [1, 2]);
    expect([...data]).toEqual([Infinity, NaN]);
    expect([...resizeImages(tensor([1, NaN], [1, 2, 1]), [1, 2]).data]).toEqual([1, NaN]);
    expect(resizeImages(tensor([3, NaN], [1, 2, 1]), [1, 4]).data[0]).toBe(3);
  });

  it("crops around the centre, to the new proportions", () => {
    const image = tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [2, 6, 1]);
    expect([...resizeImages(image, [2, 2], { fit: "crop" }).data]).toEqual([2, 3, 8, 9]);
    expect([...resizeImages(image, [1, 1], { fit: "crop" }).data]).toEqual([5.5]);
    const high = ops.reshape(image, [6, 2, 1]);
    expect([...resizeImages(high, [2, 2], { fit: "crop" }).data]).toEqual([4, 5, 6, 7]);
    expect([...resizeImages(tensor([0, 1, 2, 3, 4], [1, 5, 1]), [1, 2], { fit: "crop" }).data]).toEqual([
      1, 2,
    ]);
  });

  it("pads around the middle, and keeps the proportions", () => {
    const image = tensor([1, 2], [1, 2, 1]);
    expect([...resizeImages(image, [3, 2], { fit: "pad" }).data]).toEqual([0, 0, 1, 2, 0, 0]);
    expect([...resizeImages(image, [2, 2], { fit: "pad", background: 7 }).data]).toEqual([1, 2, 7, 7]);
    const turned = resizeImages(tensor([1, 2, 3, 4], [2, 2, 1, 1]), [2, 4], { fit: "pad", background: -1 });
    expect([...turned.data]).toEqual([-1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1, 4, -1, -1]);
  });

  it.each<Fit>(["crop", "pad"])("takes any proportions, without much memory, with %s", (fit) => {
    const long = resizeImages(ones([1, 50_000, 1]), [64, 64], { fit, background: 1 });
    expect(long.shape).toEqual([64, 64, 1]);
    expect(long.data.every((value) => value === 1)).toBe(true);
    expect(resizeImages(ones([50_000, 1, 1]), [3, 2], { fit, background: 1 })).toEqual(ones([3, 2, 1]));
  });

  const image = ones([2, 2, 1]);
  it.each<[string, () => unknown, ErrorConstructor, string]>([
    ["a list", () => resizeImages([1] as never, [1, 1]), TypeError, "resizeImages: images must be a tensor"],
    ["a matrix", () => resizeImages(ones([2, 2]), [1, 1]), RangeError, "resizeImages: images.shape must be"],
    [
      "five axes",
      () => resizeImages(ones([1, 1, 1, 2, 2]), [1, 1]),
      RangeError,
      "resizeImages: images.shape",
    ],
    [
      "a number as size",
      () => resizeImages(image, 3 as never),
      TypeError,
      "resizeImages: size must be an array",
    ],
    [
      "three sizes",
      () => resizeImages(image, [1, 1, 1] as never),
      RangeError,
      "resizeImages: size must be [h",
    ],
    ["size 0", () => resizeImages(image, [0, 1]), RangeError, "resizeImages: size[0] must be an integer ≥ 1"],
    [
      "half a pixel",
      () => resizeImages(image, [1, 1.5]),
      RangeError,
      "resizeImages: size[1] must be an integer",
    ],
    [
      "a huge result",
      () => resizeImages(ones([1, 1, 1, 64]), [2 ** 14, 2 ** 14]),
      RangeError,
      "resizeImages: size",
    ],
    [
      "another fit",
      () => resizeImages(image, [1, 1], { fit: "cover" as never }),
      RangeError,
      "resizeImages: fit must",
    ],
    [
      "NaN around",
      () => resizeImages(image, [1, 1], { background: NaN }),
      RangeError,
      "resizeImages: background",
    ],
    [
      "a misspelt option",
      () => resizeImages(image, [1, 1], { mode: 1 } as never),
      TypeError,
      "resizeImages: options",
    ],
  ])("refuses %s", (_, call, kind, start) => {
    expectRefused(call, kind, start);
  });
});

describe("toGrey", () => {
  it("weighs red, green and blue as Rec. 709 does, and keeps alpha", () => {
    const primaries = tensor([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1], [2, 2, 3]);
    expect(toGrey(primaries)).toEqual(tensor([0.2126, 0.7152, 0.0722, 1], [2, 2, 1]));
    expect(toGrey(tensor([1, 0, 0, 0.5], [1, 1, 1, 4]))).toEqual(tensor([0.2126, 0.5], [1, 1, 1, 2]));
  });

  it("leaves what is grey", () => {
    for (const channels of [1, 2]) {
      const images = ones([2, 2, channels]);
      expect(toGrey(images)).toBe(images);
    }
  });

  it("refuses what are not images of 1 to 4 channels", () => {
    expectRefused(() => toGrey(ones([2, 2])), RangeError, "toGrey: images.shape must be");
    expectRefused(() => toGrey(ones([2, 2, 5])), RangeError, "toGrey: images.shape must end with 1 to 4");
    expectRefused(() => toGrey(1 as never), TypeError, "toGrey: images must be a tensor");
  });
});

describe("removeAlpha", () => {
  it("mixes colour and background by alpha", () => {
    const images = tensor([1, 0.5, 0, 0.25, 1, 1, 1, 0, 0.5, 0.5, 0.5, 1], [3, 1, 1, 4]);
    expect(removeAlpha(images, { background: 1 })).toEqual(
      tensor([1, 0.875, 0.75, 1, 1, 1, 0.5, 0.5, 0.5], [3, 1, 1, 3]),
    );
    expect(removeAlpha(tensor([0, 0.25], [1, 1, 2]))).toEqual(tensor([0.75], [1, 1, 1]));
  });

  it("lays images on white, black or any colour, grey ones on its grey", () => {
    const clear = tensor([0.5, 0.5, 0.5, 0], [1, 1, 4]);
    expect([...removeAlpha(clear).data]).toEqual([1, 1, 1]);
    expect([...removeAlpha(clear, { background: "black" }).data]).toEqual([0, 0, 0]);
    expect([...removeAlpha(clear, { background: "#ff8000" }).data]).toEqual([1, Math.fround(128 / 255), 0]);
    const grey = tensor([0.5, 0], [1, 1, 2]);
    expect([...removeAlpha(grey, { background: "#FF0000" }).data]).toEqual([Math.fround(0.2126)]);
    expect([...removeAlpha(grey, { background: "white" }).data]).toEqual([1]);
    const padded = (image: number[], channels: number) =>
      resizeImages(tensor(image, [1, 1, channels]), [1, 3], { fit: "pad", background: "#00ff00" }).data;
    expect([...padded([0, 0, 0], 3)]).toEqual([0, 1, 0, 0, 0, 0, 0, 1, 0]);
    expect([...padded([0, 0.5], 2)]).toEqual([Math.fround(0.7152), 1, 0, 0.5, Math.fround(0.7152), 1]);
  });

  it.each(["", "red", "#fff", "#gggggg", "#ffffff ", "1", null, [1, 1, 1], NaN])(
    "refuses the background %j",
    (background) => {
      const image = tensor([1, 0.25], [1, 1, 2]);
      const kind = typeof background === "number" ? RangeError : TypeError;
      expectRefused(
        () => removeAlpha(image, { background: background as never }),
        kind,
        "removeAlpha: background",
      );
    },
  );

  it("leaves what has none", () => {
    for (const channels of [1, 3]) {
      const images = ones([2, 2, channels]);
      expect(removeAlpha(images)).toBe(images);
    }
  });

  it("refuses wrong arguments", () => {
    expectRefused(() => removeAlpha(ones([2, 2, 6])), RangeError, "removeAlpha: images.shape must end");
    expectRefused(
      () => removeAlpha(ones([2, 2, 2]), { background: "w" as never }),
      TypeError,
      "removeAlpha: backg",
    );
    expectRefused(
      () => removeAlpha(ones([2, 2, 2]), { color: 1 } as never),
      TypeError,
      "removeAlpha: options",
    );
  });
});
