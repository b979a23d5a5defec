// What is said of a training that diverged: which example of the file is to blame, or what may help.

import { fold } from "../random/keys.js";
import { adoptArray } from "../tensor.js";
import type { DivergenceError } from "../training/divergence.js";
import { divide } from "./data.js";
import { HELD_OUT, type Plan } from "./plan.js";

/** The sentence for an error of a plan's training; examples are counted as the file has them. */
export function describeDivergence(
  error: DivergenceError,
  { seed, rest, aside }: Plan,
  source: string,
): string {
  const what = `the loss is not finite at step ${error.step + 1}`;
  if (error.isBatchFinite) return `${what}; a smaller --lr may help`;
  const row = "example" in error ? error.example : undefined;
  if (typeof row !== "number")
    return `${what}: ${source} holds values that are not finite as the model sees them`;
  // The division is the same for the same key: dividing the examples' numbers tells where a row comes from.
  const count = rest.values.shape[0] + aside.values.shape[0];
  const numbers = adoptArray(
    Float32Array.from({ length: count }, (_, i) => i),
    [count, 1],
  );
  const index = divide({ values: numbers }, HELD_OUT, fold(seed, 1)).rest.values.data[row];
  const name = rest.names ? ` (${rest.names[row]})` : "";
  return `${what}: ${source}, example ${index}${name}, is not finite as the model sees it`;
}
