// Laws of valueAndGrad and grad: trees of parameters, losses of every kind, and what becomes of the memory.

import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  defineOp,
  grad,
  key,
  ones,
  ops,
  random,
  runtimeInfo,
  scope,
  stopGradient,
  tensor,
  Tensor,
  valueAndGrad,
  vjp,
} from "../../src/index.js";
import { tensorsOf } from "../../src/tensor/tree.js";
import { forAll } from "../support/laws.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";
import { plain } from "../support/trees.js";

afterEach(expectNothingHeld);

const sumOfSquares = (x: Tensor) => ops.sum(ops.square(x));
/** Σ x² over all tensors of a tree: its gradient is twice the tree. */
const normOf = (tree: unknown) =>
  tensorsOf(tree)
    .map(sumOfSquares)
    .reduce((a, b) => ops.add(a, b), tensor(0));
const doubled = (tree: unknown): unknown =>
  JSON.parse(
    JSON.stringify(plain(tree), (name, value: unknown) =>
      name === "values" ? (value as number[]).map((x) => 2 * x) : value,
    ),
  );

/** An operation that computes 2a + b and counts how often each of its functions runs. */
function counting() {
  const calls = { forward: 0, shared: 0, a: 0, b: 0 };
  const op = defineOp<readonly [Tensor, Tensor], undefined, { readonly scaled: Tensor }>({
    name: "counting",
    forward: ([a, b]) => {
      calls.forward++;
      return ops.add(ops.scale(a, 2), b);
    },
    shared: (gradOutput) => {
      calls.shared++;
      return { scaled: ops.scale(gradOutput, 2) };
    },
    gradients: [
      (_gradOutput, _context, { scaled }) => {
        calls.a++;
        return scaled;
      },
      (gradOutput) => {
        calls.b++;
        return gradOutput;
      },
    ],
  });
  return { calls, op: (a: Tensor, b: Tensor) => op([a, b], undefined) };
}

/** Trees of small tensors, with other values between them. */
const trees = fc.letrec((tie) => ({
  leaf: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 4 }).map((list) => tensor(list)),
  other: fc.constantFrom("name", 3, true, null),
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("leaf"),
    tie("other"),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("w", "kernel", "b 1", "0"), tie("tree"), { maxKeys: 3 }),
  ),
})).tree;

