// Laws of layers made of layers: what flows where, whose parameters are whose, and how errors tell the place.

import { describe, expect, it } from "vitest";
import {
  autoencoder,
  batchNorm,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  flatten,
  fold,
  gaussianNoise,
  key,
  type Layer,
  ops,
  parallel,
  relu,
  reshape,
  residual,
  resizeConv2d,
  sequential,
  type Tensor,
  tensor,
  type Tree,
} from "../../src/index.js";
import { reals } from "../support/arbitraries.js";
import { expectSame } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";
import { plain } from "../support/trees.js";

const x = reals([6, 4], 1);
const expectApart = (a: Tensor, b: Tensor) => expect(a.data).not.toEqual(b.data);

describe("sequential", () => {
  it("hands each output on to the next layer, with its own parameters", () => {
    const layers = [dense(5, { activation: "tanh" }), relu(), dense(3)] as const;
    const chain = sequential(...layers);
    const { params, state, outputShape } = chain.init(key(1), [4]);
    expect(outputShape).toEqual([3]);
    let wanted = x;
    layers.forEach((layer, i) => {
      wanted = (layer as Layer).apply(params[i], state[i], wanted).output;
    });
    expectSame(chain.apply(params, state, x).output, wanted);
  });

  it("makes what is inside with the key folded by its index", () => {
    const chain = sequential(dense(4), dense(4), sequential(dense(4), dense(4)));
    const { params } = chain.init(key(7), [4]);
    const [first, second, [third, fourth]] = params;
    const kernels = [first, second, third, fourth].map(({ kernel }) => kernel);
    expect(new Set(kernels.map(({ data }) => data.join())).size).toBe(4);
    expectSame(second.kernel, dense(4).init(fold(key(7), 1), [4]).params.kernel);
    expectSame(fourth.kernel, dense(4).init(fold(fold(key(7), 2), 1), [4]).params.kernel);
    expectApart(chain.init(key(8), [4]).params[0].kernel, first.kernel);
  });

  it("threads the state of every layer, and moves it in training only", () => {
    const chain = sequential(dense(3), batchNorm(), sequential(relu(), batchNorm({ momentum: 0.5 })));
    const { params, state } = chain.init(key(1), [4]);
    const still = chain.apply(params, state, x).state;
    expect(plain(still)).toEqual(plain(state));
    const moved = chain.apply(params, state, x, { training: true }).state;
    const hidden = dense(3).apply(params[0], {}, x).output;
    const first = batchNorm().apply(params[1], state[1], hidden, { training: true });
    expectSame(moved[1].movingMean, first.state.movingMean);
    const rectified = ops.relu(first.output);
    const second = batchNorm({ momentum: 0.5 }).apply(params[2][1], state[2][1], rectified, {
      training: true,
    });
    expect(plain(moved)).toEqual(plain([{}, first.state, [{}, second.state]]));
  });

  it("hands the context on, with a key folded by the index", () => {
    const { output } = sequential(relu(), dropout(0.5)).apply([{}, {}], [{}, {}], x, {
      training: true,
      key: key(3),
    });
    expectSame(output, ops.dropout(fold(key(3), 1), ops.relu(x), 0.5));
  });

  it("is the same layer when layers are grouped, keys aside", () => {
    const flat = sequential(dense(5), relu(), dense(3));
    const grouped = sequential(sequential(dense(5), relu()), dense(3));
    const { params, state } = flat.init(key(1), [4]);
    const [first, none, last] = params;
    const same = grouped.apply([[first, none], last], [[{}, {}], {}], x).output;
    expectSame(same, flat.apply(params, state, x).output);
  });

  it("of one layer is that layer", () => {
    const { params } = sequential(dense(3)).init(key(1), [4]);
    expectSame(sequential(dense(3)).apply(params, [{}], x).output, dense(3).apply(params[0], {}, x).output);
  });
});

