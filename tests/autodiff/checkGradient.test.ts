// Laws of the gradient checker: it accepts right gradients, and catches every kind of wrong one.

import { afterEach, describe, expect, it } from "vitest";
import {
  checkGradient,
  defineOp,
  key,
  ops,
  random,
  runtimeInfo,
  scope,
  stopGradient,
  tensor,
  type Tensor,
} from "../../src/index.js";
import { seed, reals } from "../support/arbitraries.js";
import { forAll } from "../support/laws.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

afterEach(expectNothingHeld);

/** exp, with whatever gradient is made of the right one and the input. */
function expWith(gradient: (right: Tensor, x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const op = defineOp<readonly [Tensor], undefined>({
    name: "expWith",
    forward: ([x]) => ops.exp(x),
    gradients: [(gradOutput, { inputs: [x], output }) => gradient(ops.mul(gradOutput, output), x)],
  });
  return (x) => op([x], undefined);
}

const replaced = (t: Tensor, at: number, value: number) =>
  tensor(
    t.data.map((x, i) => (i === at ? value : x)),
    t.shape,
  );

const mlp = ({ w, b, v }: { w: Tensor; b: Tensor; v: Tensor }, x: Tensor) =>
  ops.mean(ops.square(ops.matmul(ops.dense(x, w, { bias: b, activation: "tanh" }), v)));
const mlpParams = (at: number) => ({ w: reals([4, 5], at), b: reals([5], at + 1), v: reals([5, 2], at + 2) });

describe("checkGradient", () => {
  it("accepts right gradients, of losses of every scale", () => {
    forAll(seed, 20, (at) => {
      const x = reals([3, 4], at + 3);
      for (const factor of [1e-6, 1e-3, 1, 1e5]) {
        const lossOf = (params: ReturnType<typeof mlpParams>) => ops.scale(mlp(params, x), factor);
        const report = checkGradient(lossOf, mlpParams(at), { key: key(at) });
        expect(report.passed, JSON.stringify(report)).toBe(true);
        expect(report.error).toBeLessThanOrEqual(1e-2);
        expect(report.worst).toBe(undefined);
      }
    });
  });

  it("does not blame a gradient for the rounding of a large loss", () => {
    const offset = (x: Tensor) => ops.add(ops.sum(ops.scale(x, 1e-3)), 1000);
    for (const at of [1, 2, 3, 4, 5])
      expect(checkGradient(offset, reals([5], at), { key: key(at) }).passed).toBe(true);
  });

  it("reports the derivative along its direction", () => {
    const x = tensor([0.5, -1]);
    const { analytic, numeric, error } = checkGradient((x: Tensor) => ops.sum(ops.mul(x, 3)), x);
    const direction = checkGradient((x: Tensor) => ops.sum(x), x);
    expect(Math.abs(analytic / direction.analytic - 3)).toBeLessThan(1e-6);
    expect(Math.abs(numeric / analytic - 1)).toBeLessThan(1e-3);
    expect(error).toBeLessThan(1e-3);
  });

  it("accepts a loss that does not depend on its parameters, or on only some", () => {
    expect(checkGradient(() => tensor(3), tensor([1, 2])).passed).toBe(true);
    expect(checkGradient((x: Tensor) => ops.sum(ops.scale(x, 0)), tensor([1, 2])).passed).toBe(true);
    const params = { used: tensor([1, 2]), unused: tensor([5]), rate: 2 };
    const lossOf = (p: typeof params) => ops.sum(ops.exp(ops.scale(p.used, p.rate)));
    expect(checkGradient(lossOf, params).passed).toBe(true);
  });

  const values = reals([7], 5);
  const planted: Record<string, (right: Tensor, x: Tensor) => Tensor> = {
    "the sign": (right) => ops.scale(right, -1),
    "a factor of 2": (right) => ops.scale(right, 2),
    "a factor of 0.9": (right) => ops.scale(right, 0.9),
    "a gradient of zeros": (right) => ops.scale(right, 0),
    "one element": (right) => replaced(right, 3, -right.data[3]),
    "the order": (right) => tensor([...right.data].reverse()),
    "another function's slope": (right, x) => ops.div(right, ops.add(ops.square(x), 1)),
    NaN: (right) => replaced(right, 3, NaN),
    infinity: (right) => replaced(right, 3, Infinity),
  };

  it.each(Object.entries(planted))("catches %s, at every scale of the loss", (_, gradient) => {
    const op = expWith(gradient);
    for (const factor of [1e-6, 1e-3, 1, 1e5]) {
      const report = checkGradient((x: Tensor) => ops.scale(ops.sum(op(x)), factor), values);
      expect(report.passed).toBe(false);
      expect(report.error).toBeGreaterThan(1e-2);
      expect(report.worst).toBeDefined();
    }
  });

  it("measures an error in parts of the larger derivative", () => {
    for (const [factor, error] of [
      [2, 0.5],
      [0.5, 0.5],
      [-1, 2],
      [0, 1],
    ]) {
      const op = expWith((right) => ops.scale(right, factor));
      const report = checkGradient((x: Tensor) => ops.sum(op(x)), values);
      expect(Math.abs(report.error / error - 1)).toBeLessThan(0.01);
    }
  });

  it("names the one wrong element of many tensors, with both its derivatives", () => {
    for (const [which, element] of [
      [0, 0],
      [0, 5],
      [1, 2],
      [2, 3],
    ]) {
      const wrong = expWith((right) => replaced(right, element, right.data[element] + 0.5));
      const right = expWith((gradient) => gradient);
      const params = { a: reals([2, 3], 1), list: [reals([3], 2), reals([4], 3)] };
      const lossOf = (p: typeof params) =>
        [p.a, ...p.list]
          .map((t, i) => ops.sum((i === which ? wrong : right)(t)))
          .reduce((sum, term) => ops.add(sum, term));
      const { passed, worst } = checkGradient(lossOf, params);
      expect(passed).toBe(false);
      expect(worst).toMatchObject({ tensor: which, element });
      const slope = Math.exp([params.a, ...params.list][which].data[element]);
      expect(Math.abs(worst!.analytic - (slope + 0.5))).toBeLessThan(1e-5);
      expect(Math.abs(worst!.numeric - slope)).toBeLessThan(1e-3);
    }
  });

  it("names an element whose gradient is not a number", () => {
    const op = expWith((right) => replaced(right, 4, NaN));
    const { worst } = checkGradient((x: Tensor) => ops.sum(op(x)), values);
    expect(worst).toMatchObject({ tensor: 0, element: 4, analytic: NaN });
  });

  it("catches a use that is not added up", () => {
    const lossOf = (x: Tensor) => ops.sum(ops.mul(ops.exp(x), stopGradient(ops.square(x))));
    expect(checkGradient(lossOf, values).passed).toBe(false);
  });

  it("catches a sum over a batch that is left out", () => {
    const addBias = defineOp<readonly [Tensor, Tensor], undefined>({
      name: "addBias",
      forward: ([x, b]) => ops.add(x, b),
      gradients: [(gradOutput) => gradOutput, (gradOutput) => ops.reshape(ops.slice(gradOutput, 0, 1), [3])],
    });
    const params = { x: reals([4, 3], 1), b: reals([3], 2) };
    const lossOf = (p: typeof params) => ops.sum(ops.exp(addBias([p.x, p.b], undefined)));
    const { passed, worst } = checkGradient(lossOf, params);
    expect(passed).toBe(false);
    expect(worst?.tensor).toBe(1);
  });

  it("catches one wrong gradient among the many of a network", () => {
    const params = mlpParams(3);
    const x = reals([3, 4], 6);
    const op = expWith((right) => replaced(right, 2, right.data[2] + 0.2));
    const lossOf = (p: typeof params) => mlp({ ...p, b: op(p.b) }, x);
    expect(checkGradient(lossOf, params)).toMatchObject({ passed: false, worst: { tensor: 1, element: 2 } });
  });

  it("is as strict as its tolerance, and follows another direction for another key", () => {
    const op = expWith((right) => ops.scale(right, 1.02));
    const lossOf = (x: Tensor) => ops.sum(op(x));
    expect(checkGradient(lossOf, values, { tolerance: 0.1 }).passed).toBe(true);
    expect(checkGradient(lossOf, values, { tolerance: 0.001 }).passed).toBe(false);
    const [first, again, other] = [1, 1, 2].map(
      (at) => checkGradient(lossOf, values, { key: key(at) }).analytic,
    );
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("takes the step that it is told: a kink must lie farther off", () => {
    const x = tensor([0.02]);
    const lossOf = (x: Tensor) => ops.sum(ops.relu(x));
    expect(checkGradient(lossOf, x, { step: 0.05 }).passed).toBe(false);
    expect(checkGradient(lossOf, x, { step: 0.001 }).passed).toBe(true);
  });

  it("leaves parameters unchanged, and works inside a scope", () => {
    const before = values.data.slice();
    const lossOf = (x: Tensor) => ops.sum(ops.tanh(x));
    const outside = checkGradient(lossOf, values);
    expect(scope(() => checkGradient(lossOf, values))).toEqual(outside);
    expect(values.data).toEqual(before);
    expect(runtimeInfo().memory.used).toBe(0);
  });

  it("refuses what it cannot check", () => {
    const x = random.normal(key(1), [2]);
    const lossOf = (x: Tensor) => ops.sum(x);
    expectRefused(() => checkGradient(3 as never, x), TypeError, "checkGradient: f must be a function");
    expectRefused(() => checkGradient(lossOf, x, { eps: 1 } as never), TypeError, "checkGradient: options");
    expectRefused(() => checkGradient(lossOf, x, { tolerance: -1 }), RangeError, "checkGradient: tolerance");
    expectRefused(() => checkGradient(lossOf, x, { step: 0 }), RangeError, "checkGradient: step");
    expectRefused(() => checkGradient(lossOf, x, { key: 0.5 as never }), TypeError, "checkGradient: key");
    expectRefused(() => checkGradient((x: Tensor) => x, x), RangeError, "valueAndGrad: loss.shape");
  });
});
