// What random calls are made of: expressions for hostile values, and the names that expressions may use.

import * as library from "../support/entries.js";

/** What hostile getters, proxies and functions throw: the caller's own error, which may come through. */
export class HostileError extends Error {}

const throwing = (): never => {
  throw new HostileError("a hostile value was read");
};

/** A copy of a value with one entry, however deep, replaced. */
function put(value: unknown, path: readonly (string | number)[], entry: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return entry;
  if (Array.isArray(value)) {
    // Without asking the array how it is copied: its constructor may be hostile.
    const copy = Object.assign([], value) as unknown[];
    copy.length = value.length;
    copy[name as number] = put(copy[name as number], rest, entry);
    return copy;
  }
  const object = Object(value) as Record<string, unknown>;
  return { ...object, [name]: put(object[name], rest, entry) };
}

/** An array without the entry at an index. */
function holed(length: number, ...entries: unknown[]): unknown[] {
  const array: unknown[] = Array.from({ length });
  for (let i = 0; i < length; i++) delete array[i];
  entries.forEach((entry, i) => (array[i * 2] = entry));
  return array;
}

const helpers = {
  HostileError,
  put,
  holed,
  throwing,
  /** Whatever is read of it, it throws. */
  trap: () =>
    new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getOwnPropertyDescriptor: throwing }),
  revoked: () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  detached: (array: Float32Array | Uint8Array) => {
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
    return array;
  },
  transferred: (t: library.Tensor) => {
    const { data } = t;
    structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
    return t;
  },
  released: (): library.Tensor => {
    let t = library.ones([2, 3]);
    library.scope(() => {
      t = library.ops.scale(t, 2);
    });
    return t;
  },
  circular: () => {
    const tree: Record<string, unknown> = { a: library.ones([2]) };
    tree["self"] = tree;
    return tree;
  },
  circularArray: () => {
    const list: unknown[] = [1];
    list.push(list);
    return list;
  },
  nested: (depth: number) => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = [value];
    return value;
  },
  LongName: class {
    x = 1;
  },
};

/** Hostile values, as expressions: one a line. */
export const HOSTILE: readonly string[] = String.raw`
undefined
null
true
false
0
-0
1
2
3
-1
-2
0.5
1.5
NaN
Infinity
-Infinity
1e-320
1e300
1e-7
2 ** 24
2 ** 28
2 ** 29
2 ** 31 - 1
2 ** 31
2 ** 32
2 ** 53
1e9
100
17
784
4
5
""
"x"
"1"
"same"
"mean"
"constructor"
"__proto__"
"x".repeat(1e6)
"\ud800"
1n
10n ** 400n
Symbol('s')
Symbol.iterator
() => 0
() => undefined
throwing
class {}
async () => ones([1])
(x) => x
() => ones([1])
() => NaN
function* () {}
{}
[]
[1]
[1, 2]
[0, 0]
[-1, -1]
[1, 2, 3]
[NaN]
['1']
[[1], [2, 3]]
[[]]
new Array(3)
holed(3, 1)
holed(2)
[holed(2), [0, 0]]
new Array(2 ** 16)
circularArray()
nested(40)
nested(5000)
circular()
[2 ** 31, 1]
[1.5, 1]
[[1, 2], holed(2)]
[undefined]
{ length: 3 }
{ length: 2 ** 31 }
{ length: -1 }
{ shape: [2], data: new Float32Array(2) }
{ shape: [2] }
structuredClone(ones([2]))
{ words: [0, 0] }
{ words: new Array(2) }
{ x: 1 }
{ get a() { throw new HostileError('a') } }
{ toString() { throw new HostileError('b') } }
trap()
revoked()
Object.create(null)
new LongName()
new Number(3)
new String('x')
new Boolean(true)
new Date(0)
/x/
new Map()
new Set([1])
new Error('e')
Promise.resolve(1)
new WeakMap()
globalThis
Tensor
ops
JSON
[ones([2])]
{ a: ones([2]) }
{ ['x'.repeat(1e5)]: 1 }
Object.freeze([1, 2])
[ones([2, 3]), 3]
{ weights: {}, state: {} }
new Uint8Array(0)
new Uint8Array(3)
new Uint8Array(64).fill(255)
new Float32Array(0)
new Float32Array([1, 2])
new Float32Array([NaN, 1])
new Float64Array([1e300])
new Int16Array(4)
new BigInt64Array(2)
new DataView(new ArrayBuffer(8))
new ArrayBuffer(8)
new SharedArrayBuffer(8)
new Float32Array(new SharedArrayBuffer(8))
detached(new Float32Array(2))
detached(new Uint8Array(9))
ones([1])
tensor(1)
tensor(NaN)
zeros([2])
ones([2, 3])
zeros([3, 2])
ones([1, 4, 4, 1])
zeros([2, 4])
full([2, 4], NaN)
full([2, 4], Infinity)
full([4], -1e38)
ones([1, 1, 1, 1, 1])
ones([2, 5, 5, 3])
tensor([0.5, 1.5])
released()
transferred(ones([2, 3]))
ones([4, 4])
key(1)
relu()
dense(4)
tinyVae
tinyModel
tinyParams
adam()
lectures
tinyVae.spec
classVae
classParams
classes
`
  .trim()
  .split("\n");

