// Trees of tensors as plain data, as a file would hold them, for tests to compare and to restore.

import { Tensor, tensor } from "../../src/index.js";

interface PlainTensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A tree with every tensor written out as shape and values. */
export function plain(tree: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tree, function (this: Record<string, unknown>, name, value: unknown) {
      // What a tensor makes of itself for JSON is not asked for.
      const entry = this[name];
      return entry instanceof Tensor ? { shape: entry.shape, values: [...entry.data] } : value;
    }),
  );
}

/** The tree that `plain` wrote out. */
export function restored(data: unknown): unknown {
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) return data.map(restored);
  if ("values" in data) {
    const { shape, values } = data as PlainTensor;
    return tensor(Float32Array.from(values), shape);
  }
  return Object.fromEntries(Object.entries(data).map(([name, entry]) => [name, restored(entry)]));
}
