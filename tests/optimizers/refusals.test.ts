// What optimizers refuse, by name; nothing has been changed then.

import { describe, expect, it } from "vitest";
import {
  accumulateGradients,
  adagrad,
  adam,
  adamw,
  averageOf,
  chain,
  clipByGlobalNorm,
  clipByValue,
  movingAverage,
  ones,
  type Optimizer,
  rmsprop,
  runtimeInfo,
  scope,
  sgd,
  tensor,
  weightDecay,
  zeros,
} from "../../src/index.js";
import { updateInPlace } from "../../src/optimizers/optimizer.js";
import { copyTree } from "../../src/tensor/tree.js";

type Refusal = [start: string, call: () => unknown, kind?: ErrorConstructor];

/** Expects an error of a kind whose message begins so, has the house's form, and leaves nothing on the heap. */
function expectRefusal([start, call, kind = RangeError]: Refusal): void {
  const { used } = runtimeInfo().memory;
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  expect(error, start).toBeInstanceOf(kind);
  const { message } = error as Error;
  expect(message.slice(0, start.length)).toBe(start);
  expect(message).toMatch(/^[\w.]+: \S+ must .+, got .+$/s);
  expect(runtimeInfo().memory.used).toBe(used);
}

describe("options", () => {
  it.each<Refusal>([
    ["sgd: learningRate must be ≥ 0", () => sgd({ learningRate: -0.1 })],
    ["sgd: learningRate must be a finite number", () => sgd({ learningRate: NaN })],
    [
      "adam: learningRate must be a number or a schedule",
      () => adam({ learningRate: "fast" as never }),
      TypeError,
    ],
    ["sgd: momentum must be below 1", () => sgd({ momentum: 1 })],
    ["sgd: momentum must be from 0 to 1", () => sgd({ momentum: -0.5 })],
    ["sgd: momentum must be > 0 with nesterov", () => sgd({ nesterov: true })],
    ["sgd: nesterov must be true or false", () => sgd({ nesterov: 1 as never }), TypeError],
    ["sgd: options must have only the names", () => sgd({ lr: 1 } as never), TypeError],
    ["sgd: options must be an object", () => sgd(0.1 as never), TypeError],
    ["adam: beta1 must be below 1", () => adam({ beta1: 1 })],
    ["adam: beta2 must be from 0 to 1", () => adam({ beta2: -1 })],
    ["adam: epsilon must be ≥ 0", () => adam({ epsilon: -1 })],
    ["adam: weightDecay must be ≥ 0", () => adam({ weightDecay: -1 })],
    ["adamw: beta2 must be from 0 to 1", () => adamw({ beta2: 2 })],
    ["adamw: mask must be a tree", () => adamw({ mask: "kernel" as never }), TypeError],
    ["rmsprop: decay must be below 1", () => rmsprop({ decay: 1 })],
    ["rmsprop: centered must be", () => rmsprop({ centered: 0 as never }), TypeError],
    ["adagrad: initialAccumulator must be ≥ 0", () => adagrad({ initialAccumulator: -1 })],
    ["adagrad: epsilonInsideRoot must be", () => adagrad({ epsilonInsideRoot: 0 as never }), TypeError],
    ["clipByValue: limit must be > 0", () => clipByValue(0)],
    ["clipByValue: limit must be ≥ 0", () => clipByValue(-1)],
    ["clipByGlobalNorm: maxNorm must be > 0", () => clipByGlobalNorm(0)],
    ["weightDecay: rate must be ≥ 0", () => weightDecay(-1)],
    ["weightDecay: options must", () => weightDecay(1, { msak: true } as never), TypeError],
    ["accumulateGradients: steps must be", () => accumulateGradients(sgd(), 0)],
    ["accumulateGradients: optimizer must be", () => accumulateGradients(undefined as never, 2), TypeError],
    ["movingAverage: decay must be below 1", () => movingAverage(sgd(), 1)],
    ["movingAverage: optimizer.init must be", () => movingAverage({} as never, 0.5), TypeError],
    ["chain: links[0] must be an optimizer", () => (chain as () => unknown)(), TypeError],
    ["chain: links[1] must be an optimizer", () => chain(clipByValue(1), clipByValue(1) as never), TypeError],
    ["chain: links[0] must be a function", () => chain(sgd() as never, sgd()), TypeError],
  ])("%s", (...refusal) => expectRefusal(refusal));
});

const paramsOf = () => ({ encoder: [{ kernel: ones([3, 2]), bias: ones([2]) }] });
const params = paramsOf();
const other = (kernel: unknown, more: object = {}) => ({ encoder: [{ kernel, bias: ones([2]), ...more }] });

