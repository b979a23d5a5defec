// Laws of trees as plain data: whatever way they are sent, the same values arrive, and nothing of the heap with them.

import * as fc from "fast-check";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import {
  adam,
  equals,
  fromPlain,
  item,
  lectures,
  key,
  ones,
  ops,
  scope,
  Tensor,
  tensor,
  toPlain,
  valueAndGrad,
  globalNorm,
  writeTree,
} from "../../src/index.js";
import { loadLibrary } from "../support/library.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

const model = lectures.linear({ features: 3, latentSize: 2 });
const params = model.init(key(1));

const values = fc.oneof(fc.float(), fc.constantFrom(NaN, Infinity, -Infinity, 0));
const tensors = fc
  .array(values, { minLength: 1, maxLength: 12 })
  .chain((data) =>
    fc.constantFrom([data.length], [1, data.length], [data.length, 1, 1]).map((shape) => tensor(data, shape)),
  );
const { tree: trees } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    tensors,
    fc.constantFrom(1, "a", null, true),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "weights"), tie("tree")),
  ),
}));

/** A tree with its tensors written out; 0 and −0 are the same. */
function written(tree: unknown): unknown {
  if (tree instanceof Tensor) return { tensor: tree.shape, values: [...tree.data].map((value) => value + 0) };
  if (Array.isArray(tree)) return tree.map(written);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, entry]) => [name, written(entry)]));
}

/** Expects two trees to hold equal tensors in the same places. */
function expectSameTree(a: unknown, b: unknown): void {
  expect(written(a)).toEqual(written(b));
}

/** Ways for a tree to go. */
const WAYS: Readonly<Record<string, (tree: unknown) => unknown>> = {
  "toPlain and structured cloning": (tree) => structuredClone(toPlain(tree)),
  "structured cloning of tensors as they are": (tree) => structuredClone(tree),
  "JSON of tensors as they are": (tree) => JSON.parse(JSON.stringify(tree)),
};

describe.each(Object.entries(WAYS))("%s", (_, send) => {
  it("brings every tree over", () => {
    fc.assert(fc.property(trees, (tree) => expectSameTree(fromPlain(send(tree)), tree)));
  });

  it("brings parts of tensors over", () => {
    const whole = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expectSameTree(fromPlain(send({ part: ops.slice(whole, 1, 2) })), { part: tensor([[3, 4]]) });
  });

  it("brings a model's parameters over, which work there", () => {
    const arrived = fromPlain<typeof params>(send(params));
    const x = ones([2, 3]);
    expect(equals(model.reconstruct(arrived, x), model.reconstruct(params, x))).toBe(true);
  });
});

describe("toPlain", () => {
  it("copies exactly a tensor's values", () => {
    const whole = tensor([1, 2, 3, 4]);
    const plain = toPlain(ops.slice(whole, 1, 3));
    expect(plain).toEqual({ shape: [2], data: new Float32Array([2, 3]) });
    expect(plain.data.buffer.byteLength).toBe(8);
    expect(Object.isFrozen(plain.shape)).toBe(false);
  });

  it("reads values in the heap of a scope", () => {
    const plain = scope(() => toPlain({ a: ops.scale(ones([3]), 2) }));
    expect(plain.a.data).toEqual(new Float32Array([2, 2, 2]));
    expect(plain.a.data.buffer).not.toBeInstanceOf(SharedArrayBuffer);
  });

  it("refuses trees that hold themselves", () => {
    const tree: unknown[] = [ones([1])];
    tree.push(tree);
    expectRefused(() => toPlain(tree), RangeError, "toPlain: tree must nest at most");
    expectRefused(() => fromPlain(tree), RangeError, "fromPlain: tree must nest at most");
  });
});

describe("structured cloning", () => {
  it("takes nothing of the heap along", () => {
    scope(() => {
      const used = ones([4]);
      const computed = ops.exp(used);
      for (const t of [used, computed]) {
        const { storage } = (structuredClone as (value: unknown) => { storage: object })(t);
        expect(Object.values(storage).filter((value) => typeof value === "object" && value !== null)).toEqual(
          t === used ? [new Float32Array([1, 1, 1, 1])] : [],
        );
      }
      expectRefused(
        () => fromPlain(structuredClone(computed)),
        TypeError,
        "fromPlain: data must be sent along",
      );
    });
    expectNothingHeld();
  });

  it("works on memory that is not shared", async () => {
    const library = await loadLibrary("ordinary");
    const sent = library.scope(() => {
      const t = library.ones([2]);
      library.ops.exp(t);
      return structuredClone(t);
    });
    expect([...library.fromPlain(sent).data]).toEqual([1, 1]);
  });
});

describe("a worker", () => {
  it("gets parameters and sends them back", async () => {
    const code = `
      const { parentPort } = require("node:worker_threads");
      parentPort.once("message", (message) => parentPort.postMessage(message));
    `;
    for (const message of [params, toPlain<unknown>(params)]) {
      const worker = new Worker(code, { eval: true });
      const back = await new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
        worker.postMessage(message, []);
      });
      await worker.terminate();
      expectSameTree(fromPlain(back), params);
    }
  });
});

describe("plain data in the place of a tensor", () => {
  const forms: readonly [string, unknown][] = [
    ["toPlain's", toPlain(ones([2, 2]))],
    ["structured cloning's", structuredClone(ones([2, 2]))],
    ["JSON's", JSON.parse(JSON.stringify(ones([2, 2])))],
  ];
  it.each(forms)("is refused with the name of the way in: %s", (_, form) => {
    const t = form as Tensor;
    const calls = [
      () => ops.exp(t),
      () => ops.matmul(ones([2, 2]), t),
      () => item(t),
      () => adam().init({ a: t }),
      () => adam().update({ a: t }, adam().init({ a: ones([2, 2]) }), { a: ones([2, 2]) }),
      () => globalNorm([t]),
      () => valueAndGrad((p: { a: Tensor }) => ops.sum(p.a))({ a: t }),
    ];
    for (const call of calls.filter((_, i) => i !== 4)) expect(call).toThrow(/fromPlain makes one/);
    expect(calls[4]).toThrow(/grads\S* must be a tensor/);
    expectNothingHeld();
  });
});

