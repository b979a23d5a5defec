// The gradient law, for every operation: over its option space the gradients give the derivative of its definition in
// float64 along a random direction, and are linear in the gradient of the result.

import { afterEach, describe, expect, it } from "vitest";
import { ops, scope, tensor, type Tensor, vjp } from "../../src/index.js";
import { combined, forAll } from "../support/laws.js";
import { expectDefined, expectGradient } from "../support/differentiable.js";
import type { Sample } from "../support/gradientCases.js";
import { GRADIENT_TABLE } from "../support/gradientTable.js";
import { expectNothingHeld } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";

afterEach(expectNothingHeld);

/** What describes, labels or unrolls, and has no gradient. */
const CONSTANT = ["conv2dGeometry", "convolutionMatrix", "oneHot"];

/** What roundings leave of terms that cancel: values and slopes are of the size of 1. */
const CANCELLED = 2 ** -18;

const largest = ({ data }: Tensor) => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** The gradients for 2u − 3v are 2·those for u − 3·those for v, up to roundings of their terms, which may cancel. */
function expectLinearInUpstream({ f, inputs, seed }: Sample): void {
  const { shape, size } = f(...inputs);
  const gradient = vjp((all: readonly Tensor[]) => f(...all));
  const [u, v] = [1, 2].map((i) => tensor(seededFloats(seed + i, size), shape));
  const [ofU, ofV, ofBoth] = [u, v, combined(2, u, -3, v)].map(
    (upstream) => gradient(upstream, inputs).grads,
  );
  for (const [i, got] of ofBoth.entries()) {
    const wanted = combined(2, ofU[i], -3, ofV[i]);
    const bound = 2 ** -18 * (2 * largest(ofU[i]) + 3 * largest(ofV[i])) + CANCELLED;
    expect(largest(combined(1, got, -1, wanted))).toBeLessThanOrEqual(bound);
  }
}

describe("every operation", () => {
  it("stands in the table of gradients, or among those that have none", () => {
    expect([...Object.keys(GRADIENT_TABLE), ...CONSTANT].sort()).toEqual(Object.keys(ops).sort());
  });

  describe.each(Object.entries(GRADIENT_TABLE))("%s", (_, samples) => {
    it("has the gradient of its definition", () => {
      forAll(samples, 150, ({ f, definition, inputs, seed }) => {
        expectDefined(f, definition, inputs, 2 ** -18, 2 ** -18 * (1 + Math.max(...inputs.map(largest))));
        expectGradient(f, definition, inputs, seed, CANCELLED);
      });
    });

    it("has a gradient that is linear in that of the result, also inside a scope", () => {
      forAll(samples, 40, (sample) => {
        scope(() => expectLinearInUpstream(sample));
      });
    });
  });
});
