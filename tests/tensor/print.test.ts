// Laws of printed tensors: few and short lines whatever the shape, the ends of every axis, and no more read than shown.

import * as fc from "fast-check";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ones, ops, random, scope, type Shape, type Tensor, tensor, key, zeros } from "../../src/index.js";
import { printTensor } from "../../src/tensor/print.js";

const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);

/** Shapes of any number of axes, long and short ones, up to 2²⁹ elements. */
const shapes = fc
  .array(
    fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 2 ** 29 })),
    {
      maxLength: 32,
    },
  )
  .filter((shape) => sizeOf(shape) <= 2 ** 29);

/** Long texts: each number as wide as float32's can be. */
const widest = (i: number) => (i % 2 === 0 ? -1.17549e-38 : -123456);

describe("a printed tensor", () => {
  it("has at most 20 lines of at most 100 characters, whatever its shape", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(
          widest,
          () => 0,
          () => NaN,
        ),
        (shape, read) => {
          const lines = printTensor(shape, read).split("\n");
          expect(lines.length).toBeLessThanOrEqual(20);
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    [[64, 28, 28, 1]],
    [[16, 64, 64, 3]],
    [[2, 2, 2, 2, 2, 2, 2, 2, 2, 2]],
    [Array.from({ length: 29 }, () => 2)],
    [[2 ** 29]],
    [[2 ** 14, 2 ** 15]],
    [[7, 7, 7]],
    [[1, 1, 1, 50]],
    [[50, 1, 1, 1]],
  ])("of shape %j too", (shape) => {
    const lines = printTensor(shape, widest).split("\n");
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it("reads no more than it shows", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        let reads = 0;
        const indices = new Set<number>();
        printTensor(shape, (i) => {
          reads++;
          indices.add(i);
          return 0;
        });
        expect(reads).toBeLessThanOrEqual(20 * 35);
        expect(Math.max(...indices)).toBeLessThan(sizeOf(shape));
        expect(indices.has(0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("shows everything where there is little", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }), (shape) => {
        const t = tensor(
          Float32Array.from({ length: sizeOf(shape) }, (_, i) => i),
          shape,
        );
        const [title, ...rows] = String(t).split("\n");
        expect(title).toBe(`Tensor float32 [${shape.join(", ")}]`);
        const numbers = rows
          .join(" ")
          .match(/[\d.]+/g)!
          .map(Number);
        expect(numbers).toEqual([...t.data]);
        expect(JSON.parse(rows.join(" "))).toEqual(nestedOf([...t.data], shape));
      }),
    );
  });

  it("shows the ends of every axis", () => {
    const t = tensor(
      Float32Array.from({ length: 100 * 100 }, (_, i) => i),
      [100, 100],
    );
    expect(String(t)).toBe(
      "Tensor float32 [100, 100]\n" +
        "[[0, 1, 2, …, 97, 98, 99],\n [100, 101, 102, …, 197, 198, 199],\n [200, 201, 202, …, 297, 298, 299],\n" +
        " …,\n [9700, 9701, 9702, …, 9797, 9798, 9799],\n [9800, 9801, 9802, …, 9897, 9898, 9899],\n" +
        " [9900, 9901, 9902, …, 9997, 9998, 9999]]",
    );
  });

  it("shows what is not finite, tiny or huge", () => {
    const values = [NaN, Infinity, -Infinity, 1e-30, 3e38, 0.5, 123456];
    expect(String(tensor(values))).toBe(
      "Tensor float32 [7]\n[NaN, Infinity, -Infinity, 1e-30, 3e38, 0.5, 123456]",
    );
  });

  it("takes no time that grows with the tensor", () => {
    const large = zeros([2 ** 26]);
    const start = performance.now();
    for (let i = 0; i < 100; i++) String(large);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("stands among other values on a console", () => {
    const images = random.uniform(key(1), [64, 28, 28, 1]);
    expect(inspect({ images }).split("\n").length).toBeLessThanOrEqual(20);
  });

  it("tells of values that are gone", () => {
    let released: Tensor = ones([2]);
    scope(() => {
      released = ops.exp(ones([2]));
      expect(String(released)).toBe("Tensor float32 [2]\n[2.71828, 2.71828]");
    });
    expect(String(released)).toBe("Tensor float32 [2] (released: its scope has ended)");
    expect(inspect(released)).toBe(String(released));
    const sent = ones([2]);
    structuredClone(sent.data.buffer, { transfer: [sent.data.buffer as ArrayBuffer] });
    expect(String(sent)).toBe("Tensor float32 [2] (its buffer was transferred)");
  });
});

function nestedOf(values: number[], shape: Shape): unknown {
  if (shape.length === 0) return values[0];
  const step = values.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, i) =>
    nestedOf(values.slice(i * step, (i + 1) * step), shape.slice(1)),
  );
}