const tiny = () => {
  const { vae, autoencoder, sequential, dense, batchNorm, key } = library;
  const tinyVae = vae({
    inputShape: [4],
    latentSize: 2,
    encoder: sequential(dense(3, { activation: "relu" })),
    decoder: sequential(dense(4)),
  });
  const tinyModel = autoencoder({
    inputShape: [4],
    encoder: sequential(dense(3), batchNorm()),
    decoder: dense(4),
  });
  const vqModel = library.vqVae({
    inputShape: [4],
    latentSize: 2,
    encoder: dense(2),
    decoder: dense(4),
    codebook: 8,
  });
  const classVae = vae({
    inputShape: [4],
    latentSize: 2,
    encoder: dense(3, { activation: "relu" }),
    decoder: dense(4),
    condition: { classes: 3, names: ["a", "b", "c"] },
  });
  const levelVae = vae({
    inputShape: [4],
    latentSize: 2,
    encoder: dense(3),
    decoder: dense(8),
    likelihood: { type: "discretizedLogistic", levels: 4 },
  });
  const tinyCheckpoint: library.Checkpoint = {
    model: tinyModel.spec,
    settings: {
      key: key(1).words,
      batchSize: 128,
      shuffle: true,
      dropLast: false,
      corrupt: null,
      lossOn: "all",
      data: [6, 4],
    },
    trainer: library.createTrainer(tinyModel, { key: key(1) }).state(),
    epoch: 0,
    batch: 0,
    best: null,
    history: { steps: [], epochs: [] },
  };
  const tinyPixels = { inputShape: [2, 2, 2], levels: 3, hidden: 2, layers: 2 };
  const rnnModel = library.pixelRnn(tinyPixels);
  const cnnModel = library.pixelCnn(tinyPixels);
  let trainer: library.Trainer | undefined;
  let readout: library.FaceReadout | undefined;
  return {
    tinyVae,
    tinyModel,
    tinyCheckpoint,
    levelVae,
    vqModel,
    classVae,
    classParams: classVae.init(key(1)),
    classes: library.tensor([0, 1, 2, 0, 1, 2]),
    rnnModel,
    cnnModel,
    vaeParams: tinyVae.init(key(1)),
    tinyParams: tinyModel.init(key(1)),
    batch: library.random.uniform(key(3), [6, 4]),
    trainer: () => (trainer ??= library.createTrainer(tinyModel, { key: key(1) })),
    faceReadout: () => (readout ??= library.fitFaceReadout({ key: key(1), count: 300, size: 16 })),
  };
};

/** Every name that an expression may use. */
export const NAMES: Readonly<Record<string, unknown>> = { ...library, ...helpers, ...tiny() };

const compiled = new Map<string, (...values: unknown[]) => unknown>();
const names = Object.keys(NAMES);
const values = Object.values(NAMES);

/** The value of an expression, made anew. */
export function evaluate(expression: string): unknown {
  let f = compiled.get(expression);
  if (f === undefined) {
    f = new Function(...names, `"use strict"; return (${expression});`) as (...values: unknown[]) => unknown;
    compiled.set(expression, f);
  }
  return f(...values);
}

/** An argument as code, and what makes its value anew. */
export interface Argument {
  readonly code: string;
  readonly make: () => unknown;
}

/** The argument that an expression stands for. */
export function argument(code: string): Argument {
  return { code, make: () => evaluate(code) };
}

/** An argument with one entry replaced. Not compiled: each is met once. */
export function putInto(base: Argument, path: readonly (string | number)[], entry: string): Argument {
  return {
    code: `put(${base.code}, ${JSON.stringify(path)}, ${entry})`,
    make: () => put(base.make(), path, evaluate(entry)),
  };
}