/** An update whose gradients, state or parameters are not as they should be. */
function wrong(optimizer: Optimizer, wrongs: { grads?: unknown; state?: unknown; params?: unknown }) {
  return () => {
    const { grads = params, state = optimizer.init(params) } = wrongs;
    return optimizer.update(grads, state, "params" in wrongs ? wrongs.params : params);
  };
}

describe("trees", () => {
  const loaded = { ...adam().init(params) };
  it.each<Refusal>([
    [
      "adam.update: grads.encoder[0].kernel must be a tensor of shape [3, 2] as in params, got Tensor [2, 3]",
      wrong(adam(), { grads: other(ones([2, 3])) }),
    ],
    [
      "adam.update: grads.encoder[0].kernel must be a tensor of shape [3, 2] as in params, got undefined",
      wrong(adam(), { grads: other(undefined) }),
      TypeError,
    ],
    [
      "sgd.update: grads.encoder[0].gamma must be absent as in params, got Tensor [2]",
      wrong(sgd(), { grads: other(ones([3, 2]), { gamma: ones([2]) }) }),
      TypeError,
    ],
    ["rmsprop.update: grads.encoder[0].kernel must", wrong(rmsprop(), { grads: ones([3, 2]) }), TypeError],
    ["adagrad.update: grads.encoder[0].kernel must", wrong(adagrad(), { grads: null }), TypeError],
    ["adam.update: params must be a tensor, or", wrong(adam(), { params: undefined }), TypeError],
    ["adam.init: params must be a tensor, or", () => adam().init(3), TypeError],
    ["adam.update: state.mean.encoder[0].kernel must", wrong(adam(), { state: null }), TypeError],
    [
      "adam.update: state.meanSquare.encoder[0].bias must be a tensor of shape [2] as in params, got Tensor [3]",
      wrong(adam(), {
        state: { ...loaded, meanSquare: { encoder: [{ kernel: ones([3, 2]), bias: ones([3]) }] } },
      }),
    ],
    ["adam.update: state.step must be", wrong(adam(), { state: { ...loaded, step: -1 } })],
    ["adam.update: state.step must be", wrong(adam(), { state: { ...loaded, step: undefined } }), TypeError],
    [
      "sgd.update: state.velocity.encoder[0].kernel",
      wrong(sgd({ momentum: 0.5 }), { state: { step: 0 } }),
      TypeError,
    ],
    ["sgd: learningRate(0) must be ≥ 0", wrong(sgd({ learningRate: () => -1 }), {})],
    ["sgd: mask.encoder[0].bias must", wrong(sgd({ mask: { encoder: [{ kernel: true }] } }), {}), TypeError],
    ['sgd: mask("encoder[0].kernel") must', wrong(sgd({ mask: () => 1 as never }), {}), TypeError],
    ["weightDecay: grads.encoder[0].kernel must", () => weightDecay(1)(other(ones([1])), other(ones([3])))],
    [
      "accumulateGradients.update: grads.encoder[0]",
      wrong(accumulateGradients(sgd(), 2), { grads: [] }),
      TypeError,
    ],
    [
      "movingAverage.update: state.average.encoder[0]",
      wrong(movingAverage(sgd(), 0), { state: {} }),
      TypeError,
    ],
    ["averageOf: state.average.encoder[0].kernel must", () => averageOf({} as never, params), TypeError],
  ])("%s", (...refusal) => expectRefusal(refusal));

  it("that are refused stay as they were, in place too", () => {
    scope(() => {
      const optimizer = adam({ mask: { encoder: [{ kernel: true }] } as never });
      const own = copyTree(params);
      const state = optimizer.init(own);
      expect(() => updateInPlace(["run", "optimizer"], optimizer, params, state, own)).toThrow(
        "mask.encoder[0].bias must",
      );
      expect([...own.encoder[0].kernel.data]).toEqual([1, 1, 1, 1, 1, 1]);
    });
  });
});

describe("an update in place", () => {
  it("refuses tensors that live outside the heap", () => {
    const optimizer = sgd({ learningRate: 1 });
    const outside = zeros([2]);
    const update = () =>
      scope(() =>
        updateInPlace(["run", "optimizer"], optimizer, tensor([1, 1]), optimizer.init(outside), outside),
      );
    expect(update).toThrow(/^updateInPlace: parameters and state must live on the heap/);
    expect([...outside.data]).toEqual([0, 0]);
  });
});