describe("residual", () => {
  it("adds its input to what is inside, whose parameters and state are its own", () => {
    const inner = sequential(dense(4), batchNorm());
    const { params, state } = inner.init(key(1), [4]);
    const layer = residual(inner);
    expect(plain(layer.init(key(1), [4]))).toEqual(plain({ params, state, outputShape: [4] }));
    const context = { training: true };
    const applied = layer.apply(params, state, x, context);
    const wanted = inner.apply(params, state, x, context);
    expectSame(applied.output, ops.add(x, wanted.output));
    expect(plain(applied.state)).toEqual(plain(wanted.state));
  });

  it("hands the context on", () => {
    const { output } = residual(gaussianNoise(0.5)).apply({}, {}, x, { training: true, key: key(1) });
    expectApart(output, ops.add(x, x));
  });

  it("refuses a layer that changes the shape", () => {
    const layer = residual(dense(3));
    const message = "residual: inner must keep the shape [4], got [3]";
    expectRefused(() => layer.outputShape([4]), RangeError, message);
    expectRefused(() => layer.init(key(1), [4]), RangeError, message);
  });
});

describe("parallel", () => {
  const heads = parallel({ mean: dense(2), logVar: sequential(dense(3), batchNorm(), dense(2)) });

  it("applies every head to the same input, and keeps their trees under their names", () => {
    const { params, state, outputShape } = heads.init(key(1), [4]);
    expect(outputShape).toEqual([2]);
    expect(heads.outputShape([4])).toEqual([2]);
    const context = { training: true };
    const { output, state: moved } = heads.apply(params, state, x, context);
    expectSame(output.mean, dense(2).apply(params.mean, {}, x).output);
    const second = sequential(dense(3), batchNorm(), dense(2));
    const wanted = second.apply(params.logVar, state.logVar, x, context);
    expectSame(output.logVar, wanted.output);
    expect(plain(moved)).toEqual(plain({ mean: {}, logVar: wanted.state }));
  });

  it("makes heads with keys of their own", () => {
    const { params } = parallel({ a: dense(2), b: dense(2) }).init(key(1), [4]);
    expectApart(params.a.kernel, params.b.kernel);
  });

  it("may end a sequence", () => {
    const encoder = sequential(dense(4, { activation: "relu" }), heads);
    const { params, state, outputShape } = encoder.init(key(1), [4]);
    expect(outputShape).toEqual([2]);
    const { output } = encoder.apply(params, state, x);
    const hidden = ops.dense(x, params[0].kernel, { activation: "relu" });
    expectSame(output.mean, heads.apply(params[1], state[1], hidden).output.mean);
  });
});

describe("a mistake", () => {
  it.each<[() => unknown, ErrorConstructor, string]>([
    [() => sequential(), RangeError, "sequential: layers must be at least one"],
    [() => sequential(null as never), TypeError, "sequential: layers[0] must be a layer"],
    [() => sequential(relu(), relu as never), TypeError, "sequential: layers[1] must be a layer"],
    [() => sequential([relu()] as never), TypeError, "sequential: layers[0] must be a layer"],
    [() => residual(undefined as never), TypeError, "residual: inner must be a layer"],
    [() => parallel({}), RangeError, "parallel: heads must be at least one"],
    [() => parallel(undefined as never), TypeError, "parallel: heads must be layers by name"],
    [() => parallel({ mean: 3 as never }), TypeError, "parallel: heads.mean must be a layer"],
  ])("in making one is refused", (make, kind, message) => {
    expectRefused(make, kind, message);
  });

  const image = conv2d(4, { kernel: 3 });
  const wanted = "input shape must be";
  it.each<[Layer<Tree, Tree, unknown>, string]>([
    [sequential(relu(), image), `[1].conv2d: ${wanted}`],
    [sequential(relu(), sequential(dense(4), relu(), image)), `[1][2].conv2d: ${wanted}`],
    [residual(image), `residual.conv2d: ${wanted}`],
    [sequential(residual(sequential(relu(), image))), `[0].residual[1].conv2d: ${wanted}`],
    [sequential(relu(), residual(dense(3))), "[1].residual: inner must keep the shape [4], got [3]"],
    [parallel({ mean: dense(2), logVar: image }), `logVar.conv2d: ${wanted}`],
    [sequential(relu(), parallel({ mean: sequential(image) })), `[1].mean[0].conv2d: ${wanted}`],
    [sequential(dense(5), reshape([2, 3])), "[1].reshape: shape must multiply to the input's 5 values"],
    [
      sequential(reshape([2, 2, 1]), dense(5)),
      "[1].dense: input shape must be [features]: put flatten() before",
    ],
  ])("in shapes is told with its place", (layer, message) => {
    expect(() => layer.outputShape([4])).toThrow(message);
    expect(() => layer.init(key(1), [4])).toThrow(message);
    expect(() => layer.outputShape([4])).toThrow(RangeError);
  });

  it("in an input is told with its place", () => {
    const chain = sequential(relu(), residual(sequential(flatten(), dense(4))));
    const { params, state } = chain.init(key(1), [4]);
    expect(() => chain.apply(params, state, reals([2, 5], 1))).toThrow(/^\[1\]\.residual\[1\]\.dense: /);
    expect(() => chain.apply(params, state, 3 as never)).toThrow(/^\[0\]\.relu: x must be a tensor/);
    const heads = parallel({ mean: dense(2) });
    const made = heads.init(key(1), [4]);
    expect(() => heads.apply(made.params, made.state, tensor([[1]]))).toThrow(/^mean\.dense: /);
  });

  it("in the trees of parameters and state is refused with its place", () => {
    const chain = sequential(relu(), sequential(dense(4), relu())) as Layer;
    const { params, state } = chain.init(key(1), [4]);
    const [none, [first]] = params as readonly [Tree, readonly Tree[]];
    const message = "sequential: params must have the entries 0, 1, as init gives them";
    expect(() => chain.apply([none], state, x)).toThrow(message);
    expect(() => chain.apply(undefined as never, state, x)).toThrow(message);
    expect(() => chain.apply([none, [first]], state, x)).toThrow(`[1].${message}`);
    expect(() => chain.apply(params, [{}], x)).toThrow("sequential: state must have the entries 0, 1");
    const heads = parallel({ mean: relu() }) as unknown as Layer;
    expect(() => heads.apply({}, { mean: {} }, x)).toThrow("parallel: params must have the entries mean");
    expect(() => heads.apply({ mean: {}, more: {} }, { mean: {} }, x)).toThrow(TypeError);
    expect(() => heads.apply({ mean: {} }, {}, x)).toThrow("parallel: state must have the entries mean");
  });
});

