// Laws of layers made from specs: they are the layers that were described, and nothing else comes in.

import * as fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import * as library from "../../src/index.js";
import {
  dense,
  flatten,
  type Heads,
  key,
  type Layer,
  layerFromSpec,
  type LayerSpec,
  type MaskLayer,
  maskPatches,
  maxPool2d,
  type None,
  ops,
  parallel,
  relu,
  residual,
  sequential,
  type Shape,
  summary,
  type Tensor,
  type Tree,
} from "../../src/index.js";
import { MAKERS } from "../../src/layers/fromSpec.js";
import { reals, seed } from "../support/arbitraries.js";
import { expectSame, forAll } from "../support/laws.js";
import { layerCases } from "../support/layerCases.js";
import { expectRefused } from "../support/refusals.js";
import { sourcesBelow } from "../support/sources.js";
import { plain } from "../support/trees.js";

type AnyLayer = Layer<Tree, Tree, unknown>;

/** A spec as it comes back from a file. */
const filed = (spec: unknown): LayerSpec => JSON.parse(JSON.stringify(spec)) as LayerSpec;
const fromJson = (json: string) => layerFromSpec(JSON.parse(json) as LayerSpec);

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return expect.fail("not refused");
}

/** The rebuilt layer describes itself as the first, begins with the same bits and gives the same. */
function expectRebuilt(layer: AnyLayer, inputShape: Shape, seed: number): void {
  const rebuilt = layerFromSpec<unknown>(filed(layer.spec));
  expect(rebuilt.spec).toEqual(layer.spec);
  expect(rebuilt.outputShape(inputShape)).toEqual(layer.outputShape(inputShape));
  expect(summary(rebuilt, inputShape)).toBe(summary(layer, inputShape));
  const first = layer.init(key(seed), inputShape);
  const { params, state } = rebuilt.init(key(seed), inputShape);
  expect(plain([params, state])).toEqual(plain([first.params, first.state]));
  const x = reals([2, ...inputShape], seed);
  for (const training of [false, true]) {
    const context = { training, key: key(seed + 1) };
    const wanted = layer.apply(first.params, first.state, x, context);
    expect(plain(rebuilt.apply(params, state, x, context))).toEqual(plain(wanted));
  }
}

/** A layer with others around it, behind it and in heads. */
function architecture(layer: Layer, heads: readonly string[]): AnyLayer {
  const shortcut = residual(sequential(dense(4), residual(relu())));
  const named = heads.map(
    (name, i) => [name, i % 2 === 0 ? sequential(dense(4), shortcut) : dense(i)] as const,
  );
  return sequential(sequential(layer), flatten(), sequential(parallel(Object.fromEntries(named))));
}

describe("layerFromSpec", () => {
  const names = Object.keys(MAKERS).sort();

  it("knows every public maker of src/layers", async () => {
    const paths = sourcesBelow("src/layers").map(
      ({ path }) => new URL(`../../${path}`, import.meta.url).href,
    );
    const modules = await Promise.all(paths.map((path) => import(path) as Promise<Record<string, unknown>>));
    const ofLayers = new Set(modules.flatMap((module) => Object.values(module)));
    const notMakers: unknown[] = [layerFromSpec, summary];
    const makers = Object.entries(library).filter(([, value]) => {
      return typeof value === "function" && ofLayers.has(value) && !notMakers.includes(value);
    });
    expect(names).toEqual(makers.map(([name]) => name).sort());
    for (const [name, maker] of makers) expect(MAKERS[name as keyof typeof MAKERS]).toBe(maker);
  });

  it("knows whatever the compiler sees to return a layer", () => {
    type IsLayer<R> = R extends { spec: LayerSpec; init: unknown; apply: unknown } ? 1 : 0;
    type IsMaker<F> = F extends (...args: never) => infer Result ? IsLayer<Result> : 0;
    type Library = typeof library;
    type Makers = { [N in keyof Library]: IsMaker<Library[N]> extends 1 ? N : never }[keyof Library];
    expectTypeOf<Makers>().toEqualTypeOf<keyof typeof MAKERS | "layerFromSpec">();
    expect([...Object.keys(layerCases), "parallel"].sort()).toEqual(names);
  });

  describe.each(Object.entries(layerCases))("of %s", (_, cases) => {
    it("gives the same layer, alone and in random architectures", () => {
      const name = fc.oneof(fc.string(), fc.constantFrom("mean", "toString"));
      const heads = fc.uniqueArray(name, { minLength: 1, maxLength: 3 });
      forAll(
        fc.record({ drawn: cases, heads, seed }),
        25,
        ({ drawn: { layer, inputShape }, heads, seed }) => {
          expectRebuilt(layer, inputShape, seed);
          expectRebuilt(architecture(layer, heads), inputShape, seed);
        },
      );
    });
  });

  it("gives back what a layer has beside the rest", () => {
    const layer = maskPatches({ size: 2, ratio: 0.5 });
    const rebuilt = layerFromSpec(filed(layer.spec)) as unknown as MaskLayer;
    expectSame(rebuilt.hidden(key(1), [2, 4, 4, 1]), layer.hidden(key(1), [2, 4, 4, 1]));
  });

  it("takes arguments that may be left out", () => {
    expect(layerFromSpec({ type: "maxPool2d", args: [] }).spec).toEqual(maxPool2d().spec);
    expect(layerFromSpec({ type: "dense", args: [3, {}] }).spec).toEqual(dense(3).spec);
  });

  it("tells the compiler of heads", () => {
    const heads = { mean: dense(2), logVar: dense(2) };
    const layer = layerFromSpec<Heads<typeof heads>>(parallel(heads).spec);
    const { params, state } = layer.init(key(1), [3]);
    const { output } = layer.apply(params, state, reals([1, 3], 1));
    expectTypeOf(output.logVar).toEqualTypeOf<Tensor>();
    expect(output.logVar.shape).toEqual([1, 2]);
    expectTypeOf(layerFromSpec(relu().spec)).toEqualTypeOf<Layer>();
  });
});

