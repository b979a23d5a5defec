// Laws of the montage: every image at its place, the background everywhere else.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { montage } from "../../src/images/index.js";
import { ops, scope, tensor, zeros } from "../../src/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

const upTo = (max: number, min = 1) => fc.integer({ min, max });

describe("montage", () => {
  it("shows every image at its place and the background elsewhere", () => {
    const shape = fc.tuple(upTo(7), upTo(4), upTo(4), upTo(3));
    fc.assert(
      fc.property(
        shape,
        upTo(5),
        upTo(2, 0),
        seed,
        ([count, height, width, channels], columns, gap, seed) => {
          const images = reals([count, height, width, channels], seed);
          const picture = montage(images, { columns, gap, background: 7 });
          const rows = Math.ceil(count / columns);
          const [high, wide] = [rows * height + (rows - 1) * gap, columns * width + (columns - 1) * gap];
          expect(picture.shape).toEqual([1, high, wide, channels]);
          const [cellHigh, cellWide] = [height + gap, width + gap];
          for (let y = 0; y < high; y++) {
            for (let x = 0; x < wide; x++) {
              const image = Math.floor(y / cellHigh) * columns + Math.floor(x / cellWide);
              const inside = y % cellHigh < height && x % cellWide < width && image < count;
              const from = ((image * height + (y % cellHigh)) * width + (x % cellWide)) * channels;
              for (let c = 0; c < channels; c++) {
                const wanted = inside ? images.data[from + c] : 7;
                expect(picture.data[(y * wide + x) * channels + c]).toBe(wanted);
              }
            }
          }
        },
      ),
    );
  });

  it("is near to square, with white lines of one pixel, unless told otherwise", () => {
    const picture = montage(zeros([5, 1, 1, 1]));
    expect(picture.shape).toEqual([1, 3, 5, 1]);
    expect([...picture.data]).toEqual([0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1]);
  });

  it("of one image, or of a column without gaps, is what it was", () => {
    const images = reals([4, 3, 2, 3], 1);
    expect(montage(images, { columns: 1, gap: 0 }).data).toEqual(images.data);
    expect(montage(tensor([5], [1, 1, 1, 1]), { gap: 9 }).data).toEqual(Float32Array.of(5));
  });

  it("is a picture that can be mounted again", () => {
    const images = reals([4, 2, 2, 1], 2);
    const twice = montage(montage(images, { columns: 4, gap: 0 }), { gap: 3 });
    expect(twice.data).toEqual(montage(images, { columns: 4, gap: 0 }).data);
  });

  it("gives in a scope what it gives outside", () => {
    const images = reals([3, 2, 2, 1], 3);
    const inside = scope(() => ops.scale(montage(ops.scale(images, 2)), 1));
    expect(inside.data).toEqual(montage(ops.scale(images, 2)).data);
    expectNothingHeld();
  });

  it.each<[string, () => unknown, ErrorConstructor]>([
    ["montage: images must be a tensor", () => montage([1] as never), TypeError],
    ["montage: images.shape must have 4 axes", () => montage(zeros([3, 3, 1])), RangeError],
    ["montage: options must have only", () => montage(zeros([1, 1, 1, 1]), { cols: 1 } as never), TypeError],
    ["montage: columns", () => montage(zeros([1, 1, 1, 1]), { columns: 0 }), RangeError],
    ["montage: gap", () => montage(zeros([1, 1, 1, 1]), { gap: -1 }), RangeError],
    ["montage: gap", () => montage(zeros([1, 1, 1, 1]), { gap: "1" as never }), TypeError],
    ["montage: background", () => montage(zeros([1, 1, 1, 1]), { background: NaN }), RangeError],
    ["montage: gap must give at most", () => montage(zeros([2, 1, 1, 1]), { gap: 2 ** 30 }), RangeError],
  ])("refuses: %s …", (start, call, kind) => {
    expectRefused(call, kind, start);
  });
});
