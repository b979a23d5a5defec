// One law for every operation: bad input is refused by kind or by value, in one form of words, and changes nothing.

import { afterEach, describe, expect, it } from "vitest";
import { configure, key, ones, ops, runtimeInfo, scope, type Tensor, tensor, vjp } from "../../src/index.js";
import index from "../reference/index.json" with { type: "json" };
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

/** Whatever was refused, nothing is held and the next call is right. */
function expectUndisturbed(): void {
  expectNothingHeld();
  const product = ops.matmul(tensor([[1, 2]]), tensor([[3], [4]]));
  expect([...product.data]).toEqual([11]);
}

afterEach(expectUndisturbed);

type Call = (...args: never[]) => unknown;

/** Every operation with arguments that it accepts. The first argument is a tensor, the result too. */
const VALID: Readonly<Record<string, readonly [call: Call, ...args: unknown[]]>> = {
  abs: [ops.abs, ones([2, 3])],
  elu: [ops.elu, ones([2, 3])],
  erf: [ops.erf, ones([2, 3])],
  exp: [ops.exp, ones([2, 3])],
  gelu: [ops.gelu, ones([2, 3])],
  geluTanh: [ops.geluTanh, ones([2, 3])],
  leakyRelu: [ops.leakyRelu, ones([2, 3])],
  log: [ops.log, ones([2, 3])],
  log1p: [ops.log1p, ones([2, 3])],
  logSoftmax: [ops.logSoftmax, ones([2, 3])],
  logSumExp: [ops.logSumExp, ones([2, 3])],
  max: [ops.max, ones([2, 3])],
  mean: [ops.mean, ones([2, 3])],
  relu: [ops.relu, ones([2, 3])],
  sigmoid: [ops.sigmoid, ones([2, 3])],
  silu: [ops.silu, ones([2, 3])],
  softmax: [ops.softmax, ones([2, 3])],
  softplus: [ops.softplus, ones([2, 3])],
  mish: [ops.mish, ones([2, 3])],
  softsign: [ops.softsign, ones([2, 3])],
  sqrt: [ops.sqrt, ones([2, 3])],
  square: [ops.square, ones([2, 3])],
  sum: [ops.sum, ones([2, 3])],
  tanh: [ops.tanh, ones([2, 3])],
  transpose: [ops.transpose, ones([2, 3])],
  add: [ops.add, ones([2]), ones([2])],
  sub: [ops.sub, ones([2]), ones([2])],
  mul: [ops.mul, ones([2]), ones([2])],
  div: [ops.div, ones([2]), ones([2])],
  scale: [ops.scale, ones([2]), 2],
  clip: [ops.clip, ones([2]), 0, 1],
  reshape: [ops.reshape, ones([2, 3]), [6]],
  slice: [ops.slice, ones([2, 3]), 1],
  matmul: [ops.matmul, ones([2, 3]), ones([3, 4])],
  dense: [ops.dense, ones([2, 3]), ones([3, 4])],
  conv2d: [ops.conv2d, ones([1, 5, 5, 2]), ones([3, 3, 2, 4])],
  conv2dTranspose: [ops.conv2dTranspose, ones([1, 5, 5, 4]), ones([3, 3, 2, 4])],
  maxPool2d: [ops.maxPool2d, ones([1, 4, 4, 1]), 2],
  avgPool2d: [ops.avgPool2d, ones([1, 4, 4, 1]), 2],
  upsampleNearest: [ops.upsampleNearest, ones([1, 2, 2, 1]), 2],
  resizeConv2d: [ops.resizeConv2d, ones([1, 2, 2, 1]), ones([3, 3, 1, 2])],
  layerNorm: [ops.layerNorm, ones([2, 3]), ones([3]), ones([3])],
  batchNorm: [
    (...args: Parameters<typeof ops.batchNorm>) => ops.batchNorm(...args).output,
    ones([2, 3]),
    ones([3]),
    ones([3]),
    ones([3]),
    ones([3]),
  ],
  dropout: [(x: Tensor, rate: number) => ops.dropout(key(1), x, rate), ones([2, 3]), 0.5],
  pad: [
    ops.pad,
    ones([2, 3]),
    [
      [1, 0],
      [0, 2],
    ],
  ],
  crop: [
    ops.crop,
    ones([2, 3]),
    [
      [1, 0],
      [0, 2],
    ],
  ],
};

