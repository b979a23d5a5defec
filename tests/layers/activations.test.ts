// Laws of activations: as layers they are the operations, as options they are the layers behind a linear one.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as library from "../../src/index.js";
import {
  type ActivationName,
  conv2d,
  conv2dTranspose,
  dense,
  key,
  type Layer,
  ops,
  resizeConv2d,
  type Shape,
  tensor,
  type Tensor,
} from "../../src/index.js";
import { reals, seed } from "../support/arbitraries.js";
import { ACTIVATIONS, activationOptions } from "../support/layerCases.js";
import { expectSame, forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

type Options = library.ActivationOptions;
type Alpha = { readonly alpha?: number };

const operations = ops as unknown as Record<string, (x: Tensor, options?: Alpha) => Tensor>;
const makers = library as unknown as Record<string, (options?: unknown) => Layer>;
const isScaled = (name: ActivationName) => name === "leakyRelu" || name === "elu";

/** The activation as a function of tensors. */
function activationOf({ activation = "linear", alpha }: Options): (x: Tensor) => Tensor {
  if (activation === "linear") return (x) => x;
  const f = operations[activation];
  return (x) => (isScaled(activation) && alpha !== undefined ? f(x, { alpha }) : f(x));
}

const kernels: [string, Shape, (options: Options) => Layer][] = [
  ["dense", [7], (options) => dense(6, options)],
  ["conv2d", [5, 6, 4], (options) => conv2d(6, { kernel: 3, stride: 2, groups: 2, ...options })],
  ["conv2dTranspose", [3, 2, 5], (options) => conv2dTranspose(3, { kernel: 3, stride: 2, ...options })],
  ["resizeConv2d", [3, 2, 5], (options) => resizeConv2d(3, { kernel: [3, 1], ...options })],
];

describe("an activation as an option", () => {
  it.each(kernels)("of %s is the activation behind a linear layer", (_name, inputShape, make) => {
    const cases = fc.record({ options: activationOptions, seed });
    forAll(cases, 60, ({ options, seed }) => {
      const layer = make(options);
      const { params, state } = layer.init(key(seed), inputShape);
      const x = reals([2, ...inputShape], seed);
      const linear = make({}).apply(params, state, x).output;
      expectSame(layer.apply(params, state, x).output, activationOf(options)(linear));
    });
  });

  it.each(kernels)("of %s is refused when it is none", (name, _inputShape, make) => {
    expectRefused(
      () => make({ activation: "rellu" as never }),
      RangeError,
      `${name}: activation must be one of`,
    );
    expectRefused(() => make({ activation: 3 as never }), TypeError, `${name}: activation`);
    expectRefused(() => make({ alpha: -1 }), RangeError, `${name}: alpha`);
    expectRefused(() => make({ alpha: "1" as never }), TypeError, `${name}: alpha`);
    expectRefused(
      () => make({ activaton: "relu" } as never),
      TypeError,
      `${name}: options must have only the names`,
    );
  });
});

describe("an activation as a layer", () => {
  const names = ACTIVATIONS.filter((name) => name !== "linear");

  it.each(names)("%s is the operation of its name", (name) => {
    const x = reals([3, 4, 5], 1);
    const { output, state } = makers[name]().apply({}, {}, x);
    expectSame(output, activationOf({ activation: name })(x));
    expect(state).toEqual({});
    if (!isScaled(name)) return;
    for (const alpha of [0, 0.3, 2]) {
      const scaled = makers[name]({ alpha });
      expect(scaled.spec).toEqual({ type: name, args: [{ alpha }] });
      expectSame(scaled.apply({}, {}, x).output, activationOf({ activation: name, alpha })(x));
    }
  });

  it("softmax shares out along the last axis", () => {
    const { output } = library.softmax().apply({}, {}, tensor([[[0, 0]], [[Math.log(3), 0]]]));
    output.data.forEach((share, i) => expect(share).toBeCloseTo([0.5, 0.5, 0.75, 0.25][i], 6));
  });

  it.each(["leakyRelu", "elu"] as const)("%s refuses a negative or misspelt alpha", (name) => {
    const make = makers[name];
    expectRefused(() => make({ alpha: -0.1 }), RangeError, `${name}: alpha`);
    expectRefused(() => make({ alpha: NaN }), RangeError, `${name}: alpha`);
    expectRefused(() => make({ slope: 1 }), TypeError, `${name}: options must have only the names alpha`);
    expectRefused(() => make(0.2), TypeError, `${name}: options`);
  });
});
