// Layers of a user's making give back whatever they like: each kind of rubbish is refused by the layer's name, in its
// place, wherever layers are taken.

import { describe, expect, it } from "vitest";
import {
  autoencoder,
  createTrainer,
  key,
  type Layer,
  layerFromSpec,
  parallel,
  relu,
  residual,
  sequential,
  summary,
  type Tensor,
  tensor,
  vae,
  vqVae,
  zeros,
} from "../../src/index.js";
import { isRefusal } from "../../src/check/check.js";
import { errorOf } from "../support/refusals.js";
import { forEvery, PLAIN, released, type Rubbish, STRANGE } from "../support/rubbish.js";

/** x, by a layer as a user would write it. */
const same = (changes: Partial<Record<"outputShape" | "init" | "apply", unknown>> = {}): Layer =>
  ({
    spec: { type: "mine", args: [] },
    outputShape: (shape: readonly number[]) => shape,
    init: (_: unknown, shape: readonly number[]) => ({ params: {}, state: {}, outputShape: shape }),
    apply: (_: unknown, state: unknown, input: Tensor) => ({ output: input, state }),
    ...changes,
  }) as Layer;

/** Every place that takes a layer: what it makes of it, all the way to a result. */
const PLACES: Readonly<Record<string, (layer: Layer) => unknown>> = {
  sequential: (layer) => used(sequential(relu(), layer)),
  "sequential of spread": (layer) => used(sequential({ ...relu(), ...layer })),
  residual: (layer) => used(residual(layer)),
  parallel: (layer) => used(parallel({ a: relu(), b: layer }) as unknown as Layer),
  "a maker's layer": (layer) => used(layerFromSpec({ type: "mine", args: [] }, { mine: () => layer })),
  autoencoder: (layer) => {
    const model = autoencoder({ inputShape: [4], encoder: layer, decoder: relu() });
    return model.reconstruct(model.init(key(1)), zeros([2, 4]));
  },
  "vae's decoder": (layer) => {
    const model = vae({ inputShape: [4], latentSize: 4, encoder: relu(), decoder: layer });
    return model.reconstruct(model.init(key(1)), zeros([2, 4]));
  },
  vqVae: (layer) => {
    const model = vqVae({ inputShape: [4], latentSize: 4, codebook: 2, encoder: layer, decoder: relu() });
    return model.reconstruct(model.init(key(1)), zeros([2, 4]));
  },
  corrupt: (layer) => {
    const model = autoencoder({ inputShape: [4], encoder: relu(), decoder: relu() });
    return createTrainer(model, { key: key(1), corrupt: layer }).step(zeros([2, 4]));
  },
  summary: (layer) => summary(layer, [4]),
};

function used(layer: Layer): unknown {
  const { params, state } = layer.init(key(1), [4]);
  return layer.apply(params, state, zeros([2, 4])).output;
}

const alone = { ...STRANGE, ...PLAIN };
const inside = (f: (value: unknown) => unknown, names = Object.keys(alone)): Rubbish =>
  Object.fromEntries(
    names.map((name) => [`${name} inside`, () => f((alone as Record<string, () => unknown>)[name]!())]),
  );

const SHAPES: Rubbish = {
  ...alone,
  text: () => "4",
  "a size as text": () => ["4"],
  "half a size": () => [1.5],
  NaN: () => [NaN],
  none: () => [0],
  "too many": () => [2 ** 20, 2 ** 20],
  "a hole": () => Object.assign([], { length: 1 }),
};
const made = (more: object) => ({ params: {}, state: {}, outputShape: [4], ...more });
const INITS: Rubbish = {
  ...alone,
  "nothing in it": () => ({}),
  ...inside((value) => made({ params: value })),
  ...inside((value) => made({ params: { w: [value] } })),
  ...inside((value) => made({ state: value })),
  ...inside((value) => made({ outputShape: value })),
  "another shape": () => made({ outputShape: [5] }),
  "a released tensor": () => made({ params: released() }),
};
/** Stands for the input, which a layer that does nothing gives back. */
const INPUT = Symbol("input");
const applied = (more: object) => ({ output: INPUT, state: {}, ...more });
const APPLIED: Rubbish = {
  ...alone,
  "a tensor": () => zeros([2, 4]),
  "nothing in it": () => ({}),
  ...inside((value) => applied({ output: value })),
  ...inside((value) => applied({ output: { mean: value } })),
  ...inside((value) => applied({ state: value })),
  "another width": () => applied({ output: zeros([2, 1]) }),
  "more examples": () => applied({ output: zeros([3, 4]) }),
  "a state with more": () => applied({ state: { w: tensor([1]) } }),
};

describe.each(Object.entries(PLACES))("a layer of one's own (%s)", (_, use) => {
  /** Of what `use` refuses, the words that come after its place. */
  const expectRefusal = (changes: Parameters<typeof same>[0], rule: RegExp) => {
    const error = errorOf(() => use(same(changes)));
    // A tensor whose scope has ended is told by its own words.
    expect(String(error)).toMatch(new RegExp(`${rule.source}|released|has ended`));
    expect(isRefusal(error), String(error)).toBe(true);
  };

  it("is taken as it is where it keeps to its word", () => {
    expect(() => use(same())).not.toThrow();
  });

  it("whose outputShape gives rubbish is refused", () =>
    forEvery(SHAPES, (make) => expectRefusal({ outputShape: make }, /mine: outputShape.* must /)));

  it("whose init gives rubbish is refused", () =>
    forEvery(INITS, (make) => expectRefusal({ init: make }, /mine: init.* must /)));

  it("whose apply gives rubbish is refused", () =>
    forEvery(APPLIED, (make) => {
      const apply = (_: unknown, __: unknown, input: Tensor) => {
        const given = make() as { output?: unknown } | undefined | null;
        return given?.output === INPUT ? { ...given, output: input } : given;
      };
      expectRefusal({ apply }, /mine: apply.* must /);
    }));
});

describe("a class of layers", () => {
  it("keeps its methods", () => {
    class Doubling {
      readonly spec = { type: "doubling", args: [] };
      factor = 2;
      outputShape(shape: readonly number[]) {
        return shape;
      }
      init(_: unknown, outputShape: readonly number[]) {
        return { params: {}, state: {}, outputShape };
      }
      apply(_: unknown, state: object, input: Tensor) {
        return { output: this.doubled(input), state };
      }
      doubled({ data, shape }: Tensor) {
        return tensor(
          data.map((value) => this.factor * value),
          shape,
        );
      }
    }
    const chain = sequential(new Doubling() as Layer, new Doubling() as Layer);
    const { params, state } = chain.init(key(1), [1]);
    expect([...chain.apply(params, state, tensor([[3]])).output.data]).toEqual([12]);
  });
});