const cases = Object.entries(VALID).map(([name, [call, ...args]]) => ({ name, call: call as Call, args }));
const run = (call: Call, args: readonly unknown[]) => call(...(args as never[]));

describe("the table of operations", () => {
  it("lists every function of ops that begins with a tensor", () => {
    const elsewhere =
      /^(concat|embedding|oneHot|conv2d(Filter|Input)Gradient|conv2dGeometry|convolutionMatrix|im2col|col2im)$/;
    const names = Object.keys(ops).filter((name) => !elsewhere.test(name));
    expect(Object.keys(VALID).sort()).toEqual(names.sort());
  });
});

describe.each(cases)("$name", ({ name, call, args }) => {
  const [first, ...rest] = args as [Tensor, ...unknown[]];

  it("accepts good arguments", () => {
    expect(() => run(call, args)).not.toThrow();
  });

  it("refuses what is not a tensor", () => {
    const strangers = [
      undefined,
      null,
      "x",
      [1, 2],
      {},
      new Float32Array(4),
      { shape: [2], size: 2 },
      () => 0,
    ];
    for (const stranger of strangers) {
      expectRefused(() => run(call, [stranger, ...rest]), TypeError, `${name}: `);
    }
  });

  it("refuses a tensor whose scope has ended, and releases what it took", () => {
    let released = first;
    scope(() => {
      released = ops.scale(first, 1);
    });
    const use = () => (run(call, [released, ...rest]) as Tensor).data;
    expect(use).toThrow(/^tensor: the scope that computed this tensor has ended/);
    expect(runtimeInfo().memory.used).toBe(0);
  });

  it("refuses a tensor that has been released also among its gradients' inputs", () => {
    let released = first;
    scope(() => {
      released = ops.scale(first, 1);
    });
    const f = (x: Tensor) => run(call, [x, ...rest]) as Tensor;
    const shape = scope(() => f(first).shape);
    expect(() => vjp(f)(ones([...shape]), released).value.data).toThrow(/^tensor: the scope/);
  });
});

const withoutOptions =
  /^(abs|erf|exp|gelu(Tanh)?|log(1p)?|mish|relu|sigmoid|silu|softplus|softsign|sqrt|square|tanh|transpose|add|sub|mul|div|scale|clip|reshape|slice|upsampleNearest|dropout|pad|crop)$/;

describe.each(cases.filter(({ name }) => !withoutOptions.test(name)))(
  "the options of $name",
  ({ name, call, args }) => {
    it("refuse unknown names: a misspelt option is never ignored", () => {
      for (const options of [{ strides: 1 }, { Alpha: 1 }, { constructor: 1 }, { "": 1 }]) {
        expectRefused(
          () => run(call, [...args, options]),
          TypeError,
          `${name}: options must have only the names `,
        );
      }
    });

    it("refuse what is not an object", () => {
      for (const options of [null, 1, "same", true, [], () => 0]) {
        expectRefused(() => run(call, [...args, options]), TypeError, `${name}: options must be an object`);
      }
    });
  },
);

const image = ones([1, 5, 5, 2]);
const filter = ones([3, 3, 2, 4]);