describe("valueAndGrad", () => {
  it("gives the loss, and gradients in a tree of the parameters' form", () => {
    forAll(trees, 200, (params) => {
      const { value, grads, aux } = valueAndGrad((tree: unknown) => normOf(tree))(params);
      expect(plain(grads)).toEqual(doubled(params));
      expect(value.data[0]).toBe(normOf(params).data[0]);
      expect(aux).toBe(undefined);
    });
  });

  it("keeps the types of the parameters' tree", () => {
    const params = {
      encoder: [{ kernel: tensor([[1, 2]]), bias: tensor([3, 4]) }] as const,
      pair: [tensor(5), tensor([6])] as [Tensor, Tensor],
      single: tensor([7]),
      rate: 0.5,
    };
    const lossOf = (p: typeof params) => ops.scale(normOf(p), p.rate);
    const { grads } = valueAndGrad(lossOf)(params);
    const kernel: Tensor = grads.encoder[0].kernel;
    const [first, second]: [Tensor, Tensor] = grads.pair;
    const rate: number = grads.rate;
    expect([kernel.shape, first.shape, second.shape, rate]).toEqual([[1, 2], [], [1], 0.5]);
    expect([...kernel.data, ...grads.encoder[0].bias.data, ...first.data, ...grads.single.data]).toEqual([
      1, 2, 3, 4, 5, 7,
    ]);
  });

  it("takes a single tensor, and a loss of one element of any rank", () => {
    for (const shape of [[], [1], [1, 1, 1]]) {
      const { value, grads } = valueAndGrad((x: Tensor) => ops.reshape(sumOfSquares(x), shape))(
        tensor([1, 2]),
      );
      expect(value.shape).toEqual(shape);
      expect([...value.data, ...grads.data]).toEqual([5, 2, 4]);
    }
  });

  it("hands out what f returns beside the loss", () => {
    const f = (x: Tensor, name: string) => {
      const y = ops.square(x);
      return [ops.sum(y), { y, half: [ops.scale(y, 0.5)], name }] as const;
    };
    const { value, grads, aux } = valueAndGrad(f)(tensor([1, 2]), "n");
    expect([...value.data, ...grads.data]).toEqual([5, 2, 4]);
    expect([...aux.y.data, ...aux.half[0].data]).toEqual([1, 4, 0.5, 2]);
    expect(aux.name).toBe("n");
    expect([...grad(f)(tensor([1, 2]), "n").data]).toEqual([2, 4]);
  });

  it("hands further arguments on and does not differentiate by them", () => {
    const { calls, op } = counting();
    const f = (w: Tensor, x: Tensor, { factor }: { factor: number }, list: Tensor[]) =>
      ops.scale(ops.sum(op(ops.mul(w, list[1]), x)), factor);
    const { grads } = valueAndGrad(f)(tensor([1]), tensor([3]), { factor: 5 }, [ones([1]), tensor([7])]);
    expect([...grads.data]).toEqual([70]);
    expect(calls).toEqual({ forward: 1, shared: 1, a: 1, b: 0 });
  });

  it("computes no gradient that nobody needs: of constants, of unused results, of detours around the loss", () => {
    const { calls, op } = counting();
    const constant = tensor([1, 2]);
    const { grads } = valueAndGrad((x: Tensor) => {
      op(constant, constant);
      const unused = op(x, x);
      const stopped = op(stopGradient(unused), constant);
      return ops.sum(op(stopped, x));
    })(tensor([3, 4]));
    expect([...grads.data]).toEqual([1, 1]);
    expect(calls).toEqual({ forward: 4, shared: 1, a: 0, b: 1 });
  });

  it("gives zeros for parameters that the loss does not depend on", () => {
    const params = { used: tensor([3]), unused: ones([2, 2]) };
    const { grads } = valueAndGrad((p: typeof params) => sumOfSquares(p.used))(params);
    expect(plain(grads)).toEqual(plain({ used: tensor([6]), unused: tensor([0, 0, 0, 0], [2, 2]) }));
    const constant = valueAndGrad<Tensor, []>(() => ops.sum(ones([3])))(tensor([1, 2]));
    expect([...constant.value.data, ...constant.grads.data]).toEqual([3, 0, 0]);
    const made = valueAndGrad<Tensor, []>(() => tensor(4))(tensor([1, 2]));
    expect([...made.value.data, ...made.grads.data]).toEqual([4, 0, 0]);
  });

  it("gives 1 where the loss is the parameter itself", () => {
    const { value, grads } = valueAndGrad((x: Tensor) => x)(tensor([7]));
    expect([...value.data, ...grads.data]).toEqual([7, 1]);
  });

  it("adds up over every use of a value", () => {
    forAll(fc.integer({ min: 1, max: 40 }), 40, (uses) => {
      const f = (x: Tensor) => {
        const y = ops.square(x);
        const terms = Array.from({ length: uses }, (_, i) => ops.scale(y, i + 1));
        return ops.sum(terms.reduce((a, b) => ops.add(a, b)));
      };
      const total = (uses * (uses + 1)) / 2;
      expect([...grad(f)(tensor([1, -2])).data]).toEqual([2 * total, -4 * total]);
    });
  });

  it("follows loops and conditionals anew at every call", () => {
    const power = valueAndGrad((x: Tensor, exponent: number) => {
      let y = ones([1]);
      for (let i = 0; i < exponent; i++) y = ops.mul(y, x);
      return y.data[0] > 100 ? ops.scale(y, -1) : y;
    });
    for (const [at, exponent, value, slope] of [
      [3, 2, 9, 6],
      [3, 1, 3, 1],
      [3, 0, 1, 0],
      [3, 5, -243, -405],
      [3, 2, 9, 6],
    ]) {
      const { value: loss, grads } = power(tensor([at]), exponent);
      expect([...loss.data, ...grads.data]).toEqual([value, slope]);
    }
  });

  it("gives the same bits when it is called again, and leaves parameters unchanged", () => {
    const w = random.normal(key(1), [5, 3]);
    const x = random.normal(key(2), [4, 5]);
    const before = w.data.slice();
    const f = valueAndGrad((w: Tensor, x: Tensor) => ops.mean(ops.matmul(x, w, { activation: "tanh" })));
    const [first, second] = [f(w, x), f(w, x)];
    expect(plain(second)).toEqual(plain(first));
    expect(w.data).toEqual(before);
    expect(f(w, random.normal(key(3), [9, 5])).grads.shape).toEqual([5, 3]);
  });

  it("gives the same bits inside a scope, where its results live", () => {
    const x = random.normal(key(1), [3, 4]);
    const f = valueAndGrad((x: Tensor) => [ops.sum(ops.softplus(x)), ops.exp(x)] as const);
    const outside = f(x);
    let lost = x;
    const inside = scope(() => {
      const { grads } = f(x);
      lost = grads;
      return f(ops.scale(x, 1));
    });
    expect(plain(inside)).toEqual(plain(outside));
    expect(() => lost.data).toThrow(/its memory is released/);
  });

  it("differentiates through scopes inside f", () => {
    const f = (x: Tensor) =>
      ops.sum(
        scope(() => {
          const y = ops.exp(x);
          const z = scope(() => ops.mul(ops.add(y, 1), y));
          return ops.mul(z, y);
        }),
      );
    const x = tensor([0, 1]);
    // (y + 1) y² with y = eˣ, of which the slope is 3y³ + 2y².
    const { value, grads } = valueAndGrad(f)(x);
    const slopes = [0, 1].map((at) => 3 * Math.exp(3 * at) + 2 * Math.exp(2 * at));
    grads.data.forEach((slope, i) => expect(Math.abs(slope / slopes[i] - 1)).toBeLessThan(2 ** -20));
    expect(value.data).toEqual(f(x).data);
    expectNothingHeld();
  });

  it("releases a scope inside f that fails, though f goes on", () => {
    const { grads } = valueAndGrad((x: Tensor) => {
      expect(() =>
        scope(() => {
          ops.exp(x);
          throw new Error("never mind");
        }),
      ).toThrow("never mind");
      return sumOfSquares(x);
    })(tensor([3]));
    expect([...grads.data]).toEqual([6]);
  });

  it("releases scopes inside an operation, which its gradient does not read", () => {
    const held: number[] = [];
    const careful = defineOp<readonly [Tensor], undefined>({
      name: "careful",
      forward: ([x]) => {
        const { used } = runtimeInfo().memory;
        const y = scope(() => ops.add(ops.exp(x), ops.exp(ops.scale(x, 2))));
        held.push(runtimeInfo().memory.used - used);
        return y;
      },
      gradients: [(gradOutput) => gradOutput],
    });
    const f = (x: Tensor) => ops.sum(careful([ops.scale(x, 1)], undefined));
    grad(f)(ones([1024]));
    expect(held[0]).toBeLessThan(2 * 4 * 1024);
  });

  it("may differentiate inside, by other parameters, and go on with the result", () => {
    const f = (x: Tensor) => {
      const slope = grad((t: Tensor) => ops.sum(ops.mul(ops.square(t), t)))(tensor([2]));
      const { grads } = vjp((t: Tensor) => ops.exp(ops.scale(t, 2)))(ones([1]), tensor([0]));
      return ops.sum(ops.mul(ops.mul(x, slope), grads));
    };
    expect([...grad(f)(tensor([5])).data]).toEqual([24]);
  });

  it("refuses gradients of gradients", () => {
    const nested = (x: Tensor) => ops.sum(grad(sumOfSquares)(x));
    expect(() => grad(nested)(tensor([1]))).toThrow("gradients of gradients are not computed");
  });

  it("computes what gradients share once, and releases it", () => {
    const { calls, op } = counting();
    const size = 1000;
    const f = (a: Tensor, b: Tensor) => {
      let y = op(a, b);
      for (let i = 0; i < 9; i++) y = op(y, a);
      return ops.sum(y);
    };
    const { used } = runtimeInfo().memory;
    const { grads } = valueAndGrad((p: Tensor[]) => f(p[0], p[1]))([ones([size]), ones([size])]);
    expect(calls).toEqual({ forward: 10, shared: 10, a: 10, b: 10 });
    expect([grads[0].data[0], grads[1].data[0]]).toEqual([1024 + 511, 512]);
    expect(runtimeInfo().memory.used).toBe(used);
  });

  /** tanh, its gradient by way of a tensor that is shared. */
  const roundabout = defineOp<readonly [Tensor], undefined, { readonly half: Tensor }>({
    name: "roundabout",
    forward: ([x]) => ops.tanh(x),
    shared: (gradOutput) => ({ half: ops.scale(gradOutput, 0.5) }),
    gradients: [(_gradOutput, _context, { half }) => ops.scale(half, 2)],
  });

  // The peak is that of all so far: what needs most comes last.
  it.each([
    ["one by one", (y: Tensor) => ops.tanh(y), 1],
    ["with shared parts", (y: Tensor) => roundabout([y], undefined), 1],
    ["added to themselves", (y: Tensor) => ops.tanh(ops.add(y, y)), 2],
    ["added to the parameter", (y: Tensor, x: Tensor) => ops.tanh(ops.add(x, y)), 2],
  ])("needs memory for results on the way, %s, but for few gradients", (_, step, results) => {
    const size = 100_000;
    const length = 30;
    const f = (x: Tensor) => {
      let y = ops.tanh(x);
      for (let i = 0; i < length; i++) y = step(y, x);
      return ops.sum(y);
    };
    const x = ones([size]);
    const { grads } = scope(() => {
      const { grads } = valueAndGrad(f)(x);
      const { peak } = runtimeInfo().memory;
      expect(peak).toBeLessThan((results * length + 8) * 4 * size);
      return { grads };
    });
    expect(grads.shape).toEqual([size]);
  });
});

