// Laws of vjp, stopGradient and defineOp: which gradients are computed, how they add up, and what is released.

import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  defineOp,
  ones,
  ops,
  runtimeInfo,
  scope,
  stopGradient,
  tensor,
  Tensor,
  vjp,
  zeros,
} from "../../src/index.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";
import { seededIntegers } from "../support/seeded.js";

afterEach(expectNothingHeld);

const one = tensor([1]);

/** An operation that computes a + b and counts how often each gradient is asked for. */
function countingAdd() {
  const calls = { a: 0, b: 0, forward: 0 };
  const op = defineOp<readonly [Tensor, Tensor], undefined>({
    name: "countingAdd",
    forward: ([a, b]) => {
      calls.forward++;
      return ops.add(a, b);
    },
    gradients: [
      (gradOutput) => {
        calls.a++;
        return gradOutput;
      },
      (gradOutput) => {
        calls.b++;
        return gradOutput;
      },
    ],
  });
  return { calls, add: (a: Tensor, b: Tensor) => op([a, b], undefined) };
}

describe("vjp", () => {
  it("returns the value and the gradient for the given upstream gradient", () => {
    const { value, grads } = vjp((x: Tensor) => ops.mul(ops.square(x), 3))(tensor([1, 10]), tensor([2, 5]));
    expect([...value.data]).toEqual([12, 75]);
    expect([...grads.data]).toEqual([12, 300]);
  });

  it("adds up the gradients of a value that is used many times", () => {
    const f = (x: Tensor) => {
      let sum = x;
      for (let i = 0; i < 9; i++) sum = ops.add(sum, x);
      return ops.add(sum, ops.mul(x, x));
    };
    const { value, grads } = vjp(f)(tensor([1, 2]), tensor([3, 4]));
    expect([...value.data]).toEqual([39, 56]);
    expect([...grads.data]).toEqual([16, 36]);
  });

  it("agrees with the derivative of polynomials built by random loops", () => {
    const steps = fc.array(fc.constantFrom("square", "triple", "addX", "timesX"), { maxLength: 6 });
    fc.assert(
      fc.property(steps, fc.integer({ min: -2, max: 2 }), (names, at) => {
        const f = (x: Tensor) => {
          let y = x;
          for (const name of names) {
            if (name === "square") y = ops.mul(y, y);
            else if (name === "triple") y = ops.scale(y, 3);
            else if (name === "addX") y = ops.add(y, x);
            else y = ops.mul(x, y);
            if (y.data.some((v) => Math.abs(v) > 1000)) return y;
          }
          return y;
        };
        // The same in dual numbers.
        let [y, dy] = [at, 1];
        for (const name of names) {
          if (name === "square") [y, dy] = [y * y, 2 * y * dy];
          else if (name === "triple") [y, dy] = [3 * y, 3 * dy];
          else if (name === "addX") [y, dy] = [y + at, dy + 1];
          else [y, dy] = [at * y, y + at * dy];
          if (Math.abs(y) > 1000) break;
        }
        const { value, grads } = vjp(f)(one, tensor([at]));
        expect(value.data[0]! + 0).toBe(y + 0);
        expect(grads.data[0]! + 0).toBe(dy + 0);
      }),
      { numRuns: 300 },
    );
  });

  it("follows the branch that was taken", () => {
    const f = (x: Tensor) => (x.data[0]! > 0 ? ops.square(x) : ops.scale(x, 7));
    expect([...vjp(f)(one, tensor([3])).grads.data]).toEqual([6]);
    expect([...vjp(f)(one, tensor([-3])).grads.data]).toEqual([7]);
  });

  it("gives gradients in the tree of the parameters", () => {
    const params = {
      layers: [{ w: tensor([2]), b: tensor([3]) }, { w: tensor([5]) }],
      name: "net",
      rate: 0.1,
    };
    const f = (p: typeof params) =>
      ops.mul(ops.add(ops.mul(p.layers[0]!.w, 7), p.layers[0]!.b!), p.layers[1]!.w);
    const { grads } = vjp(f)(one, params);
    expect(grads.layers.map((layer) => Object.keys(layer))).toEqual([["w", "b"], ["w"]]);
    expect([...grads.layers[0]!.w.data, ...grads.layers[0]!.b!.data, ...grads.layers[1]!.w.data]).toEqual([
      35, 5, 17,
    ]);
    expect(grads.name).toBe("net");
    expect(grads.rate).toBe(0.1);
  });

  it("gives zeros for parameters that the value does not depend on", () => {
    const params = { used: tensor([2]), unused: ones([2, 3]), alsoUnused: ones([1]) };
    const f = (p: typeof params) => {
      ops.square(p.alsoUnused);
      return ops.square(p.used);
    };
    const { grads } = vjp(f)(one, params);
    expect(grads.unused.shape).toEqual([2, 3]);
    expect([...grads.unused.data, ...grads.alsoUnused.data]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect([...grads.used.data]).toEqual([4]);
    const constant = vjp<Tensor, []>(() => ones([1]))(one, tensor([5, 6]));
    expect([...constant.grads.data]).toEqual([0, 0]);
  });

  it("gives the upstream gradient where the value is a parameter itself", () => {
    const { value, grads } = vjp((x: Tensor) => x)(tensor([3, 4]), tensor([1, 2]));
    expect([...value.data]).toEqual([1, 2]);
    expect([...grads.data]).toEqual([3, 4]);
  });

  it("counts a parameter that stands in the tree twice once, with its whole gradient in both places", () => {
    const x = tensor([3]);
    const { grads } = vjp(([a, b]: [Tensor, Tensor]) => ops.mul(a, b))(one, [x, x]);
    expect(grads.map((t) => t.data[0])).toEqual([6, 6]);
  });

  it("differentiates by tensors that are computed from one another", () => {
    const x = tensor([3]);
    scope(() => {
      const y = ops.square(x);
      const { grads } = vjp(([, b]: Tensor[]) => ops.mul(b!, b!))(one, [x, y]);
      expect(grads.map((t) => t.data[0])).toEqual([0, 18]);
    });
  });

  it("passes further arguments through and does not differentiate by them", () => {
    const { calls, add } = countingAdd();
    const f = (x: Tensor, y: Tensor, factor: number) => ops.scale(add(x, y), factor);
    const { grads } = vjp(f)(one, tensor([1]), tensor([2]), 5);
    expect([...grads.data]).toEqual([5]);
    expect(calls).toEqual({ a: 1, b: 0, forward: 1 });
  });

  it("computes only the gradients that are needed", () => {
    const { calls, add } = countingAdd();
    const constant = tensor([1]);
    vjp((x: Tensor) => {
      add(constant, constant);
      const unused = add(x, x);
      expect(unused.size).toBe(1);
      return add(constant, ops.square(add(x, constant)));
    })(one, tensor([2]));
    expect(calls).toEqual({ a: 1, b: 1, forward: 4 });
  });

  it("runs no gradient where the value does not depend on the parameters", () => {
    const { calls, add } = countingAdd();
    vjp<Tensor, []>(() => add(one, one))(one, tensor([2]));
    expect(calls).toMatchObject({ a: 0, b: 0 });
  });

  it("can be used twice, with the same bits", () => {
    const gradient = vjp((w: Tensor, x: Tensor) => ops.matmul(x, w, { activation: "tanh" }));
    const w = tensor(seededIntegers(1, 12, 3), [4, 3]);
    const x = tensor(seededIntegers(2, 8, 3), [2, 4]);
    const first = gradient(ones([2, 3]), w, x);
    const second = gradient(ones([2, 3]), w, x);
    expect(second.grads.data).toEqual(first.grads.data);
    expect(second.value.data).toEqual(first.value.data);
    const doubled = gradient(ops.scale(ones([2, 3]), 2), w, x);
    expect(doubled.grads.data).toEqual(first.grads.data.map((v) => 2 * v));
  });

  it("leaves parameters and upstream gradient unchanged", () => {
    const x = tensor([1, 2]);
    const gradOutput = tensor([5, 7]);
    vjp((t: Tensor) => ops.add(ops.add(t, t), ops.square(t)))(gradOutput, x);
    expect([...x.data, ...gradOutput.data]).toEqual([1, 2, 5, 7]);
    scope(() => {
      const inside = ops.scale(gradOutput, 1);
      vjp((t: Tensor) => ops.add(ops.add(t, t), ops.square(t)))(inside, x);
      expect([...inside.data]).toEqual([5, 7]);
    });
  });

  it("gives the same inside a scope, and its results live there", () => {
    const f = (x: Tensor) => ops.sum(ops.sigmoid(x), { axis: 0 });
    const x = tensor([1, 2, 3, 4], [2, 2]);
    const outside = vjp(f)(ones([2]), x);
    let lost = x;
    const inside = scope(() => {
      const { grads } = vjp(f)(ones([2]), x);
      lost = grads;
      return ops.scale(grads, 1);
    });
    expect(inside.data).toEqual(outside.grads.data);
    expect(() => lost.data).toThrow(/its memory is released/);
  });

  it("may run another vjp on constants inside", () => {
    const f = (x: Tensor) => {
      const inner = vjp((t: Tensor) => ops.mul(ops.square(t), t))(one, stopGradient(x)).grads;
      return ops.mul(x, inner);
    };
    expect([...vjp(f)(one, tensor([2])).grads.data]).toEqual([12]);
  });

  it("refuses gradients of gradients rather than getting them wrong", () => {
    const cube = (t: Tensor) => ops.mul(ops.square(t), t);
    const message = /^vjp: must not depend on the parameters of a vjp around it/;
    const x = tensor([2]);
    expect(() => vjp((t: Tensor) => vjp(cube)(one, t).grads)(one, x)).toThrow(message);
    expect(() => vjp((t: Tensor) => vjp(cube)(t, x).grads)(one, x)).toThrow(message);
    expect(() => vjp((t: Tensor) => vjp((c: Tensor) => ops.mul(c, t))(one, x).grads)(one, x)).toThrow(
      message,
    );
    expect([...vjp(cube)(one, x).grads.data]).toEqual([12]);
  });

  it("releases everything when its function or a gradient throws", () => {
    const failing = defineOp<readonly [Tensor], undefined>({
      name: "failing",
      forward: ([x]) => ops.scale(x, 2),
      gradients: [
        () => {
          throw new Error("no gradient today");
        },
      ],
    });
    expect(() => vjp((x: Tensor) => failing([ops.square(x)], undefined))(one, tensor([2]))).toThrow(
      "no gradient today",
    );
    expect(() =>
      vjp((x: Tensor): Tensor => {
        ops.square(x);
        throw new Error("no value");
      })(one, tensor([2])),
    ).toThrow("no value");
    expect([...vjp((x: Tensor) => ops.square(x))(one, tensor([2])).grads.data]).toEqual([4]);
  });

  it("refuses what it cannot differentiate", () => {
    expectRefused(() => vjp(3 as never), TypeError, "vjp: f must be a function");
    const identity = vjp((x: Tensor) => x);
    expectRefused(() => identity(1 as never, one), TypeError, "vjp: gradOutput must be a tensor");
    expectRefused(
      () => identity(ones([2]), one),
      RangeError,
      "vjp: gradOutput.shape must equal the value's [1]",
    );
    expectRefused(() => vjp((() => 3) as never)(one, one), TypeError, "vjp: f must return a tensor");
    expectRefused(
      () => vjp((async (x: Tensor) => x) as never)(one, one),
      TypeError,
      "vjp: f must return a tensor",
    );
  });
});

describe("stopGradient", () => {
  it("shows the same values without a copy and lets no gradient through", () => {
    const x = tensor([3]);
    expect(stopGradient(x).data).toBe(x.data);
    const f = (t: Tensor) => ops.mul(t, stopGradient(ops.square(t)));
    const { value, grads } = vjp(f)(one, x);
    expect([...value.data]).toEqual([27]);
    expect([...grads.data]).toEqual([9]);
  });

  it("spares the computation of what it cuts off", () => {
    const { calls, add } = countingAdd();
    vjp((x: Tensor) => ops.add(stopGradient(add(x, x)), x))(one, tensor([2]));
    expect(calls).toEqual({ a: 0, b: 0, forward: 1 });
  });

  it("refuses what is not a tensor", () => {
    expectRefused(() => stopGradient([1] as never), TypeError, "stopGradient: t");
  });
});

describe("defineOp", () => {
  it("hands inputs, output and options to the gradient", () => {
    const power = defineOp<readonly [Tensor], { exponent: number }>({
      name: "power",
      forward: ([x], { exponent }) => {
        let y = x;
        for (let i = 1; i < exponent; i++) y = ops.mul(y, x);
        return y;
      },
      gradients: [
        (gradOutput, { inputs: [x], output, options: { exponent } }) =>
          ops.mul(gradOutput, ops.scale(ops.div(output, x), exponent)),
      ],
    });
    const { value, grads } = vjp((x: Tensor) => power([x], { exponent: 3 }))(tensor([1, 1]), tensor([2, 4]));
    expect([...value.data]).toEqual([8, 64]);
    expect([...grads.data]).toEqual([12, 48]);
  });

  it("does not differentiate the operations inside its forward computation", () => {
    const straightThrough = defineOp<readonly [Tensor], undefined>({
      name: "straightThrough",
      forward: ([x]) => ops.clip(ops.scale(x, 100), -1, 1),
      gradients: [(gradOutput) => gradOutput],
    });
    const f = (x: Tensor) => straightThrough([ops.scale(x, 2)], undefined);
    const { value, grads } = vjp(f)(tensor([5]), tensor([9]));
    expect([...value.data]).toEqual([1]);
    expect([...grads.data]).toEqual([10]);
  });

  it("takes absent inputs, and inputs without a gradient", () => {
    const choose = defineOp<readonly [Tensor, Tensor | undefined, Tensor], undefined>({
      name: "choose",
      forward: ([x, y, mask]) => ops.mul(y === undefined ? x : ops.add(x, y), mask),
      gradients: [
        (gradOutput, { inputs: [, , mask] }) => ops.mul(gradOutput, mask),
        (gradOutput, { inputs: [, , mask] }) => ops.mul(gradOutput, mask),
        null,
      ],
    });
    const f = ({ x, y, mask }: { x: Tensor; y?: Tensor; mask: Tensor }) => choose([x, y, mask], undefined);
    const mask = tensor([0, 1]);
    const alone = vjp(f)(tensor([3, 4]), { x: tensor([1, 2]), mask });
    expect([...alone.grads.x.data, ...alone.grads.mask.data]).toEqual([0, 4, 0, 0]);
    const both = vjp(f)(tensor([3, 4]), { x: tensor([1, 2]), y: tensor([5, 6]), mask });
    expect([...both.value.data, ...both.grads.y!.data]).toEqual([0, 8, 0, 4]);
  });

  it("takes a varying number of inputs, with gradients by index", () => {
    const total = defineOp<readonly Tensor[], undefined>({
      name: "total",
      forward: (inputs) => inputs.reduce((sum, t) => ops.add(sum, t)),
      gradients: (index) => (gradOutput) => ops.scale(gradOutput, index + 1),
    });
    const { grads } = vjp((list: Tensor[]) => total(list, undefined))(
      one,
      [one, one, one].map((t) => ops.scale(t, 2)),
    );
    expect(grads.map((t) => t.data[0])).toEqual([1, 2, 3]);
  });

  it("may return a constant as gradient: it is never written to", () => {
    const zero = zeros([2]);
    const flat = defineOp<readonly [Tensor], undefined>({
      name: "flat",
      forward: ([x]) => ops.scale(x, 1),
      gradients: [() => zero],
    });
    const first = (x: Tensor) => ops.add(flat([x], undefined), ops.square(x));
    const last = (x: Tensor) => ops.add(ops.square(x), flat([x], undefined));
    for (const f of [first, last]) {
      const { grads } = vjp((x: Tensor) => ops.add(f(x), f(x)))(ones([2]), tensor([1, 2]));
      expect([...grads.data]).toEqual([4, 8]);
      expect([...zero.data]).toEqual([0, 0]);
    }
  });

  it("may return a tensor of the forward computation as gradient: it is neither written to nor released", () => {
    const slope = defineOp<readonly [Tensor, Tensor], undefined>({
      name: "slope",
      forward: ([x, factor]) => ops.mul(x, factor),
      // Right for an upstream gradient of ones only, but it must not disturb what else reads `factor`.
      gradients: [(_, { inputs: [, factor] }) => factor, null],
    });
    const f = (x: Tensor) => {
      const factor = ops.add(stopGradient(x), 10);
      const y = ops.add(slope([x, factor], undefined), ops.mul(x, factor));
      return ops.add(y, slope([x, factor], undefined));
    };
    const { grads } = vjp(f)(ones([2]), tensor([1, 2]));
    expect([...grads.data]).toEqual([33, 36]);
  });

  it("may return its input, or a tensor that it returned before", () => {
    const identity = defineOp<readonly [Tensor], undefined>({
      name: "identity",
      forward: ([x]) => x,
      gradients: [(gradOutput) => gradOutput],
    });
    const constant = tensor([7]);
    const always = defineOp<readonly [Tensor], undefined>({
      name: "always",
      forward: () => constant,
      gradients: [(gradOutput) => ops.scale(gradOutput, 10)],
    });
    const gradient = (f: (x: Tensor) => Tensor) => vjp(f)(one, tensor([3])).grads.data[0];
    expect(gradient((x) => identity([x], undefined))).toBe(1);
    expect(gradient((x) => ops.mul(identity([identity([x], undefined)], undefined), x))).toBe(6);
    expect(gradient((x) => ops.add(always([x], undefined), ops.scale(always([x], undefined), 2)))).toBe(30);
    expect(gradient((x) => ops.add(ops.mul(always([x], undefined), x), constant))).toBe(37);
  });

  it("may return a view of the upstream gradient", () => {
    const flatten = defineOp<readonly [Tensor], undefined>({
      name: "flatten",
      forward: ([x]) => ops.reshape(x, [x.size]),
      gradients: [(gradOutput, { inputs: [x] }) => ops.reshape(gradOutput, x.shape)],
    });
    const f = (x: Tensor) => ops.add(flatten([x], undefined), flatten([ops.scale(x, 2)], undefined));
    const { grads } = vjp(f)(tensor([1, 2, 3, 4]), ones([2, 2]));
    expect(grads.shape).toEqual([2, 2]);
    expect([...grads.data]).toEqual([3, 6, 9, 12]);
  });

  it("refuses a gradient of another shape than the input's, and one that is no tensor", () => {
    const wrong = (gradient: unknown) =>
      defineOp<readonly [Tensor], undefined>({
        name: "wrong",
        forward: ([x]) => ops.scale(x, 1),
        gradients: [() => gradient as Tensor],
      });
    const differentiate = (gradient: unknown) => () =>
      vjp((x: Tensor) => wrong(gradient)([x], undefined))(ones([2]), ones([2]));
    expectRefused(
      differentiate(ones([1])),
      RangeError,
      "wrong: gradients[0] must return the input's shape [2]",
    );
    expectRefused(differentiate(3), TypeError, "wrong: gradients[0] must be a tensor");
    expectRefused(differentiate(undefined), TypeError, "wrong: gradients[0] must be a tensor");
  });
});

describe("training by hand", () => {
  it("fits a line, and neither memory grows", () => {
    const x = tensor([-1, 0, 1, 2], [4, 1]);
    const y = tensor([-3, -1, 1, 3], [4, 1]);
    const loss = (p: { w: Tensor; b: Tensor }) =>
      ops.mean(ops.square(ops.sub(ops.dense(x, p.w, { bias: p.b }), y)));
    let params = { w: zeros([1, 1]), b: zeros([1]) };
    let reserved = 0;
    for (let step = 0; step < 200; step++) {
      const { grads } = vjp(loss)(tensor(1), params);
      params = scope(() => ({
        w: ops.sub(params.w, ops.scale(grads.w, 0.1)),
        b: ops.sub(params.b, ops.scale(grads.b, 0.1)),
      }));
      if (step === 0) ({ reserved } = runtimeInfo().memory);
    }
    expect(params.w.data[0]).toBeCloseTo(2, 4);
    expect(params.b.data[0]).toBeCloseTo(-1, 4);
    expect(runtimeInfo().memory.reserved).toBe(reserved);
    expect(params.w).toBeInstanceOf(Tensor);
  });
});
