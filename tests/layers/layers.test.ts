// Laws of every layer, whatever its options: shapes, names, keys, purity and the description of how it was made.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key, type Shape, Tensor, type Tree } from "../../src/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectPure, forAll } from "../support/laws.js";
import { layerCases } from "../support/layerCases.js";
import { plain } from "../support/trees.js";

/** The tree with shapes in the place of tensors. */
function shapesOf(tree: Tree): unknown {
  if (tree instanceof Tensor) return tree.shape;
  if (Array.isArray(tree)) return tree.map(shapesOf);
  return Object.fromEntries(Object.entries(tree).map(([name, entry]) => [name, shapesOf(entry)]));
}

const inputOf = (shape: Shape, seed: number) => reals([2, ...shape], seed);

describe.each(Object.entries(layerCases))("%s", (name, cases) => {
  const drawn = fc.record({ drawn: cases, seed });

  it("gives outputs of the shape that it foretells, finite ones, in training and inference", () => {
    forAll(drawn, 40, ({ drawn: { layer, inputShape }, seed }) => {
      const { params, state, outputShape } = layer.init(key(seed), inputShape);
      expect(layer.outputShape(inputShape)).toEqual(outputShape);
      for (const training of [false, true]) {
        const context = { training, key: key(seed + 1) };
        const { output } = layer.apply(params, state, inputOf(inputShape, seed), context);
        expect(output.shape).toEqual([2, ...outputShape]);
        expect(output.data.every(Number.isFinite)).toBe(true);
      }
    });
  });

  it("makes parameters and state of the right names and shapes, in training too", () => {
    forAll(drawn, 40, ({ drawn: { layer, inputShape, ...wanted }, seed }) => {
      const { params, state } = layer.init(key(seed), inputShape);
      expect(shapesOf(params)).toEqual(wanted.params);
      expect(shapesOf(state)).toEqual(wanted.state);
      const context = { training: true, key: key(seed) };
      const applied = layer.apply(params, state, inputOf(inputShape, seed), context);
      expect(shapesOf(applied.state)).toEqual(wanted.state);
    });
  });

  it("begins with the same parameters for the same key, wherever it was made", () => {
    forAll(drawn, 20, ({ drawn: { layer, inputShape }, seed }) => {
      const first = layer.init(key(seed), inputShape);
      expect(plain(layer.init(key(seed), inputShape))).toEqual(plain(first));
    });
  });

  it("gives the same output inside a scope, and leaves its input, parameters and state unchanged", () => {
    forAll(drawn, 20, ({ drawn: { layer, inputShape }, seed }) => {
      const { params, state } = layer.init(key(seed), inputShape);
      const before = plain([params, state]);
      for (const training of [false, true]) {
        const context = { training, key: key(seed) };
        expectPure((x) => layer.apply(params, state, x, context).output, [inputOf(inputShape, seed)]);
      }
      expect(plain([params, state])).toEqual(before);
    });
  });

  it("describes how it was made in JSON", () => {
    forAll(drawn, 20, ({ drawn: { layer } }) => {
      expect(layer.spec.type).toBe(name);
      expect(JSON.parse(JSON.stringify(layer.spec))).toEqual(layer.spec);
    });
  });
});
