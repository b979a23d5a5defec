// Laws of labels as vectors: one-hot rows, and the rows of a table that they choose.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ones, ops, scope, tensor, type Tensor, vjp } from "../../src/index.js";
import { integers, seed } from "../support/arbitraries.js";
import { expectPure, expectSame, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

const cases = fc.integer({ min: 1, max: 12 }).chain((classes) =>
  fc.record({
    classes: fc.constant(classes),
    labels: fc.array(fc.nat(classes - 1), { minLength: 1, maxLength: 30 }),
    features: fc.integer({ min: 1, max: 9 }),
    seed,
  }),
);

describe("oneHot", () => {
  it("has a 1 at the label of each row and 0 elsewhere", () => {
    forAll(cases, 100, ({ classes, labels }) => {
      const wanted = labels.flatMap((label) =>
        Array.from({ length: classes }, (_, c) => Number(c === label)),
      );
      expectSame(ops.oneHot(labels, classes), tensor(wanted, [labels.length, classes]));
    });
  });

  it("takes arrays, typed arrays and tensors of any shape alike", () => {
    const wanted = ops.oneHot([2, 0, 1, 2], 3);
    expectSame(ops.oneHot(Uint8Array.of(2, 0, 1, 2), 3), wanted);
    expectSame(ops.oneHot(Float32Array.of(2, 0, 1, 2), 3), wanted);
    expectSame(ops.oneHot(tensor([2, 0, 1, 2]), 3), wanted);
    const square = [
      [2, 0],
      [1, 2],
    ];
    expectSame(ops.oneHot(tensor(square), 3), wanted);
    expectSame(
      scope(() => ops.oneHot(ops.scale(tensor([2, 0, 1, 2]), 1), 3)),
      wanted,
    );
  });
});

describe("embedding", () => {
  it("is the table's row of every label", () => {
    forAll(cases, 100, ({ classes, labels, features, seed }) => {
      const table = integers([classes, features], seed);
      const rows = labels.flatMap((label) => [...ops.slice(table, label, label + 1).data]);
      expectSame(ops.embedding(labels, table), tensor(rows, [labels.length, features]));
      expectPure((table) => ops.embedding(labels, table), [table]);
    });
  });

  it("adds up in its gradient what the rows of a label receive, exactly", () => {
    forAll(cases, 100, ({ classes, labels, features, seed }) => {
      const gradOutput = integers([labels.length, features], seed);
      const wanted = new Float32Array(classes * features);
      labels.forEach((label, row) => {
        for (let f = 0; f < features; f++)
          wanted[label * features + f] += gradOutput.data[row * features + f];
      });
      const { grads } = vjp((table: Tensor) => ops.embedding(labels, table))(
        gradOutput,
        ones([classes, features]),
      );
      expectSame(grads, tensor(wanted, [classes, features]));
    });
  });

  it("refuses tables that are none", () => {
    expectRefused(() => ops.embedding([0], [[1]] as never), TypeError, "embedding: table");
    expectRefused(() => ops.embedding([0], ones([3])), RangeError, "embedding: table");
  });
});

describe.each([
  ["oneHot", (labels: unknown) => ops.oneHot(labels as number[], 3)],
  ["embedding", (labels: unknown) => ops.embedding(labels as number[], ones([3, 2]))],
] as const)("%s", (name, f) => {
  it.each<[unknown, ErrorConstructor, string]>([
    [[0, 3], RangeError, "labels[1] must be an integer from 0 to 2, got 3"],
    [[0, 1, -1], RangeError, "labels[2] must be an integer from 0 to 2, got -1"],
    [[1.5], RangeError, "labels[0] must be an integer"],
    [[NaN], RangeError, "labels[0] must be an integer"],
    [
      tensor([
        [0, 1],
        [2, 7],
      ]),
      RangeError,
      "labels[3] must be an integer from 0 to 2, got 7",
    ],
    [["1"], TypeError, "labels[0]"],
    [[0, undefined], TypeError, "labels[1]"],
    [[], RangeError, "labels must hold at least one label"],
    ["012", TypeError, "labels must be a tensor or an array of integers"],
    [2, TypeError, "labels"],
    [null, TypeError, "labels"],
    [undefined, TypeError, "labels"],
    [{}, TypeError, "labels"],
  ])("refuses the labels %o", (labels, kind, start) => {
    expectRefused(() => f(labels), kind, `${name}: ${start}`);
  });
});

describe("the number of classes", () => {
  it.each<[unknown, ErrorConstructor, string]>([
    [0, RangeError, "classes"],
    [2.5, RangeError, "classes"],
    ["3", TypeError, "classes"],
    [undefined, TypeError, "classes"],
    [2 ** 40, RangeError, "classes must give at most"],
  ])("%o is refused", (classes, kind, start) => {
    expectRefused(() => ops.oneHot([0], classes as number), kind, `oneHot: ${start}`);
  });

  it("may be one", () => {
    expect([...ops.oneHot([0, 0], 1).data]).toEqual([1, 1]);
  });
});
