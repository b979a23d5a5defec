// What is said of a training that diverged: which example of the file is to blame, or what may help.

import { fold } from "../random/keys.js";
import { adoptArray } from "../tensor/tensor.js";
import { type DivergenceError, UPDATE } from "../training/divergence.js";
import { divide } from "./data.js";
import { toModel } from "./form.js";
import { HELD_OUT, type Plan } from "./plan.js";
import { RUN_DRAWS } from "./draws.js";

/** The first example that is not finite as the model sees it, counted as the file has them. */
function exampleToBlame({ seed, model, form, rest, aside }: Plan): string | undefined {
  // The division is the same for the same key: dividing the examples' numbers tells where a row comes from.
  const count = rest.values.shape[0] + aside.values.shape[0];
  const numbers = adoptArray(
    Float32Array.from({ length: count }, (_, i) => i),
    [count, 1],
  );
  const places = divide({ values: numbers }, HELD_OUT, fold(seed, RUN_DRAWS.heldOut));
  for (const [part, { values }] of [
    [rest, places.rest],
    [aside, places.aside],
  ] as const) {
    const { data, size, shape } = toModel(part.values, form, model);
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    const row = Math.floor(at / (size / shape[0]));
    return `example ${values.data[row]}${part.names ? ` (${part.names[row]})` : ""}`;
  }
  return undefined;
}

/** The sentence for an error of a plan's training. */
export function describeDivergence(error: DivergenceError, plan: Plan, source: string): string {
  const what = `the loss is not finite at step ${error.step + 1}`;
  if (error.operation === UPDATE) {
    return `the parameters are not finite after step ${error.step + 1}; a smaller --lr may help`;
  }
  if (error.isBatchFinite) return `${what}; a smaller --lr may help`;
  const example = exampleToBlame(plan);
  return `${what}: ${source}${example ? `, ${example},` : ""} is not finite as the model sees it`;
}
