// Traces: the graph of the operations that a function called, as plain data.

import { callsOf } from "./tape.js";
import { checkFunction } from "../check/check.js";
import { scope } from "../tensor/scope.js";
import { type Shape, Tensor } from "../tensor/tensor.js";
import { isPlainObject, leavesOf, showPath } from "../tensor/tree.js";

/** A value in a trace: given, constant, or the result of an operation. */
export type TraceNode =
  | { readonly kind: "input"; readonly path: string; readonly shape: Shape }
  | { readonly kind: "constant"; readonly shape: Shape }
  | {
      readonly kind: "operation";
      /** The operation's name, as errors have it. */
      readonly name: string;
      /** The indices of what it took among the nodes; null for what it did without. */
      readonly inputs: readonly (number | null)[];
      /** Its options, completed, as plain data; tensors among them as `{ shape }`. */
      readonly options: unknown;
      /** Multiply-adds of the call: those of products, 0 for all else. */
      readonly multiplyAdds: number;
      readonly shape: Shape;
    };

/** What a function called, in order: every node stands behind those that it takes. */
export interface Trace {
  readonly nodes: readonly TraceNode[];
  /** What it returned: the nodes of its tensors, by their paths. */
  readonly outputs: readonly { readonly path: string; readonly node: number }[];
}

/** Options as plain data. */
function plainOptions(value: unknown): unknown {
  if (value instanceof Tensor) return { shape: [...value.shape] };
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (Array.isArray(value)) return value.map(plainOptions);
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, entry]) => typeof entry !== "function");
    return Object.fromEntries(entries.map(([name, entry]) => [name, plainOptions(entry)]));
  }
  return typeof value === "function" ? undefined : value;
}

/** Finds tensors again, also where another tensor shows the same values, as `stopGradient` gives them. */
class Places {
  readonly nodes: TraceNode[] = [];
  readonly #byTensor = new Map<Tensor, number>();
  readonly #byStorage = new Map<unknown, [tensor: Tensor, node: number][]>();

  add(t: Tensor, node: TraceNode): void {
    const index = this.nodes.push(node) - 1;
    this.#byTensor.set(t, index);
    const others = this.#byStorage.get(t.storage) ?? [];
    this.#byStorage.set(t.storage, [...others, [t, index]]);
  }

  /** The node of a tensor; a new constant, where it is none yet. */
  of(t: Tensor): number {
    const known = this.#byTensor.get(t);
    if (known !== undefined) return known;
    const same = this.#byStorage
      .get(t.storage)
      ?.filter(([other]) => other.offset === t.offset && other.size === t.size)
      .at(-1);
    if (same !== undefined) return same[1];
    this.add(t, { kind: "constant", shape: [...t.shape] });
    return this.nodes.length - 1;
  }
}

/**
 * Runs a function and tells what it called: every operation with its inputs, options and output shape, whether or not a
 * gradient would pass. Inputs come first among the nodes, the tensors of trees under their paths.
 *
 * @param f - function of tensors or trees of them; whatever else it takes is not looked at
 * @param inputs - what it is called with
 * @returns the graph, as plain data
 * @throws {TypeError} when f is not a synchronous function
 * @example
 * const { nodes } = trace((x: Tensor, w: Tensor) => ops.relu(ops.matmul(x, w)), ones([2, 3]), ones([3, 4]));
 * nodes.map((node) => (node.kind === "operation" ? node.name : node.kind)); // ["input", "input", "matmul", "relu"]
 */
export function trace<Inputs extends unknown[]>(f: (...inputs: Inputs) => unknown, ...inputs: Inputs): Trace {
  checkFunction("trace", "f", f);
  const places = new Places();
  let outputs: Trace["outputs"] = [];
  scope(() => {
    for (const { path, tensor } of leavesOf(inputs, ["trace", "inputs"])) {
      places.add(tensor, { kind: "input", path: showPath(path), shape: [...tensor.shape] });
    }
    const [result, calls] = callsOf(() => scope(() => f(...inputs)));
    for (const { name, inputs: taken, options, output, multiplyAdds } of calls) {
      places.add(output, {
        kind: "operation",
        name,
        inputs: taken.map((t) => (t === undefined ? null : places.of(t))),
        options: plainOptions(options),
        multiplyAdds,
        shape: [...output.shape],
      });
    }
    outputs = leavesOf(result, ["trace", "what f returns"]).map(({ path, tensor }) => ({
      path: showPath(path),
      node: places.of(tensor),
    }));
  });
  return { nodes: places.nodes, outputs };
}

/** Multiply-adds of all calls together. */
export function multiplyAddsOf({ nodes }: Trace): number {
  return nodes.reduce((sum, node) => sum + (node.kind === "operation" ? node.multiplyAdds : 0), 0);
}
