// Laws of what is said of a training that diverged: the example of the file where the data are to blame, else advice.

import { describe, expect, it } from "vitest";
import { divide } from "../../src/cli/data.js";
import { describeDivergence } from "../../src/cli/diverged.js";
import { ranged } from "../../src/cli/form.js";
import { HELD_OUT, type Plan } from "../../src/cli/plan.js";
import { createTrainer, type DivergenceError, fold, full, key, lectures, tensor } from "../../src/index.js";

const model = lectures.linear();
const seed = key(3);
const names = Array.from({ length: 20 }, (_, i) => `row${i}`);

/** The plan of a training on 20 rows of 3 columns, of which one holds a number that is not finite. */
function planWith(row: number, value: number): Plan {
  const values = tensor(
    Array.from({ length: 60 }, (_, i) => (i === 3 * row + 1 ? value : i)),
    [20, 3],
  );
  const parts = divide({ values, names }, HELD_OUT, fold(seed, 1));
  return { seed, model, form: ranged([3]), ...parts } as unknown as Plan;
}

function divergence(value: number): DivergenceError {
  try {
    createTrainer(model, { key: key(1) }).step(full([1, 3], value));
  } catch (error) {
    return error as DivergenceError;
  }
  throw new Error("this step was finite");
}

describe("describeDivergence", () => {
  it("names the example of the file, wherever the division put it", () => {
    for (let row = 0; row < 20; row++) {
      for (const value of [NaN, Infinity]) {
        expect(describeDivergence(divergence(NaN), planWith(row, value), "x.csv")).toBe(
          `the loss is not finite at step 1: x.csv, example ${row} (row${row}), is not finite as the model sees it`,
        );
      }
    }
  });

  it("tells of parameters that the last step has left", () => {
    const error = Object.assign(divergence(1e30), { step: 4, operation: "optimizer.update" });
    expect(describeDivergence(error, planWith(0, 0), "x.csv")).toBe(
      "the parameters are not finite after step 5; a smaller --lr may help",
    );
  });

  it("advises a smaller rate only where the batch was finite", () => {
    const words = describeDivergence(divergence(1e30), planWith(0, 0), "x.csv");
    expect(words).toBe("the loss is not finite at step 1; a smaller --lr may help");
    expect(describeDivergence(divergence(NaN), planWith(0, 0), "x.csv")).not.toContain("--lr");
  });
});