describe("grad", () => {
  it("gives the gradients of valueAndGrad", () => {
    const params = { a: random.normal(key(1), [3]), list: [random.normal(key(2), [2, 2])] };
    const f = (p: typeof params, factor: number) => ops.scale(normOf(p), factor);
    expect(plain(grad(f)(params, 3))).toEqual(plain(valueAndGrad(f)(params, 3).grads));
  });

  it("descends to a minimum", () => {
    const f = grad((x: Tensor) => ops.sum(ops.square(ops.sub(x, tensor([3, -1])))));
    let x = tensor([0, 0]);
    for (let step = 0; step < 60; step++) x = ops.sub(x, ops.scale(f(x), 0.25));
    expect([...x.data]).toEqual([3, -1]);
  });
});

describe("checkNumerics", () => {
  const on = { checkNumerics: true };

  it("names the first operation whose result is not finite, and the place", () => {
    const f = (x: Tensor) => ops.sum(ops.mul(ops.exp(ops.log(x)), 2));
    const x = tensor([1, 0, -1]);
    const message =
      "log: result must be finite (checkNumerics), got -Infinity at element 1 of [3], 2 not finite in all";
    expect(() => valueAndGrad(f, on)(x)).toThrow(message);
    expect(() => grad(f, on)(x)).toThrow(message);
    expectNothingHeld();
  });

  it("tells operations by their public names", () => {
    const big = tensor([[3e38, 3e38]]);
    const cases: [string, (x: Tensor) => Tensor][] = [
      ["sum", (x) => ops.sum(x)],
      ["exp", (x) => ops.sum(ops.exp(x))],
      ["matmul", (x) => ops.sum(ops.matmul(x, x, { transposeB: true }))],
      ["div", (x) => ops.sum(ops.div(x, 0))],
      [
        "pad",
        (x) =>
          ops.sum(
            ops.pad(
              x,
              [
                [0, 0],
                [1, 0],
              ],
              NaN,
            ),
          ),
      ],
    ];
    for (const [name, f] of cases) {
      expect(() => grad(f, on)(big)).toThrow(new RegExp(`^${name}: result must be finite`));
    }
  });

  it("looks at constants, too, and at an operation as a whole", () => {
    expect(() => grad((x: Tensor) => ops.mul(x, ops.log(tensor([0]))), on)(tensor([1]))).toThrow(
      "log: result",
    );
    const safe = defineOp<readonly [Tensor], undefined>({
      name: "safe",
      forward: ([x]) => ops.clip(ops.log(x), -5, 5),
      gradients: [(gradOutput) => gradOutput],
    });
    const { value } = valueAndGrad((x: Tensor) => safe([x], undefined), on)(tensor([0]));
    expect([...value.data]).toEqual([-5]);
  });

  it("changes nothing where all is finite, and is off by default", () => {
    const f = (x: Tensor) => ops.sum(ops.exp(x));
    const x = random.normal(key(1), [7]);
    expect(plain(valueAndGrad(f, on)(x))).toEqual(plain(valueAndGrad(f)(x)));
    const { value, grads } = valueAndGrad((x: Tensor) => ops.sum(ops.log(x)))(tensor([0, 1]));
    expect([...value.data, ...grads.data]).toEqual([-Infinity, Infinity, 1]);
    expect(valueAndGrad((x: Tensor) => ops.sum(ops.log(x)))(tensor([-1])).value.data).toEqual(
      Float32Array.of(NaN),
    );
  });

  it("is not asked of vjp", () => {
    expect([...vjp(ops.log)(tensor([1]), tensor([0])).grads.data]).toEqual([Infinity]);
  });

  it("ends with the function it belongs to", () => {
    expect(() => grad((x: Tensor) => ops.sum(ops.log(x)), on)(tensor([0]))).toThrow("log");
    expect(ops.log(tensor([0])).data[0]).toBe(-Infinity);
  });
});

