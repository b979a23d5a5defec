// What is read from a tensor: safe to keep wherever it was read, right at that moment, and refused where a gradient
// would be lost by it.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Batch,
  createTrainer,
  defineOp,
  fit,
  grad,
  item,
  key,
  lectures,
  ops,
  random,
  scope,
  stopGradient,
  tensor,
  type Tensor,
  valueAndGrad,
  vjp,
} from "../../src/index.js";
import { toNdarray } from "../../src/ndarray/index.js";

/** Overwrites whatever memory is free. */
const spoil = () =>
  scope(() => Array.from({ length: 20 }, (_, i) => ops.scale(random.normal(key(i), [64]), 1e9)) && 0);

const READERS: readonly [string, (t: Tensor) => ArrayLike<number>][] = [
  ["data", (t) => t.data],
  ["toNdarray", (t) => toNdarray(t).data],
  [
    "item of each part",
    (t) => Array.from({ length: t.size }, (_, i) => item(ops.slice(ops.reshape(t, [-1]), i, i + 1))),
  ],
  ["data of the same values in another shape", (t) => ops.reshape(t, [t.size]).data],
  ["data of a constant", (t) => stopGradient(t).data],
];

describe.each(READERS)("values read by %s", (_, read) => {
  it.each([1, 3, 63, 64, 65, 1000])("inside a scope stay as they are after it, %i of them", (n) => {
    const x = random.normal(key(n), [n]);
    const want = [...ops.exp(x).data];
    let kept: ArrayLike<number> = [];
    scope(() => {
      kept = read(ops.exp(x));
      ops.exp(ops.scale(x, 2));
    });
    spoil();
    expect(Array.from(kept)).toEqual(want);
  });

  it("inside scopes in scopes stay as they are after the inner one and the outer one", () => {
    const kept: ArrayLike<number>[] = [];
    scope(() => {
      const y = ops.exp(tensor([0, 1]));
      scope(() => kept.push(read(ops.scale(y, 2)), read(y)));
      spoil();
      kept.push(read(ops.scale(y, 3)));
    });
    spoil();
    const e = Math.fround(Math.E);
    expect(kept.map((values) => Array.from(values))).toEqual([
      [2, Math.fround(2 * e)],
      [1, e],
      [3, Math.fround(3 * e)],
    ]);
  });

  it("in a function that is differentiated, and in a custom operation's forward and gradient, stay", () => {
    const kept: ArrayLike<number>[] = [];
    const triple = defineOp<[Tensor], undefined>({
      name: "triple",
      forward: ([x]) => {
        const y = ops.scale(x, 3);
        kept.push(read(x), read(y));
        return y;
      },
      gradients: [
        (gradOutput) => {
          const result = ops.scale(gradOutput, 3);
          kept.push(read(gradOutput), read(result));
          return result;
        },
      ],
    });
    const f = (x: Tensor) => {
      const y = triple([ops.scale(x, 2)], undefined);
      kept.push(read(y));
      // Used twice, so that the gradient is added up in place.
      return ops.sum(ops.add(ops.scale(y, 5), ops.square(y)));
    };
    const { grads } = valueAndGrad(f)(tensor([1, -1]));
    spoil();
    expect(kept.map((values) => Array.from(values))).toEqual([
      [2, -2],
      [6, -6],
      [6, -6],
      [17, -7],
      [51, -21],
    ]);
    expect([...grads.data]).toEqual([102, -42]);
  });
});

describe("values on the heap", () => {
  it("are read as they are, however often gradients are added to in place between readings", () => {
    const seen: number[][] = [];
    const spy = defineOp<[Tensor], undefined>({
      name: "spy",
      forward: ([x]) => ops.scale(x, 1),
      gradients: [
        (gradOutput) => {
          const result = ops.scale(gradOutput, 1);
          // What is read here is the tensor that later gradients are added to.
          seen.push([...result.data]);
          return result;
        },
      ],
    });
    const f = (x: Tensor) => {
      const y = ops.scale(x, 1);
      const sum = ops.add(ops.add(spy([y], undefined), spy([y], undefined)), spy([y], undefined));
      return ops.sum(sum);
    };
    const watched = defineOp<[Tensor], undefined>({
      name: "watched",
      forward: ([x]) => ops.scale(x, 1),
      gradients: [
        (gradOutput) => {
          seen.push([...gradOutput.data]);
          return ops.scale(gradOutput, 1);
        },
      ],
    });
    const { grads } = valueAndGrad((x: Tensor) => f(watched([x], undefined)))(tensor([1, 2]));
    expect(seen).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [3, 3],
    ]);
    expect([...grads.data]).toEqual([3, 3]);
  });

  it("are copied once for a loop over them", () => {
    scope(() => {
      const x = ops.scale(random.normal(key(1), [1000]), 2);
      expect(x.data).toBe(x.data);
    });
  });

  it("returned from the scope are those that were read", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 200 }), (numbers) => {
        let inside: number[] = [];
        const y = scope(() => {
          const scaled = ops.scale(tensor(numbers), 0.5);
          inside = [...scaled.data];
          return ops.reshape(scaled, [1, -1]);
        });
        expect([...y.data]).toEqual(inside);
      }),
    );
  });
});