describe("a kernel that is too large to be made", () => {
  const LARGE: readonly (readonly [name: string, layer: Layer, inputShape: readonly number[]])[] = [
    ["conv2d", conv2d(1e6, { kernel: 100 }), [4, 4, 3]],
    ["conv2d", conv2d(2 ** 20, { kernel: [32, 17], groups: 2 }), [4, 4, 2]],
    ["conv2dTranspose", conv2dTranspose(1e6, { kernel: 100 }), [4, 4, 3]],
    ["resizeConv2d.conv2d", resizeConv2d(1e6, { kernel: 100 }), [4, 4, 3]],
    ["dense", dense(1e6), [1000]],
    ["dense", dense(2 ** 30), [1]],
  ];
  /** A layer that must not be made: before all others it would have been. */
  const untouched: Layer = {
    ...relu(),
    init: () => {
      throw new Error("made in vain");
    },
  };

  it.each(LARGE)("(%s) is refused with its shape, before any layer is made", (name, layer, inputShape) => {
    const message = `${name}: kernel must give at most 536870912 elements, got [`;
    expectRefused(() => layer.outputShape(inputShape), RangeError, message);
    expectRefused(() => layer.init(key(1), inputShape), RangeError, message);
    const chain = sequential(untouched, layer);
    expectRefused(() => chain.init(key(1), inputShape), RangeError, `[1].${message}`);
    expectRefused(() => residual(chain).init(key(1), inputShape), RangeError, `residual[1].${message}`);
    const heads = parallel({ first: untouched, last: chain });
    expectRefused(() => heads.init(key(1), inputShape), RangeError, `last[1].${message}`);
  });

  it("is told by the models around it when they are made", () => {
    const make = () =>
      autoencoder({ inputShape: [4, 4, 3], encoder: sequential(relu(), LARGE[0][1]), decoder: relu() });
    expectRefused(make, RangeError, "encoder[1].conv2d: kernel must give at most");
  });

  it("passes where it is as large as it may be", () => {
    expect(dense(2 ** 20).outputShape([512])).toEqual([2 ** 20]);
    expect(conv2d(2 ** 20, { kernel: 16 }).outputShape([4, 4, 2])).toEqual([4, 4, 2 ** 20]);
  });
});