describe("what cannot be differentiated", () => {
  const x = tensor([1, 2]);

  it("is refused by name: losses of many elements, of none, and of other kinds", () => {
    expectRefused(
      () => grad((t: Tensor) => t)(x),
      RangeError,
      "valueAndGrad: loss.shape must have one element",
    );
    expectRefused(
      () => grad((t: Tensor) => [ops.square(t), 1] as const)(x),
      RangeError,
      "valueAndGrad: loss.shape must have one element",
    );
    for (const loss of [3, undefined, null, [], ["loss", x], {}]) {
      expectRefused(
        () => grad((() => loss) as never)(x),
        TypeError,
        "valueAndGrad: f must return a tensor (synchronously), or [tensor, aux]",
      );
    }
    expectRefused(() => valueAndGrad(3 as never), TypeError, "valueAndGrad: f must be a function");
    expectRefused(() => grad(undefined as never), TypeError, "valueAndGrad: f must be a function");
    expectRefused(
      () => valueAndGrad(sumOfSquares, { checkNumeric: true } as never),
      TypeError,
      "valueAndGrad: options",
    );
    expectRefused(
      () => valueAndGrad(sumOfSquares, { checkNumerics: "yes" as never }),
      TypeError,
      "valueAndGrad: checkNumerics must be true or false",
    );
  });

  it("is refused where f is asynchronous, and its memory released", () => {
    const asynchronous = async (t: Tensor) => sumOfSquares(t);
    const thenable = (t: Tensor) => Promise.resolve(sumOfSquares(t));
    for (const f of [asynchronous, thenable]) {
      expectRefused(
        () => grad(f as never)(x),
        TypeError,
        "valueAndGrad: f must return a tensor (synchronously)",
      );
    }
  });

  it("releases its memory, and later calls are right", () => {
    const failing = grad((t: Tensor) => {
      ops.exp(t);
      throw new Error("no loss today");
    });
    expect(() => failing(x)).toThrow("no loss today");
    expectNothingHeld();
    expect([...grad(sumOfSquares)(x).data]).toEqual([2, 4]);
    expect(ops.exp(tensor([0])).data).toEqual(Float32Array.of(1));
    expect(tensorsOf(scope(() => ops.exp(x))).every((t) => t instanceof Tensor)).toBe(true);
  });
});