describe("values read in training", () => {
  it("stay as they were: what an optimizer's mask and an operation of the loss read, step after step", async () => {
    const images = random.uniform(key(2), [8, 3]);
    const kept: Float32Array[] = [];
    const copies: number[][] = [];
    const model = lectures.linear();
    const watching = {
      ...model,
      loss: (...[params, batch, options]: Parameters<typeof model.loss>) => {
        for (const t of [
          (params.weights as { encoder: { kernel: Tensor } }).encoder.kernel,
          (batch as Batch).inputs,
        ]) {
          kept.push(t.data);
          copies.push([...t.data]);
        }
        return model.loss(params, batch, options);
      },
    };
    await fit(watching, images, { key: key(1), epochs: 3, batchSize: 4 });
    expect(kept.map((values) => [...values])).toEqual(copies);
    const kernels = copies.filter((_, i) => i % 2 === 0);
    expect(new Set(kernels.map(String)).size).toBe(kernels.length);
    const trainer = createTrainer(watching, { key: key(1) });
    trainer.step(images);
    expect(kept.map((values) => [...values])).toEqual(copies);
  });
});

describe("checkReads", () => {
  const READS: readonly [string, (t: Tensor) => unknown][] = [
    ["data", (t) => t.data],
    ["item", (t) => item(ops.sum(t))],
    ["toNdarray", (t) => toNdarray(t)],
  ];
  const WORDS =
    /^Tensor\.data: a tensor \[.*\] that depends on the parameters must not be read .*stopGradient\(t\)\.data/;

  it.each(READS)("refuses %s of a parameter, and of what was computed from it", (_, read) => {
    for (const of of [(x: Tensor) => x, (x: Tensor) => ops.exp(x), (x: Tensor) => ops.reshape(x, [1, 2])]) {
      const f = (x: Tensor) => {
        read(of(x));
        return ops.sum(x);
      };
      expect(() => valueAndGrad(f, { checkReads: true })(tensor([1, 2]))).toThrow(WORDS);
      expect(() => grad(f, { checkReads: true })(tensor([1, 2]))).toThrow(WORDS);
      expect([...grad(f)(tensor([1, 2])).data]).toEqual([1, 1]);
      expect([...grad(f, { checkReads: false })(tensor([1, 2])).data]).toEqual([1, 1]);
    }
  });

  it("lets constants be read, and what stopGradient has made one", () => {
    const seen: number[] = [];
    const f = (params: { w: Tensor }, x: Tensor) => {
      const loss = ops.sum(ops.mul(params.w, x));
      seen.push(x.data[0]!, ops.exp(x).data[0]!, item(stopGradient(loss)), stopGradient(params.w).data[0]!);
      return loss;
    };
    const { value, grads } = valueAndGrad(f, { checkReads: true })({ w: tensor([2]) }, tensor([0]));
    expect(seen).toEqual([0, 1, 0, 2]);
    expect([item(value), item(grads.w)]).toEqual([0, 0]);
  });

  it("reaches into differentiations inside, and ends with its own", () => {
    const outer = (x: Tensor) => {
      vjp((y: Tensor) => {
        expect(() => y.data).not.toThrow();
        expect(() => x.data).toThrow(WORDS);
        return ops.sum(y);
      })(tensor(1), tensor([5]));
      expect(() => x.data).toThrow(WORDS);
      return ops.sum(x);
    };
    const x = tensor([1]);
    valueAndGrad(outer, { checkReads: true })(x);
    expect([...x.data]).toEqual([1]);
    expect(() => valueAndGrad((t: Tensor) => ops.mul(t, t.data[0]!), { checkReads: true })(x)).toThrow(WORDS);
    expect([...x.data]).toEqual([1]);
  });

  it("lets operations of one's own compute from values, whose gradients are theirs to give", () => {
    const double = defineOp<[Tensor], undefined>({
      name: "double",
      forward: ([x]) => tensor(x.data.map((value) => 2 * value)),
      gradients: [(gradOutput) => tensor(gradOutput.data.map((value) => 2 * value))],
    });
    const f = (x: Tensor) => ops.sum(double([x], undefined));
    expect([...grad(f, { checkReads: true })(tensor([1, 2])).data]).toEqual([2, 2]);
  });

  it("lets a tensor be printed", () => {
    const f = (x: Tensor) => (String(x) === "" ? x : ops.sum(x));
    expect([...grad(f, { checkReads: true })(tensor([1, 2])).data]).toEqual([1, 1]);
  });

  it("must be true or false", () => {
    expect(() => grad((x: Tensor) => x, { checkReads: 1 as never })).toThrow(
      "valueAndGrad: checkReads must be true or false, got 1",
    );
  });
});