describe("fromPlain", () => {
  it("keeps tensors and what is none", () => {
    const t = ones([2]);
    const f = () => 0;
    expect(fromPlain({ t, f, n: 3, u: undefined })).toEqual({ t, f, n: 3, u: undefined });
    expect(fromPlain({ t }).t).toBe(t);
  });

  it.each<[string, unknown, ErrorConstructor]>([
    ["too few values", { shape: [3], data: new Float32Array(2) }, RangeError],
    ["no values", { shape: [2], data: [] }, RangeError],
    ["words", { shape: [1], data: ["1"] }, TypeError],
    ["null, which JSON makes of NaN", { shape: [1], data: [null] }, TypeError],
    ["a negative size", { shape: [-2], data: [1, 2] }, RangeError],
    ["a part beyond the end", { shape: [2], offset: 1, storage: { array: new Float32Array(2) } }, RangeError],
    ["a broken offset", { shape: [2], offset: "0", storage: { array: new Float32Array(2) } }, RangeError],
    ["BigInts", { shape: [2], data: new BigInt64Array(2) }, TypeError],
    ["a huge shape", { shape: [2 ** 31, 2 ** 31], data: [1] }, RangeError],
  ])("refuses %s", (_, value, kind) => {
    expectRefused(() => fromPlain([value]), kind, "fromPlain");
  });
});

describe("JSON", () => {
  it("of a tensor is its shape and data", () => {
    expect(JSON.stringify(tensor([[1, 0.5]]))).toBe('{"shape":[1,2],"data":[1,0.5]}');
    expect(JSON.stringify([tensor([NaN, -Infinity])])).toBe('[{"shape":[2],"data":["NaN","-Infinity"]}]');
  });

  it("of a tensor with very many elements is refused, with the ways that take it", () => {
    expectRefused(() => JSON.stringify(ones([2 ** 22 + 1])), RangeError, "toJSON: t.shape must have at most");
    expect(() => JSON.stringify(ones([2 ** 22 + 1]))).toThrow(/writeNpy/);
  });
});

describe("a tensor whose buffer was transferred", () => {
  const sent = () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    structuredClone(t.data.buffer, { transfer: [t.data.buffer as ArrayBuffer] });
    return t;
  };
  const words = /^(\w+\.)?tensor: the buffer of this tensor's values was transferred/;
  const uses: Readonly<Record<string, (t: Tensor) => unknown>> = {
    data: (t) => t.data,
    item: (t) => item(ops.slice(ops.reshape(t, [4]), 0, 1)),
    equals: (t) => equals(t, ones([2, 2])),
    exp: (t) => ops.exp(t),
    add: (t) => ops.add(ones([2, 2]), t),
    matmul: (t) => ops.matmul(t, t),
    slice: (t) => ops.exp(ops.slice(t, 1)),
    sum: (t) => ops.sum(t),
    scope: (t) => scope(() => ops.exp(t)),
    gradient: (t) => valueAndGrad((x: Tensor) => ops.sum(ops.square(x)))(t),
    init: (t) => globalNorm([t]),
    toPlain: (t) => toPlain(t),
    JSON: (t) => JSON.stringify(t),
    save: (t) => writeTree({ t }),
    reconstruct: (t) =>
      lectures
        .linear({ features: 2, latentSize: 1 })
        .reconstruct(lectures.linear({ features: 2, latentSize: 1 }).init(key(1)), t),
  };

  it.each(Object.keys(uses))("is refused with a sentence by %s", (name) => {
    expect(() => uses[name]!(sent())).toThrow(words);
    expectNothingHeld();
  });

  it("is refused also where a scope had used it before", () => {
    const t = ones([2]);
    scope(() => ops.exp(t));
    structuredClone(t.data.buffer, { transfer: [t.data.buffer as ArrayBuffer] });
    expect(() => ops.exp(t)).toThrow(words);
  });
});

describe("two copies of the library", () => {
  it("refuse each other's tensors by name", async () => {
    const other = await loadLibrary("shared");
    const foreign = other.ones([2]) as unknown as Tensor;
    const calls = [
      () => ops.exp(foreign),
      () => ops.add(ones([2]), foreign),
      () => equals(ones([2]), foreign),
      () => adam().init({ a: [foreign] }),
      () => adam().init(foreign),
      () => globalNorm({ a: foreign }),
      () => valueAndGrad((p: { a: Tensor }) => ops.sum(p.a))({ a: foreign }),
    ];
    for (const call of calls) expect(call).toThrow(/must be .*, got Tensor \[2\] of another copy of reparam/);
    const theirs = other.lectures.linear({ features: 3, latentSize: 2 }).init(other.key(1));
    expect(() => adam().init(theirs)).toThrow(/another copy of reparam/);
    expect(() => model.reconstruct(theirs as never, ones([1, 3]))).toThrow(/another copy of reparam/);
  });

  it("take each other's tensors by way of fromPlain, and keys as they are", async () => {
    const other = await loadLibrary("shared");
    const theirs = other.lectures.linear({ features: 3, latentSize: 2 }).init(other.key(1));
    expectSameTree(fromPlain(theirs), params);
    expectSameTree(fromPlain(other.toPlain(theirs)), params);
    expectSameTree(model.init(other.key(1)), params);
  });
});