describe("makers of one's own", () => {
  const double = (factor = 2): Layer<None, None> => ({
    ...relu(),
    spec: { type: "double", args: [factor] },
    apply: (_, state, input) => ({ output: ops.scale(input, factor), state }),
  });
  const x = reals([2, 3], 1);

  it("make what they are named for, at any depth", () => {
    const layer = sequential(relu(), residual(sequential(double(3))));
    const rebuilt = layerFromSpec(filed(layer.spec), { double });
    expect(rebuilt.spec).toEqual(layer.spec);
    const { params, state } = layer.init(key(1), [3]);
    expectSame(rebuilt.apply(params, state, x).output, layer.apply(params, state, x).output);
  });

  it("go before built-in ones", () => {
    const layer = layerFromSpec(relu().spec, { relu: double });
    expectSame(layer.apply({}, {}, x).output, ops.scale(x, 2));
  });

  it("are refused where they are none, and where they make none", () => {
    const spec = { type: "double", args: [] };
    const makers = "layerFromSpec: makers must be an object";
    for (const wrong of [null, 3, "double", [double]]) {
      expectRefused(() => layerFromSpec(spec, wrong as never), TypeError, makers);
    }
    const noFunction = { double: 3 as never };
    expectRefused(() => layerFromSpec(spec, noFunction), TypeError, "layerFromSpec: makers.double must be a");
    const wrong = { double: () => 3 as never };
    const returns = "layerFromSpec: what makers.double returns must be a layer";
    expectRefused(() => layerFromSpec(spec, wrong), TypeError, returns);
    const inherited = Object.create({ double }) as { double: typeof double };
    expectRefused(() => layerFromSpec(spec, inherited), RangeError, "layerFromSpec: type must be one of");
  });
});

