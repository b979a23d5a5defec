// Bad arguments of a report are refused before anything is computed, in the form of all refusals.

import { describe, it } from "vitest";
import { key, lectures, ones, ops, tensor } from "../../src/index.js";
import { createReport } from "../../src/report/index.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";
import { convolutionalVae, smallFaces } from "../support/reportCases.js";

const model = convolutionalVae(3);
const params = model.init(key(1));
const { images, factors } = smallFaces(4);

const BAD_OPTIONS: readonly [argument: string, kind: ErrorConstructor, options: object][] = [
  ["options", TypeError, { titel: "x" }],
  ["title", TypeError, { title: 3 }],
  ["settings", TypeError, { settings: [1] }],
  ["settings.epochs", TypeError, { settings: { epochs: [1] } }],
  ["history", TypeError, { history: [] }],
  ["imageShape", RangeError, { imageShape: [4, 4, 1] }],
  ["imageShape", RangeError, { imageShape: [8, 8] }],
  ["imageShape", RangeError, { imageShape: [4, 8, 2] }],
  ["imageShape", TypeError, { imageShape: 64 }],
  ["valueRange", TypeError, { valueRange: 1 }],
  ["valueRange", RangeError, { valueRange: [1, 0] }],
  ["valueRange[0]", TypeError, { valueRange: ["0", 1] }],
  ["labels", TypeError, { labels: 3 }],
  ["labels", RangeError, { labels: [0, 1] }],
  ["labels[1]", RangeError, { labels: [0, 0.5, 1, 1] }],
  ["labels[3]", RangeError, { labels: [0, 0, 1, 2], labelNames: ["a", "b"] }],
  ["labelNames", TypeError, { labelNames: "ab" }],
  ["labelNames", TypeError, { labelNames: ["a", 2] }],
  ["factors", TypeError, { factors: [factors.smile] }],
  ["factors.smile", TypeError, { factors: { smile: [1, 2, 3, 4] } }],
  ["factors.smile.shape[0]", RangeError, { factors: { smile: ones([3]) } }],
  ["factors.smile[2]", RangeError, { factors: { smile: tensor([1, 2, NaN, 4]) } }],
  ["readouts", RangeError, { readouts: { smile: () => ones([1]) } }],
  ["readouts.smile", TypeError, { factors: { smile: factors.smile }, readouts: { smile: 1 } }],
  ["key", TypeError, { key: 7 }],
  ["isHeldOut", TypeError, { isHeldOut: "no" }],
  ["settings.when", TypeError, { settings: { when: new Date(0) } }],
  ["settings.tags", TypeError, { settings: { tags: ["a"] } }],
  ["settings.none", TypeError, { settings: { none: null } }],
];

describe("createReport refuses", () => {
  it.each(BAD_OPTIONS)("%s (%o)", (argument, kind, options) => {
    expectRefused(() => createReport(model, params, images, options), kind, `createReport: ${argument} must`);
    expectNothingHeld();
  });

  it("what is no model, no parameters, or images that do not fit", () => {
    const call = (...args: readonly unknown[]) => createReport(...(args as Parameters<typeof createReport>));
    expectRefused(() => call(undefined, params, images), TypeError, "createReport: model must");
    expectRefused(() => call({}, params, images), TypeError, "createReport: model must");
    expectRefused(() => call(model, {}, images), TypeError, "createReport: params.weights must");
    expectRefused(() => call(model, params, images.data), TypeError, "createReport: inputs must");
    expectRefused(
      () => call(model, params, ones([2, 9, 9, 1])),
      RangeError,
      "createReport: inputs.shape must",
    );
    expectRefused(
      () => call(lectures.linear(), params, images),
      RangeError,
      "createReport: inputs.shape must",
    );
  });

  it("parameters that training has blown up", () => {
    const { encoder, ...others } = params.weights;
    const blown = (tree: unknown): never =>
      (Array.isArray(tree)
        ? tree.map(blown)
        : Object.fromEntries(
            Object.entries(tree as object).map(([name, leaf]) => [
              name,
              ops.scale(ops.add(leaf, 1e30), 1e30),
            ]),
          )) as never;
    const weights = { ...others, encoder: blown(encoder) };
    expectRefused(
      () => createReport(model, { ...params, weights }, images),
      RangeError,
      "createReport: params must",
    );
  });
});