describe("pointwise parameters", () => {
  const x = ones([2]);
  it.each<[string, () => unknown, ErrorConstructor, string]>([
    [
      "NaN as slope",
      () => ops.leakyRelu(x, { alpha: NaN }),
      RangeError,
      "leakyRelu: alpha must be a finite number",
    ],
    ["infinity as slope", () => ops.leakyRelu(x, { alpha: Infinity }), RangeError, "leakyRelu: alpha"],
    ["a string as slope", () => ops.leakyRelu(x, { alpha: "1" as never }), TypeError, "leakyRelu: alpha"],
    ["a number as options", () => ops.leakyRelu(x, 0.1 as never), TypeError, "leakyRelu: options"],
    ["a negative alpha", () => ops.elu(x, { alpha: -1 }), RangeError, "elu: alpha must be ≥ 0"],
    ["null as alpha", () => ops.elu(x, { alpha: null as never }), TypeError, "elu: alpha"],
    ["NaN as factor", () => ops.scale(x, NaN), RangeError, "scale: factor"],
    ["no factor", () => ops.scale(x, undefined as never), TypeError, "scale: factor"],
    ["a tensor as factor", () => ops.scale(x, x as never), TypeError, "scale: factor"],
    ["infinity as offset", () => ops.scale(x, 1, Infinity), RangeError, "scale: offset"],
    [
      "bounds in the wrong order",
      () => ops.clip(x, 1, 0),
      RangeError,
      "clip: low must be at most high = 0, got 1",
    ],
    ["NaN as low", () => ops.clip(x, NaN, 0), RangeError, "clip: low"],
    ["NaN as high", () => ops.clip(x, 0, NaN), RangeError, "clip: "],
    ["a string as low", () => ops.clip(x, "0" as never, 1), TypeError, "clip: low"],
    ["null as high", () => ops.clip(x, 0, null as never), TypeError, "clip: high"],
    ["no bounds", () => (ops.clip as (x: Tensor) => Tensor)(x), TypeError, "clip: low"],
  ])("refuse %s", (_, call, kind, start) => {
    expectRefused(call, kind, start);
  });
});

describe("wrong ranks", () => {
  it.each<[string, () => unknown, string]>([
    ["conv2d of a matrix", () => ops.conv2d(ones([5, 5]), filter), "conv2d: input.shape must have 4 axes"],
    ["conv2d by a matrix", () => ops.conv2d(image, ones([3, 3])), "conv2d: filter.shape must have 4 axes"],
    [
      "conv2dTranspose of a stack of five axes",
      () => ops.conv2dTranspose(ones([1, 1, 5, 5, 4]), filter),
      "conv2dTranspose: input.shape must have 4 axes",
    ],
    [
      "maxPool2d of one image",
      () => ops.maxPool2d(ones([4, 4, 1]), 2),
      "maxPool2d: input.shape must have 4 axes",
    ],
    ["avgPool2d of a number", () => ops.avgPool2d(tensor(1), 2), "avgPool2d: input.shape must have 4 axes"],
    [
      "upsampleNearest of a vector",
      () => ops.upsampleNearest(ones([4]), 2),
      "upsampleNearest: input.shape must have 4 axes",
    ],
    ["matmul of a vector", () => ops.matmul(ones([4]), ones([4, 1])), "matmul: a.shape must have 2 axes"],
    ["dense of images", () => ops.dense(image, ones([2, 1])), "dense: x.shape must have 2 axes"],
    ["softmax of a number", () => ops.softmax(tensor(1)), "softmax: x.shape must have at least one axis"],
    ["slice of a number", () => ops.slice(tensor(1), 0), "slice: t.shape must have at least one axis"],
  ])("%s is refused", (_, call, start) => {
    expectRefused(call, RangeError, start);
  });
});

describe("numbers of windows", () => {
  const bad: readonly (readonly [unknown, ErrorConstructor])[] = [
    [0, RangeError],
    [-1, RangeError],
    [1.5, RangeError],
    [NaN, RangeError],
    [Infinity, RangeError],
    [[1, 0], RangeError],
    [[NaN, 1], RangeError],
    ["2", TypeError],
    [["1", 1], TypeError],
  ];

  it.each(["conv2d", "conv2dTranspose", "maxPool2d", "avgPool2d"])(
    "are refused as stride and dilation of %s",
    (name) => {
      const [call, ...args] = VALID[name]!;
      for (const option of ["stride", "dilation"]) {
        for (const [value, kind] of bad) {
          expectRefused(() => run(call, [...args, { [option]: value }]), kind, `${name}: ${option}`);
        }
      }
    },
  );

  it.each(["maxPool2d", "avgPool2d", "upsampleNearest"])("are refused as size or factor of %s", (name) => {
    const [call, input] = VALID[name]!;
    for (const [value, kind] of bad) {
      const argument = name === "upsampleNearest" ? "factor" : "size";
      expectRefused(() => run(call, [input, value]), kind, `${name}: ${argument}`);
    }
  });

  it("are refused as groups", () => {
    for (const [value, kind] of bad.filter(([value]) => !Array.isArray(value))) {
      expectRefused(() => ops.conv2d(image, filter, { groups: value as number }), kind, "conv2d: groups");
    }
    expectRefused(() => ops.conv2d(image, filter, { groups: 3 }), RangeError, "conv2d: ");
  });

  it("are refused as padding", () => {
    for (const value of [
      "SAME",
      "full",
      -1,
      0.5,
      NaN,
      [1, 2, 3],
      [
        [1, -1],
        [0, 0],
      ],
      [[1], [1]],
    ]) {
      for (const name of ["conv2d", "conv2dTranspose", "maxPool2d", "avgPool2d"]) {
        const [call, ...args] = VALID[name]!;
        const refused = () => run(call, [...args, { padding: value }]);
        expect(refused, `${name} with ${String(value)}`).toThrow(/^\w+: padding\S* must .+, got /s);
        expect(runtimeInfo().memory.used).toBe(0);
      }
    }
  });
});

