// What the compiler knows of layers: which parameters and state each has, however they are combined.

import { describe, expect, expectTypeOf, it } from "vitest";
import {
  adam,
  batchNorm,
  conv2d,
  dense,
  flatten,
  key,
  type KernelParams,
  type Layer,
  type None,
  type NormParams,
  ones,
  parallel,
  relu,
  residual,
  sequential,
  type Tensor,
  type Tree,
  valueAndGrad,
  ops,
} from "../../src/index.js";

const model = sequential(conv2d(8, { kernel: 3 }), batchNorm(), relu(), flatten(), dense(4));
const { params, state } = model.init(key(1), [8, 8, 1]);

describe("the compiler", () => {
  it("reads the parameters and state of a sequence entry by entry", () => {
    expectTypeOf(params).toEqualTypeOf<[KernelParams, NormParams, None, None, KernelParams]>();
    expectTypeOf(params[0].kernel).toEqualTypeOf<Tensor>();
    expectTypeOf(params[4].bias).toEqualTypeOf<Tensor | undefined>();
    expectTypeOf(params[1].gamma).toEqualTypeOf<Tensor>();
    expectTypeOf(state[1].movingMean).toEqualTypeOf<Tensor>();
    expect(params[0].kernel.shape).toEqual([3, 3, 1, 8]);
    // @ts-expect-error: there is no sixth layer
    expect(params[5]).toBeUndefined();
    // @ts-expect-error: relu has no kernel
    expect(params[2].kernel).toBeUndefined();
  });

  it("reads nested sequences, shortcuts and heads", () => {
    const heads = parallel({ mean: dense(2), logVar: sequential(relu(), dense(2)) });
    const encoder = sequential(residual(sequential(relu(), dense(4))), heads);
    const made = encoder.init(key(1), [4]);
    expectTypeOf(made.params[0][1].kernel).toEqualTypeOf<Tensor>();
    expectTypeOf(made.params[1].mean).toEqualTypeOf<KernelParams>();
    expectTypeOf(made.params[1].logVar[1].kernel).toEqualTypeOf<Tensor>();
    const { output } = encoder.apply(made.params, made.state, ones([1, 4]));
    expectTypeOf(output.mean).toEqualTypeOf<Tensor>();
    expect(Object.keys(output)).toEqual(["mean", "logVar"]);
    // @ts-expect-error: there is no such head
    expect(output.variance).toBeUndefined();
    // @ts-expect-error: heads are no tensor for another layer to take
    sequential(heads, relu());
  });

  it("keeps those types through gradients and optimizers", () => {
    const optimizer = adam();
    const lossOf = (p: typeof params) => ops.sum(model.apply(p, state, ones([1, 8, 8, 1])).output);
    const { grads } = valueAndGrad(lossOf)(params);
    expectTypeOf(grads).toEqualTypeOf(params);
    const [updated] = optimizer.update(grads, optimizer.init(params), params);
    expectTypeOf(updated).toEqualTypeOf(params);
    expect(updated[4].kernel.shape).toEqual([512, 4]);
  });

  it("takes any layer for a layer, and lists of layers of unknown length", () => {
    const any: Layer = model;
    const made = sequential(...[dense(3), any, relu()].slice(0, 1));
    expectTypeOf(made).toExtend<Layer>();
    expectTypeOf(made.init(key(1), [4]).params).toExtend<Tree>();
    expect(made.outputShape([4])).toEqual([3]);
  });
});
