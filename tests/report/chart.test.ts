// Charts: well formed whatever the numbers, and marks where the numbers are.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bars, curves, cutLines, histogram, type Point, scatter } from "../../src/report/chart.js";
import { elementsOf, textsOf } from "../support/pages.js";

const labels = { description: "what <it> shows", x: "x & more", y: 'the "y"' };

const number = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(0, NaN, Infinity, -Infinity, 1e-12, 1e30),
);
const points = fc.array(
  fc.tuple(fc.double({ min: -100, max: 100, noNaN: true }), number).map(([x, y]): Point => [x, y]),
  { maxLength: 20 },
);

/** Absolute coordinates of a path. */
const placesOf = (d: string) =>
  [...d.matchAll(/[ML](\S+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

const byClass = (svg: string, name: string) =>
  elementsOf(svg).filter(({ attributes }) => (attributes.class ?? "").split(" ").includes(name));

/** The part of a chart inside its axes. */
function insideOf(svg: string) {
  const inner = elementsOf(svg).find(({ name, path }) => name === "svg" && path.includes("svg"))!.attributes;
  const [left, top] = [Number(inner.x), Number(inner.y)];
  return { left, top, right: left + Number(inner.width), bottom: top + Number(inner.height) };
}

describe("every chart", () => {
  it("is well formed and has no number that is none, whatever is drawn", () => {
    fc.assert(
      fc.property(
        points,
        points,
        fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { maxLength: 40 }),
        (a, b, values) => {
          const finite = a.filter(([, y]) => Number.isFinite(y));
          const charts = [
            curves(labels, [
              { points: a, tone: 0 },
              { points: b, tone: 1, hasDots: true },
            ]),
            scatter(labels, [{ points: finite, shade: "tone0", name: "<a>" }]),
            bars(
              labels,
              values.map((value, i) => ({ name: `${i}`, value, tone: 0 })),
            ),
            histogram(labels, [
              { values: b.map(([, y]) => y), tone: 0 },
              { values, tone: 1 },
            ]),
          ];
          for (const { text } of charts) {
            const [svg] = elementsOf(text);
            expect(svg).toMatchObject({
              name: "svg",
              attributes: { role: "img", "aria-label": "what <it> shows" },
            });
            expect(text).not.toMatch(/NaN|Infinity|undefined/);
          }
        },
      ),
    );
  });

  it("names its axes", () => {
    const { text } = curves(labels, [{ points: [[0, 0], [1, 1]], tone: 0 }]); // prettier-ignore
    expect(textsOf(text, "text")).toEqual(expect.arrayContaining(["x & more", 'the "y"']));
  });
});

describe("curves", () => {
  const line: Point[] = [
    [0, 10],
    [5, 30],
    [10, 20],
  ];

  it("place points in proportion, higher values above, ends at the axes", () => {
    const { text } = curves(labels, [{ points: line, tone: 0 }]);
    const { left, right } = insideOf(text);
    const [a, b, c] = placesOf(byClass(text, "line")[0]!.attributes.d!);
    expect([a![0], b![0], c![0]]).toEqual([left, (left + right) / 2, right]);
    expect(b![1]).toBeLessThan(c![1]!);
    expect(c![1]).toBeCloseTo((a![1]! + b![1]!) / 2, 0);
  });

  it("leave out values that are not finite, and join the others", () => {
    const { text } = curves(labels, [{ points: [...line, [11, NaN]], tone: 0 }]);
    expect(placesOf(byClass(text, "line")[0]!.attributes.d!)).toHaveLength(3);
  });

  it("show a single point as a dot, and dots where they are wanted", () => {
    const dots = (svg: string) => placesOf(byClass(svg, "dots")[0]!.attributes.d!);
    expect(dots(curves(labels, [{ points: line.slice(0, 1), tone: 0 }]).text)).toHaveLength(1);
    expect(dots(curves(labels, [{ points: line, tone: 0 }]).text)).toHaveLength(0);
    expect(dots(curves(labels, [{ points: line, tone: 0, hasDots: true }]).text)).toHaveLength(3);
  });

  it("end where they leave a range that is given, at the crossing, and begin where they come back", () => {
    const { text } = curves(labels, [{ points: line, tone: 0, hasDots: true }], [10, 25]);
    const { left, right, top, bottom } = insideOf(text);
    const places = placesOf(byClass(text, "line")[0]!.attributes.d!);
    // The frame leaves a little room above, for lines as thick as they are.
    const edge = top + 4;
    const share = (part: number) => left + part * (right - left);
    expect(places).toEqual([
      [left, bottom],
      [share(0.375), edge],
      [share(0.75), edge],
      [right, bottom - (2 / 3) * (bottom - edge)],
    ]);
    expect(placesOf(byClass(text, "dots")[0]!.attributes.d!)).toHaveLength(2);
  });

  it("stay inside, whatever the points and the range", () => {
    const wide = fc.oneof(number, fc.double({ noNaN: false }));
    const ends = fc.tuple(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(wide, { maxLength: 30 }), fc.option(ends), (values, range) => {
        const own = values.map((value, i): Point => [i, value]);
        const given = range === null ? undefined : ([range[0], range[0] + range[1]] as const);
        const { text } = curves(labels, [{ points: own, tone: 0, hasDots: true }], given);
        const { left, top, right, bottom } = insideOf(text);
        for (const kind of ["line", "dots"]) {
          for (const [x, y] of placesOf(byClass(text, kind)[0]!.attributes.d!)) {
            expect(x! >= left && x! <= right && y! >= top && y! <= bottom, text).toBe(true);
          }
        }
        expect(text).not.toMatch(/NaN|Infinity|undefined/);
      }),
    );
  });

  it("have room for long labels on the left", () => {
    const far = line.map(([x, y]): Point => [x, 1_000_000 + y]);
    const { text } = curves(labels, [{ points: far, tone: 0 }]);
    const longest = Math.max(...textsOf(text, "text").map((label) => label.length));
    expect(longest).toBeGreaterThan(8);
    expect(insideOf(text).left).toBeGreaterThan(6 * longest);
  });
});

describe("cutLines", () => {
  const cut = (...values: number[]) => cutLines(values.map((value, i): Point => [i, value]), [0, 10]); // prettier-ignore

  it("leaves lines inside as they are, and nothing of those beyond", () => {
    expect(cut(0, 10, 5)).toEqual([[[0, 0], [1, 10], [2, 5]]]); // prettier-ignore
    expect([cut(11, 20, 12), cut(-1, -5), cut()]).toEqual([[], [], []]);
  });

  it("cuts at the edges: out, in, and across from one side to the other", () => {
    expect(cut(5, 15)).toEqual([[[0, 5], [0.5, 10]]]); // prettier-ignore
    expect(cut(-5, 5)).toEqual([[[0.5, 0], [1, 5]]]); // prettier-ignore
    expect(cut(-10, 20)).toEqual([[[1 / 3, 0], [2 / 3, 10]]]); // prettier-ignore
    expect(cut(5, 15, 5)).toEqual([[[0, 5], [0.5, 10]], [[1.5, 10], [2, 5]]]); // prettier-ignore
  });
});

describe("bars", () => {
  it("stand on the axis, as high as their values, side by side", () => {
    const values = [4, 2, 0].map((value, i) => ({ name: `n${i}`, value, tone: i }));
    const { text } = bars(labels, values);
    const boxes = byClass(text, "fill").map(({ attributes }) => attributes);
    const { bottom } = insideOf(text);
    const heights = boxes.map(({ height }) => Number(height));
    expect(heights[1]).toBeCloseTo(heights[0]! / 2, 0);
    expect(heights[2]).toBe(0);
    for (const { y, height } of boxes) expect(Number(y) + Number(height)).toBeCloseTo(bottom, 0);
    expect(Number(boxes[1]!.x)).toBeGreaterThanOrEqual(Number(boxes[0]!.x) + Number(boxes[0]!.width));
    expect(textsOf(text, "text")).toEqual(expect.arrayContaining(["n0", "n1", "n2"]));
  });

  it("go without names where these would run into each other", () => {
    const { text } = bars(
      labels,
      Array.from({ length: 30 }, (_, i) => ({ name: `n${i}`, value: i, tone: 0 })),
    );
    expect(text).not.toContain("n29");
  });
});

/** How many values each interval of a histogram shows, one of which shows one. */
function countsOf(text: string, single: number): number[] {
  const { bottom } = insideOf(text);
  const path = byClass(text, "area")[0]!.attributes.d!;
  const levels = [...path.matchAll(/V(-?[\d.]+)H/g)].map(([, y]) => bottom - Number(y));
  expect(levels[single]).toBeGreaterThan(0);
  return levels.map((level) => Math.round(level / levels[single]!));
}

describe("histogram", () => {
  it("counts every value once, the greatest in the last interval", () => {
    const { text } = histogram(labels, [{ values: [0, 0.1, 0.2, 5, 10, 10], tone: 0 }], { intervals: 10 });
    expect(countsOf(text, 5)).toEqual([3, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
  });

  it("counts what lies beyond its range at its ends", () => {
    const values = [-1e9, -1, 0, 1, 2, 3, 3.5, 4, 5, 1e30, NaN, Infinity];
    const { text } = histogram(labels, [{ values, tone: 0 }], { range: [0, 4], intervals: 4 });
    expect(countsOf(text, 1)).toEqual([3, 1, 1, 5]);
  });
});

describe("scatter", () => {
  it("keeps all points inside, one mark each, and names at the middle of their points", () => {
    const cloud: Point[] = [
      [-1, -1],
      [1, 1],
      [-1, 1],
      [1, -1],
    ];
    const { text } = scatter(labels, [{ points: cloud, shade: "shade3", name: "<four>" }]);
    const { left, top, right, bottom } = insideOf(text);
    const places = placesOf(byClass(text, "shade3")[0]!.attributes.d!);
    expect(places).toHaveLength(4);
    for (const [x, y] of places) {
      expect(x).toBeGreaterThan(left);
      expect(x).toBeLessThan(right);
      expect(y).toBeGreaterThan(top);
      expect(y).toBeLessThan(bottom);
    }
    const [name] = byClass(text, "cloud");
    expect(Number(name!.attributes.x)).toBeCloseTo((left + right) / 2, 0);
    expect(textsOf(text, "text")).toContain("<four>");
  });

  it("leaves out names that would lie on each other", () => {
    const cloud = (x: number, name: string) => ({ points: [[x - 1, 0], [x + 1, 0]] as Point[], shade: "tone0", name }); // prettier-ignore
    const { text } = scatter(labels, [cloud(0, "a"), cloud(0.1, "b"), cloud(9, "c")]);
    expect(byClass(text, "cloud")).toHaveLength(1);
    expect(textsOf(text, "text")).toContain("c");
  });
});
