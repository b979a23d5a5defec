// Laws of refusals: short whatever is refused, with what was probably meant, and from every function.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkOneOf, checkOptions, closest, isRefusal, refuseKind, show } from "../../src/check/check.js";
import {
  adam,
  autoencoder,
  batchNorm,
  type BatchNormLayerOptions,
  conv2d,
  conv2dTranspose,
  defineOp,
  dense,
  dropout,
  flatten,
  full,
  gelu,
  globalAvgPool,
  key,
  type Layer,
  layerNorm,
  lectures,
  maskPatches,
  maxPool2d,
  ones,
  ops,
  parallel,
  relu,
  reshape,
  residual,
  resizeConv2d,
  saveModel,
  schedules,
  sequential,
  type Shape,
  spearman,
  summary,
  type Tensor,
  tensor,
  upsampleNearest,
  zeros,
} from "../../src/index.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

/** The message of what a call throws. */
function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return isRefusal(error) ? error.message : `no refusal: ${String(error)}`;
  }
  throw new Error("not refused");
}

/** An array of so many holes. */
function holes(length: number): never[] {
  const array: never[] = [];
  array.length = length;
  return array;
}

const throwing = (): never => {
  throw new Error("read");
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const detached = () => {
  const array = new Float32Array(2);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};

describe("a refused value", () => {
  it.each<[string, unknown, string | RegExp]>([
    ["a long string", "x".repeat(1e6), `"${"x".repeat(80)}…"`],
    ["a long symbol", Symbol("x".repeat(1e6)), /^Symbol\(x{20,}…$/],
    ["a huge BigInt", 10n ** 1000n, "a huge BigInt"],
    ["a BigInt", 12n, "12n"],
    ["minus zero", -0, "-0"],
    ["a number object", new Number(3), "a Number object"],
    ["an array with holes", holes(3), "[a hole, a hole, a hole]"],
    ["a long array", holes(1e9), /^\[a hole, .*, …\]$/],
    ["an array of long strings", ["x".repeat(1e6), "y".repeat(1e6)], /^\["x{20,}/],
    ["an object with long names", { ["x".repeat(1e6)]: 1 }, /^\{ x{20,}… \}$/],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), "{ a }"],
    [
      "an object with a throwing getter",
      Object.defineProperty({}, "shape", { get: throwing }),
      /cannot be read/,
    ],
    ["a throwing proxy", new Proxy({}, { get: throwing }), "an object that cannot be read"],
    ["a revoked proxy", revoked(), "an object that cannot be read"],
    ["an object whose constructor is no function", { constructor: 3, a: 1 }, "{ constructor, a }"],
    ["a detached array", detached(), "Float32Array(0) whose buffer was transferred"],
    ["an array", new Uint8Array(3), "Uint8Array(3)"],
    ["a class", class A {}, "function A"],
    ["a date", new Date(0), "Date"],
    ["a tensor", ones([2, 3]), "Tensor [2, 3]"],
    [
      "an array that holds itself",
      (() => {
        const a: unknown[] = [1];
        a.push(a);
        return a;
      })(),
      "[1, [2]]",
    ],
  ])("is shown short and by its kind: %s", (_, value, text) => {
    const shown = show(value);
    expect(typeof text === "string" ? shown === text : text.test(shown), shown).toBe(true);
  });

  it("makes no message long", () => {
    fc.assert(
      fc.property(
        fc.anything({ maxDepth: 4, withBigInt: true, withTypedArray: true, withSparseArray: true }),
        (value) => {
          expect(show(value).length).toBeLessThanOrEqual(241);
          expect(
            messageOf(() => refuseKind("f", "x".repeat(1e4), "y".repeat(1e5), value)).length,
          ).toBeLessThan(1800);
        },
      ),
    );
    const names = Array.from({ length: 1000 }, (_, i) => `name${i}`.repeat(100));
    expect(messageOf(() => checkOptions("f", { other: 1 }, names)).length).toBeLessThan(2000);
    expect(messageOf(() => checkOneOf("f", "x", "other", names)).length).toBeLessThan(2000);
    expect(messageOf(() => adam({ ["x".repeat(1e6)]: 1 } as never)).length).toBeLessThan(1000);
    const heads = { ["x".repeat(1e6)]: dense(2) };
    expect(messageOf(() => parallel(heads).outputShape([1, 2, 3])).length).toBeLessThan(1000);
  });
});

describe("a misspelt name", () => {
  it.each([
    ["learningrate", "learningRate"],
    ["learnignRate", "learningRate"],
    ["learning_rate", "learningRate"],
    ["learning-rate", "learningRate"],
    ["learningRat", "learningRate"],
    ["lerningRate", "learningRate"],
    ["sride", "stride"],
    ["strides", "stride"],
    ["stirde", "stride"],
    ["paddding", "padding"],
    ["Stride", "stride"],
  ])("%s is told from %s", (given, meant) => {
    expect(closest(given, ["beta1", "padding", "stride", "learningRate", "epochs"])).toBe(meant);
  });

  it.each(["", "x", "lr", "colour", "constructor", "x".repeat(1e6), "dilation"])(
    "%s is like none",
    (given) => {
      expect(closest(given, ["beta1", "padding", "stride", "learningRate", "epochs"])).toBe(undefined);
    },
  );

  it("is the nearest of several, and itself where it is right", () => {
    expect(closest("beta", ["beta1", "theta", "beta"])).toBe("beta");
    expect(closest("epoch", ["epochs", "every"])).toBe("epochs");
  });

  it("finds every name with one letter swapped, left out, doubled or replaced", () => {
    const names = ["batchSize", "latentSize", "learningRate", "outputPadding", "kernelInitializer"];
    const changes = fc.tuple(
      fc.constantFrom(...names),
      fc.nat(),
      fc.constantFrom("swap", "drop", "double", "replace"),
    );
    fc.assert(
      fc.property(changes, ([name, place, change]) => {
        const i = 1 + (place % (name.length - 2));
        const changed = {
          swap: name.slice(0, i) + name[i + 1] + name[i] + name.slice(i + 2),
          drop: name.slice(0, i) + name.slice(i + 1),
          double: name.slice(0, i) + name[i] + name.slice(i),
          replace: `${name.slice(0, i)}q${name.slice(i + 1)}`,
        }[change];
        expect(closest(changed!, names)).toBe(name);
      }),
    );
  });

  it("is asked about in refusals", () => {
    const calls: readonly [() => unknown, string][] = [
      [() => adam({ learningrate: 1 } as never), "learningRate"],
      [() => conv2d(3, { kernel: 3, srtide: 2 } as never), "stride"],
      [() => dense(3, { activation: "rellu" as never }), "relu"],
      [() => dense(3, { kernelInitializer: "glorotuniform" as never }), "glorotUniform"],
      [() => ops.conv2d(ones([1, 5, 5, 1]), ones([3, 3, 1, 1]), { padding: "SAME" as never }), "same"],
      [() => batchNorm({ momentun: 0.9 } as BatchNormLayerOptions), "momentum"],
      [() => schedules.cosineDecay({ form: 1, steps: 2 } as never), "from"],
    ];
    for (const [call, meant] of calls) expect(messageOf(call)).toContain(`(did you mean ${meant}?)`);
    expect(messageOf(() => adam({ qqq: 1 } as never))).not.toContain("did you mean");
  });
});

describe("options", () => {
  it.each([
    new Map(),
    new Set(),
    new Date(),
    /x/,
    new Float32Array(0),
    new ArrayBuffer(8),
    Promise.resolve(),
    new Number(1),
    [],
    null,
    3,
  ])("are no %o", (options) => {
    expectRefused(() => adam(options as never), TypeError, "adam: options must be an object");
  });

  it("may have no prototype, or be of a class", () => {
    class Options {
      learningRate = 0.5;
    }
    expect(() => adam(Object.assign(Object.create(null), { learningRate: 0.5 }))).not.toThrow();
    expect(() => adam(new Options())).not.toThrow();
  });
});

/** Layers with an input's shape that each takes. */
const LAYERS: readonly [string, Layer, Shape][] = [
  ["relu", relu(), [3]],
  ["gelu", gelu(), [3]],
  ["dense", dense(4), [3]],
  ["conv2d", conv2d(2, { kernel: 3 }), [4, 4, 1]],
  ["conv2dTranspose", conv2dTranspose(2, { kernel: 3, stride: 2 }), [4, 4, 1]],
  ["resizeConv2d", resizeConv2d(2, { kernel: 3 }), [4, 4, 1]],
  ["upsampleNearest", upsampleNearest(2), [4, 4, 1]],
  ["maxPool2d", maxPool2d(2), [4, 4, 1]],
  ["globalAvgPool", globalAvgPool(), [4, 4, 1]],
  ["flatten", flatten(), [4, 4, 1]],
  ["reshape", reshape([4, 1]), [2, 2]],
  ["batchNorm", batchNorm(), [4, 4, 1]],
  ["layerNorm", layerNorm(), [3]],
  ["dropout", dropout(0.5), [3]],
  ["maskPatches", maskPatches({ size: 2, ratio: 0.5 }), [4, 4, 1]],
  ["sequential", sequential(relu(), dense(2)), [3]],
  ["residual", residual(dense(3)), [3]],
  ["parallel", parallel({ mean: dense(2) }) as unknown as Layer, [3]],
];

describe.each(LAYERS)("the layer %s", (_, layer, shape) => {
  const wrong: readonly unknown[] = [
    undefined,
    null,
    "4",
    3,
    {},
    shape.map(String),
    shape.map(() => NaN),
    shape.map(() => 1.5),
    shape.map(() => 0),
    shape.map(() => -1),
    shape.map(() => Infinity),
    shape.map(() => 1n),
    shape.map(() => null),
    shape.map(() => [4]),
    holes(shape.length),
    [String(shape[0]), ...shape.slice(1)],
    new Int32Array(shape),
    { length: shape.length },
    [...Array.from({ length: 40 }, () => 1), ...shape],
    () => shape,
  ];

  it("takes its shape", () => {
    expect(layer.init(key(1), shape).outputShape).toEqual(layer.outputShape(shape));
  });

  it("refuses every shape that is none, in init and outputShape", () => {
    for (const value of wrong) {
      const inputShape = value as Shape;
      for (const call of [() => layer.outputShape(inputShape), () => layer.init(key(1), inputShape)]) {
        expect(messageOf(call)).toMatch(/^[\w.[\]]+: (input shape|output shape|shape)\S* must .*, got .+$/);
      }
    }
    expectNothingHeld();
  });

  it("refuses parameters, state and contexts that are none", () => {
    const { params, state } = layer.init(key(1), shape);
    const x = ones([2, ...shape]);
    for (const value of [undefined, null, 3, "x", () => 0] as never[]) {
      expect(messageOf(() => layer.apply(value, state, x))).toMatch(/must/);
      expect(messageOf(() => layer.apply(params, value, x))).toMatch(/must/);
      expect(messageOf(() => layer.apply(params, state, value))).toMatch(/must be a tensor/);
    }
    for (const value of [null, 3, "x", () => 0] as never[]) {
      expect(messageOf(() => layer.apply(params, state, x, value))).toMatch(/must/);
    }
    expect(messageOf(() => layer.apply(params, state, x, { training: 1 as never }))).toMatch(/training must/);
    expectNothingHeld();
  });
});

describe("arguments of the wrong order or kind", () => {
  const model = lectures.linear({ features: 3, latentSize: 2 });
  const params = model.init(key(1));
  it.each<[string, () => unknown, string]>([
    [
      "saveModel(params, model)",
      () => saveModel(params as never, model as never),
      "saveModel: model must be a model",
    ],
    ["saveModel()", () => (saveModel as () => unknown)(), "saveModel: model must be a model"],
    ["summary(3)", () => (summary as (m: unknown) => unknown)(3), "summary: what must be a layer"],
    [
      "summary(layer)",
      () => (summary as (m: unknown) => unknown)(relu()),
      "summary: inputShape must be an array",
    ],
    ["summary of strings", () => summary(relu(), ["3"] as never), "summary: inputShape[0] must"],
    ["defineOp({})", () => (defineOp as (d: unknown) => unknown)({}), "defineOp: name must be a string"],
    ["defineOp()", () => (defineOp as () => unknown)(), "defineOp: definition must be"],
    [
      "defineOp without forward",
      () => (defineOp as (d: unknown) => unknown)({ name: "a" }),
      "defineOp: forward must",
    ],
    [
      "defineOp without gradients",
      () => (defineOp as (d: unknown) => unknown)({ name: "a", forward: () => 0 }),
      "defineOp: gradients must",
    ],
    [
      "an op that gives no tensor",
      () =>
        defineOp<[Tensor], undefined>({ name: "a", forward: () => 3 as never, gradients: [null] })(
          [ones([1])],
          undefined,
        ),
      "a: forward must return a tensor",
    ],
    [
      "sequential with a hole",
      () => sequential(...(holes(2) as never[])),
      "sequential: layers[0] must be a layer",
    ],
    ["autoencoder(model)", () => autoencoder(model as never), "autoencoder: options must"],
    ["concat of holes", () => ops.concat(holes(3)), "concat: tensors[0] must be a tensor"],
    [
      "concat with a hole",
      () => ops.concat(Object.assign(holes(3), { 0: ones([1]), 2: ones([1]) }) as never),
      "concat: tensors[1] must be a tensor",
    ],
    [
      "pad with a hole",
      () => ops.pad(ones([2, 3]), Object.assign(holes(2), { 0: [1, 1] }) as never),
      "pad: sides",
    ],
    ["pad of holes", () => ops.pad(ones([2, 3]), holes(2) as never), "pad: sides[0] must be [before, after]"],
    ["pad with hollow sides", () => ops.pad(ones([2]), [holes(2)] as never), "pad: sides[0][0] must"],
    [
      "crop of holes",
      () => ops.crop(ones([2, 3]), holes(2) as never),
      "crop: sides[0] must be [before, after]",
    ],
    [
      "crop with hollow sides",
      () => ops.crop(ones([2]), [Object.assign(holes(2), { 0: 0 })] as never),
      "crop: sides[0]",
    ],
    ["transpose by holes", () => ops.transpose(ones([2, 3]), holes(2) as never), "transpose: axes must"],
    ["transpose by strings", () => ops.transpose(ones([2, 3]), ["0", "1"] as never), "transpose: axes must"],
    ["reshape to holes", () => ops.reshape(ones([1]), holes(2) as never), "reshape: shape[0] must"],
    ["a shape of holes", () => zeros(holes(2) as never), "zeros: shape[0] must"],
    ["nested holes", () => tensor(holes(2) as never), "tensor: data must hold only numbers"],
    ["a key of holes", () => ops.dropout({ words: holes(2) } as never, ones([1]), 0.5), "dropout: key must"],
    [
      "padding of holes",
      () => ops.conv2d(ones([1, 5, 5, 1]), ones([3, 3, 1, 1]), { padding: holes(2) as never }),
      "conv2d: padding must",
    ],
    [
      "hollow padding",
      () => ops.maxPool2d(ones([1, 5, 5, 1]), 2, { padding: [holes(2), [0, 0]] as never }),
      "maxPool2d: padding[0][0] must",
    ],
    [
      "an output shape of holes",
      () => ops.conv2dTranspose(ones([1, 3, 3, 1]), ones([3, 3, 1, 1]), { outputShape: holes(2) as never }),
      "conv2dTranspose: outputShape[0] must",
    ],
    ["a detached array", () => tensor(detached()), "tensor: data must be attached"],
    ["detached values", () => spearman(detached(), [1, 2]), "spearman: data must be attached"],
  ])("%s is refused", (_, call, start) => {
    expect(messageOf(call).slice(0, start.length)).toBe(start);
    expectNothingHeld();
  });
});

describe("pixels beyond what kernels reckon with", () => {
  const image = ones([1, 5, 5, 1]);
  const filter = ones([3, 3, 1, 1]);
  const huge = [2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, 2 ** 53, 1e300];
  it.each(["stride", "dilation", "padding"])("are refused as %s", (option) => {
    for (const value of option === "padding" ? huge.slice(1) : huge) {
      const forms: unknown[] =
        option === "padding"
          ? [
              value,
              [
                [value, 0],
                [0, 0],
              ],
              [
                [0, 0],
                [0, value],
              ],
            ]
          : [value, [value, 1], [1, value]];
      for (const form of forms) {
        const options = { [option]: form } as never;
        const calls: Record<string, () => unknown> = {
          conv2d: () => ops.conv2d(image, filter, options),
          conv2dTranspose: () => ops.conv2dTranspose(image, filter, options),
          maxPool2d: () => ops.maxPool2d(image, 2, options),
          avgPool2d: () => ops.avgPool2d(image, 2, options),
          conv2dGeometry: () => ops.conv2dGeometry([1, 5, 5, 1], [3, 3, 1, 1], options),
        };
        for (const [name, call] of Object.entries(calls))
          expectRefused(call, RangeError, option === "padding" ? `${name}: ` : `${name}: ${option}`);
      }
    }
    expectNothingHeld();
  });

  it("are refused as sizes of windows and factors", () => {
    for (const value of huge) {
      expectRefused(() => ops.maxPool2d(image, value), RangeError, "maxPool2d: size");
      expectRefused(() => ops.upsampleNearest(image, value), RangeError, "upsampleNearest: factor");
      expectRefused(() => conv2d(1, { kernel: value }), RangeError, "conv2d: kernel");
      expectRefused(() => upsampleNearest([1, value]), RangeError, "upsampleNearest: factor[1]");
    }
  });

  it("are right up to the bound: steps beyond the image see one window", () => {
    const step = 2 ** 24;
    expect([...ops.conv2d(image, filter, { stride: step }).data]).toEqual([9]);
    expect([...ops.conv2d(image, filter, { stride: step, padding: 1 }).data]).toEqual([4]);
    expect([...ops.maxPool2d(full([1, 5, 5, 1], 7), 2, { stride: [step, 3] }).data]).toEqual([7, 7]);
    expect(ops.conv2d(image, ones([1, 1, 1, 1]), { dilation: step }).size).toBe(25);
  });
});

describe("unbiased batch normalisation of one example", () => {
  it("is refused with the options that help", () => {
    const options = { training: true, runningVariance: "unbiased" } as const;
    const one = ones([2]);
    const message = messageOf(() => ops.batchNorm(ones([1, 2]), one, one, one, one, options));
    expect(message).toMatch(/^batchNorm: input\.shape must .*dropLast.*batchSize.*, got \[1, 2\]$/);
  });
});