describe("a spec", () => {
  it("of an unknown type is refused, with the known ones and the way to add one", () => {
    const inherited = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];
    for (const type of ["", "Dense", "conv3d", "linear", ...inherited]) {
      const call = () => fromJson(`{ "type": "${type}", "args": [] }`);
      expectRefused(call, RangeError, "layerFromSpec: type must be one of avgPool2d, batchNorm, conv2d, ");
      expect(call).toThrow(/upsampleNearest, or a name among makers \(the second argument\), got/);
    }
    expect({}).not.toHaveProperty("polluted");
  });

  it.each<[string, string]>([
    ["null", "spec"],
    ["3", "spec"],
    ['"relu"', "spec"],
    ["[]", "spec"],
    ["{}", "spec"],
    ['{ "type": "relu" }', "spec"],
    ['{ "args": [] }', "spec"],
    ['{ "type": "relu", "args": [], "name": "x" }', "spec"],
    ['{ "type": "relu", "args": [], "__proto__": {} }', "spec"],
    ['{ "type": "relu", "__proto__": { "args": [] } }', "spec"],
    ['{ "type": 3, "args": [] }', "type"],
    ['{ "type": ["relu"], "args": [] }', "type"],
    ['{ "type": "relu", "args": {} }', "args"],
    ['{ "type": "relu", "args": null }', "args"],
    ['{ "type": "relu", "args": { "length": 0 } }', "args"],
  ])("that is none, %s, is refused", (json, argument) => {
    expectRefused(() => fromJson(json), TypeError, `layerFromSpec: ${argument} must be`);
  });

  it.each<[unknown, ErrorConstructor, string]>([
    [{ type: "dense", args: [] }, TypeError, "dense: units must be an integer"],
    [{ type: "dense", args: [0] }, RangeError, "dense: units must be an integer ≥ 1, got 0"],
    [{ type: "dense", args: [3, { units: 3 }] }, TypeError, "dense: options must have only the names"],
    [{ type: "dense", args: [3, null] }, TypeError, "dense: options must be an object"],
    [{ type: "conv2d", args: [3, { kernel: "3" }] }, TypeError, "conv2d: kernel"],
    [{ type: "dense", args: [3, {}, 4] }, TypeError, "dense: args must have at most 2 entries here"],
    [{ type: "relu", args: [{ alpha: 1 }] }, TypeError, "relu: args must have at most 0 entries here"],
    [{ type: "flatten", args: [[]] }, TypeError, "flatten: args must have at most 0"],
    [{ type: "residual", args: [relu().spec, 1] }, TypeError, "residual: args must have at most 1"],
    [{ type: "residual", args: [] }, TypeError, "residual.layerFromSpec: spec must be"],
    [{ type: "parallel", args: [] }, TypeError, "parallel: heads must be layers by name"],
    [{ type: "parallel", args: [{}] }, RangeError, "parallel: heads must be at least one"],
    [{ type: "parallel", args: [[relu().spec]] }, TypeError, "parallel: heads.0 must be a layer"],
    [{ type: "sequential", args: [] }, RangeError, "sequential: layers must be at least one"],
    [sequentialOf(relu().spec, null), TypeError, "[1].layerFromSpec: spec must be a layer's spec"],
    [sequentialOf(relu().spec, { type: "dense", args: [-1] }), RangeError, "[1].dense: units must be"],
    [
      sequentialOf(sequentialOf(parallelOf({ type: "x", args: [] }))),
      RangeError,
      "[0][0].mean.layerFromSpec",
    ],
    [
      parallelOf({ type: "residual", args: [sequentialOf(null)] }),
      TypeError,
      "mean.residual[0].layerFromSpec:",
    ],
    [parallelOf({ type: "dropout", args: [1] }), RangeError, "mean.dropout: rate must be below 1, got 1"],
  ])("with wrong arguments, %j, is refused with its place", (spec, kind, start) => {
    const call = () => layerFromSpec(filed(spec));
    expect(call).toThrow(kind);
    expect(call).toThrow(/ must .+, got /s);
    expect(messageOf(call).slice(0, start.length)).toBe(start);
  });

  function sequentialOf(...args: unknown[]): LayerSpec {
    return { type: "sequential", args };
  }
  function parallelOf(mean: unknown): LayerSpec {
    return { type: "parallel", args: [{ mean }] };
  }

  it("may nest 64 deep and no deeper, however it does", () => {
    const around = [
      (inner: unknown) => sequentialOf(inner),
      (inner: unknown) => ({ type: "residual", args: [inner] }),
      (inner: unknown) => parallelOf(inner),
    ];
    const nested = (depth: number) => {
      let spec: unknown = relu().spec;
      for (let i = 1; i < depth; i++) spec = around[i % 2](spec);
      return spec as LayerSpec;
    };
    expect(layerFromSpec(nested(64)).outputShape([3])).toEqual([3]);
    expect(() => layerFromSpec(nested(65))).toThrow(/: spec must nest at most 64 layers deep, got/);
    const bomb = '{"type":"parallel","args":[{"a":'.repeat(3000) + "0" + "}]}".repeat(3000);
    expect(() => fromJson(bomb)).toThrow(RangeError);
    expect(() => fromJson(bomb)).toThrow(/^(a\.){64}layerFromSpec: spec must nest at most 64 layers deep/);
  });

  it("with more arguments than a call can take is refused", () => {
    const many = Array.from({ length: 10_001 }, () => relu().spec);
    expect(layerFromSpec(sequentialOf(...many.slice(1))).outputShape([3])).toEqual([3]);
    expectRefused(
      () => layerFromSpec({ type: "sequential", args: many }),
      RangeError,
      "layerFromSpec: args must be at most 10000, got 10001",
    );
  });

  it("of a stranger is shown only in part", () => {
    const long = "x".repeat(10_000);
    const specs = [
      { type: long, args: [] },
      { type: "dense", args: [3, { [long]: 1 }] },
      { type: "parallel", args: [{ [long]: null }] },
      { type: "reshape", args: [long] },
    ];
    for (const spec of specs) {
      expect(messageOf(() => layerFromSpec(spec)).length).toBeLessThan(1000);
    }
  });

  it("with heads named as what objects inherit makes heads of those names, and changes nothing else", () => {
    const json = '{ "type": "parallel", "args": [{ "__proto__": SPEC, "constructor": SPEC }] }';
    const layer = fromJson(json.replaceAll("SPEC", JSON.stringify(dense(2).spec)));
    const { params, state } = layer.init(key(1), [3]);
    expect(Object.getOwnPropertyNames(params)).toEqual(["__proto__", "constructor"]);
    const { output } = layer.apply(params, state, reals([1, 3], 1));
    expect(Object.getOwnPropertyNames(output)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(Object.hasOwn(Object.prototype, "type")).toBe(false);
  });
});
