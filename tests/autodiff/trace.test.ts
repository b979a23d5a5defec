// What a trace holds: every operation that was called, what it took and gave, as plain data.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dense,
  fold,
  grad,
  key,
  lectures,
  ones,
  ops,
  random,
  runtimeInfo,
  scope,
  sequential,
  stopGradient,
  type Tensor,
  tensor,
  trace,
  type Trace,
  type TraceNode,
  zeros,
} from "../../src/index.js";
import { multiplyAddsOf } from "../../src/autodiff/trace.js";
import { elementwiseCases } from "../support/gradientCases.js";
import { axesCases } from "../support/gradientCasesOfAxes.js";
import { productCases } from "../support/gradientCasesOfProducts.js";
import { expectRefused } from "../support/refusals.js";

type Operation = Extract<TraceNode, { kind: "operation" }>;
const operationsOf = ({ nodes }: Trace): Operation[] => nodes.filter((node) => node.kind === "operation");
const namesOf = (graph: Trace) => operationsOf(graph).map(({ name }) => name);

/** Operations that are made of others: a trace has one of these. */
const COMPOSED: Record<string, readonly string[]> = {
  dense: ["matmul"],
  dropout: ["mul"],
  embedding: ["matmul"],
  layerNorm: ["mean"],
  // Where no taps can be merged, the image is upsampled and convolved.
  resizeConv2d: ["conv2dTranspose", "conv2d"],
};

describe("a trace", () => {
  const cases = Object.entries({ ...elementwiseCases, ...axesCases, ...productCases });

  it.each(cases)("of %s has it, with what it takes and gives", (name, samples) => {
    for (const { f, inputs } of fc.sample(samples, { numRuns: 3, seed: 1 })) {
      let output = zeros([]);
      const graph = trace((...given: Tensor[]) => (output = f(...given)), ...inputs);
      const names = namesOf(graph);
      expect(
        (COMPOSED[name] ?? [name]).some((one) => names.includes(one)),
        names.join(),
      ).toBe(true);
      expect(JSON.parse(JSON.stringify(graph.nodes.map(({ shape }) => shape)))).toEqual(
        graph.nodes.map(({ shape }) => shape),
      );
      const taken = graph.nodes.flatMap((node, i) =>
        node.kind === "operation" ? node.inputs.map((from) => (from ?? -1) - i) : [],
      );
      expect(Math.max(...taken)).toBeLessThan(0);
      expect(graph.nodes.slice(0, inputs.length).map(({ kind }) => kind)).toEqual(inputs.map(() => "input"));
      expect(graph.outputs).toHaveLength(1);
      expect(graph.nodes[graph.outputs[0].node].shape).toEqual(output.shape);
    }
  });

  it("names inputs by their paths, and tells constants from results", () => {
    const one = ones([3]);
    const params = { layer: [{ w: ones([2, 3]) }, { b: ones([3]) }] };
    const graph = trace(
      (p: typeof params, x: Tensor) => {
        const y = scope(() => ops.add(ops.matmul(x, p.layer[0].w as Tensor), p.layer[1].b as Tensor));
        return { sum: ops.mul(y, one), more: [ops.mul(one, stopGradient(y))] };
      },
      params,
      ones([4, 2]),
    );
    expect(graph.nodes).toMatchObject([
      { kind: "input", path: "[0].layer[0].w", shape: [2, 3] },
      { kind: "input", path: "[0].layer[1].b", shape: [3] },
      { kind: "input", path: "[1]", shape: [4, 2] },
      { kind: "operation", name: "matmul", inputs: [2, 0, null], shape: [4, 3] },
      { kind: "operation", name: "add", inputs: [3, 1], shape: [4, 3] },
      { kind: "constant", shape: [3] },
      { kind: "operation", name: "mul", inputs: [4, 5], shape: [4, 3] },
      { kind: "operation", name: "mul", inputs: [5, 4], shape: [4, 3] },
    ]);
    expect(graph.outputs).toEqual([
      { path: "sum", node: 6 },
      { path: "more[0]", node: 7 },
    ]);
  });

  it("holds options, completed and plain", () => {
    const x = ones([1, 6, 6, 2]);
    const graph = trace(() => ops.conv2d(x, ones([3, 3, 2, 4]), { stride: 2, activation: "relu" }));
    const [{ options }] = operationsOf(graph);
    expect(JSON.parse(JSON.stringify(options))).toEqual(options);
    expect(JSON.stringify(options)).toContain('"strideHeight":2');
  });

  it("counts the products of every call", () => {
    const [x, w] = [ones([2, 9, 8, 4]), ones([3, 2, 2, 6])];
    const g = ops.conv2dGeometry(x.shape, w.shape, { stride: 2, groups: 2 });
    const products = 2 * 4 * 4 * 6 * 3 * 2 * 2;
    const graph = trace(() => {
      const y = ops.conv2d(x, w, { stride: 2, groups: 2, activation: "relu" });
      ops.conv2dTranspose(y, w, { stride: 2, groups: 2, outputShape: [9, 8] });
      ops.conv2dInputGradient(y, w, g);
      ops.conv2dFilterGradient(x, y, g);
      ops.matmul(ones([5, 3]), ones([7, 5]), { transposeA: true, transposeB: true });
      ops.relu(x);
    });
    const counts = operationsOf(graph).map(({ multiplyAdds }) => multiplyAdds);
    expect(counts).toEqual([products, products, products, products, 3 * 5 * 7, 0]);
    expect(multiplyAddsOf(graph)).toBe(4 * products + 105);
  });

  it("has the calls of a differentiation, and changes neither values nor gradients", () => {
    const f = (x: Tensor) => ops.sum(ops.square(ops.tanh(x)));
    const x = tensor([0.1, 0.2]);
    let inside = zeros([2]);
    const graph = trace((t: Tensor) => (inside = grad(f)(t)), x);
    expect(namesOf(graph).slice(0, 3)).toEqual(["tanh", "square", "sum"]);
    expect(inside.shape).toEqual([2]);
    expect(grad((t: Tensor) => (trace(f, t), f(t)))(x).data).toEqual(grad(f)(x).data);
  });

  it("of a model has every layer, without gradients or copies of batches, and holds no memory", () => {
    const model = lectures.denseVae({ latentSize: 2 });
    const params = model.init(key(1));
    const x = random.uniform(key(2), [3, 784]);
    const before = runtimeInfo().memory.used;
    const graph = trace(model.reconstruct, params, x);
    expect(runtimeInfo().memory.used).toBe(before);
    expect(namesOf(graph).filter((name) => name === "matmul" || name === "dense")).toHaveLength(5);
    expect(graph.nodes.filter(({ kind }) => kind === "constant")).toEqual([]);
    expect(graph.outputs).toHaveLength(1);
  });

  it("is empty where nothing is called", () => {
    expect(trace(() => 3)).toEqual({ nodes: [], outputs: [] });
    const layer = sequential(dense(2));
    const { params, state } = layer.init(fold(key(1), 1), [3]);
    expect(namesOf(trace((x: Tensor) => layer.apply(params, state, x).output, ones([1, 3])))).toHaveLength(1);
  });

  it("is refused of what is no function, and of an asynchronous one", () => {
    expectRefused(() => trace(3 as never), TypeError, "trace: f must be a function");
    expectRefused(
      () => trace(async () => await Promise.resolve(1)),
      TypeError,
      "scope: f must be synchronous",
    );
  });
});