describe("the reference's list of invalid calls", () => {
  interface Invalid {
    readonly op: string;
    readonly attrs: Readonly<Record<string, unknown>>;
    readonly shapes: Readonly<Record<string, number[]>>;
    readonly why: string;
  }

  /** The call in this library's words. */
  function callOf({ op, attrs, shapes }: Invalid): () => unknown {
    const t = Object.fromEntries(
      Object.entries(shapes).map(([role, shape]) => [role, ones(shape)]),
    ) as Record<"a" | "b" | "x" | "w", Tensor>;
    const {
      strides: stride,
      dilations: dilation,
      padding,
      groups,
      poolSize,
    } = attrs as never as Record<string, never>;
    const windows = Object.fromEntries(
      Object.entries({ stride, dilation, padding, groups }).filter(([, value]) => value !== undefined),
    );
    switch (op) {
      case "matmul":
        return () => ops.matmul(t.a, t.b, attrs);
      case "dense":
        return () => ops.dense(t.x, t.w, { bias: t.b });
      case "conv2d":
        return () => ops.conv2d(t.x, t.w, windows);
      case "conv2dTranspose": {
        const { outputShape } = attrs as { outputShape: [number, number, number, number] | null };
        const size = outputShape && { outputShape: outputShape.slice(1, 3) as [number, number] };
        return () => ops.conv2dTranspose(t.x, t.w, { ...windows, ...size });
      }
      case "maxPool2d":
        return () => ops.maxPool2d(t.x, poolSize, windows);
      default:
        return () => {
          throw new Error(`${op} is not mapped`);
        };
    }
  }

  it.each(index.invalid as unknown as Invalid[])("$op is refused: $why", (invalid) => {
    expectRefused(callOf(invalid), RangeError, `${invalid.op}: `);
  });
});

describe("results that are too large", () => {
  const large = ones([1, 2 ** 10, 2 ** 10, 1]);

  it.each<[string, () => unknown]>([
    ["upsampleNearest", () => ops.upsampleNearest(large, 2 ** 5)],
    ["conv2d", () => ops.conv2d(large, ones([1, 1, 1, 2 ** 10]))],
    ["conv2d", () => ops.conv2d(ones([1, 1, 1, 1]), ones([1, 1, 1, 1]), { padding: 2 ** 15 })],
    ["conv2dTranspose", () => ops.conv2dTranspose(large, ones([1, 1, 1, 1]), { stride: 2 ** 10 })],
    ["matmul", () => ops.matmul(ones([2 ** 15, 1]), ones([1, 2 ** 15]))],
    ["dense", () => ops.dense(ones([2 ** 15, 1]), ones([1, 2 ** 15]))],
    ["convolutionMatrix", () => ops.convolutionMatrix(ones([1, 1, 1, 1]), [2 ** 10, 2 ** 10])],
  ])("are refused by %s before memory is asked for", (name, call) => {
    configure({ maxMemory: 2 ** 32 });
    const { reserved } = runtimeInfo().memory;
    expectRefused(call, RangeError, `${name}: `);
    expect(runtimeInfo().memory.reserved).toBe(reserved);
  });
});
