// Maps a case of the reference set (see tests/reference/FORMAT.md) to public calls and compares what they give.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ops, type Padding, type Tensor, vjp } from "../../src/index.js";
import { readSafetensors } from "./safetensors.js";

/** One case of index.json. */
export interface Case {
  readonly name: string;
  readonly group: string;
  readonly op: string;
  readonly attrs: Attributes;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly grads: Readonly<Record<string, string>>;
  readonly rtol: number;
  readonly atol: number;
  readonly tol?: Readonly<Record<string, { readonly rtol: number; readonly atol: number }>>;
  readonly tags?: readonly string[];
}

/** A call that must be refused. */
export interface InvalidCall {
  readonly op: string;
  readonly attrs: Attributes;
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly why: string;
}

interface ReferenceSet {
  readonly groups: Readonly<Record<string, { readonly file: string }>>;
  readonly cases: readonly Case[];
  readonly invalid: readonly InvalidCall[];
}

interface Attributes {
  readonly strides?: [number, number];
  readonly dilations?: [number, number];
  readonly padding?: Padding;
  readonly groups?: number;
  readonly outputShape?: number[] | null;
  readonly outputPadding?: [number, number] | null;
  readonly poolSize?: [number, number];
  readonly countIncludePad?: boolean;
  readonly size?: [number, number];
  readonly inputSize?: number[];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly fn?: string;
  readonly alpha?: number;
  readonly approximate?: "none" | "tanh";
  readonly axis?: number;
}

type Values = Readonly<Record<string, Tensor>>;
/** From attributes to a function of the inputs. */
type Caller = (attrs: Attributes) => (inputs: Values) => Tensor;

const folder = process.env.REFERENCE_DIR ?? fileURLToPath(new URL("../reference", import.meta.url));

/** The set in REFERENCE_DIR, or the project's own. */
export const referenceSet = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as ReferenceSet;

/** An object without its undefined entries. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

const windowOptions = (attrs: Attributes) =>
  given({ stride: attrs.strides, dilation: attrs.dilations, padding: attrs.padding, groups: attrs.groups });

const activations: Record<string, (attrs: Attributes, x: Tensor) => Tensor> = {
  relu: (_, x) => ops.relu(x),
  leakyRelu: ({ alpha }, x) => ops.leakyRelu(x, given({ alpha })),
  elu: ({ alpha }, x) => ops.elu(x, given({ alpha })),
  gelu: ({ approximate }, x) => (approximate === "tanh" ? ops.geluTanh(x) : ops.gelu(x)),
  silu: (_, x) => ops.silu(x),
  sigmoid: (_, x) => ops.sigmoid(x),
  tanh: (_, x) => ops.tanh(x),
  softplus: (_, x) => ops.softplus(x),
  exp: (_, x) => ops.exp(x),
  log: (_, x) => ops.log(x),
};

/** Every operation of the set that the library has, by the set's name. */
export const callers: Record<string, Caller> = {
  conv2d:
    (attrs) =>
    ({ x, w, b }) =>
      ops.conv2d(x, w, { ...windowOptions(attrs), ...given({ bias: b }) }),
  conv2dTranspose:
    (attrs) =>
    ({ x, w, b }) => {
      const { outputShape, outputPadding } = attrs;
      return ops.conv2dTranspose(x, w, {
        ...windowOptions(attrs),
        ...given({ outputShape, outputPadding, bias: b }),
      });
    },
  convolutionMatrix:
    (attrs) =>
    ({ w }) =>
      ops.convolutionMatrix(w, attrs.inputSize as number[], windowOptions(attrs)),
  matmul:
    ({ transposeA, transposeB }) =>
    ({ a, b }) =>
      ops.matmul(a, b, given({ transposeA, transposeB })),
  dense:
    () =>
    ({ x, w, b }) =>
      ops.dense(x, w, given({ bias: b })),
  upsampleNearest:
    ({ size }) =>
    ({ x }) =>
      ops.upsampleNearest(x, size as [number, number]),
  maxPool2d:
    (attrs) =>
    ({ x }) =>
      ops.maxPool2d(x, attrs.poolSize as [number, number], windowOptions(attrs)),
  avgPool2d:
    (attrs) =>
    ({ x }) =>
      ops.avgPool2d(x, attrs.poolSize as [number, number], {
        ...windowOptions(attrs),
        ...given({ countIncludePad: attrs.countIncludePad }),
      }),
  activation:
    (attrs) =>
    ({ x }) =>
      activations[attrs.fn as string](attrs, x),
  softmax:
    ({ axis }) =>
    ({ x }) =>
      ops.softmax(x, given({ axis })),
  logSoftmax:
    ({ axis }) =>
    ({ x }) =>
      ops.logSoftmax(x, given({ axis })),
};

const files = new Map<string, Map<string, Tensor>>();

function valuesOf(group: string, keys: Readonly<Record<string, string>>): Record<string, Tensor> {
  const { file } = referenceSet.groups[group];
  const tensors = files.get(file) ?? readSafetensors(join(folder, file));
  files.set(file, tensors);
  return Object.fromEntries(
    Object.entries(keys).map(([role, key]) => {
      const value = tensors.get(key);
      if (value === undefined) throw new Error(`${file}: ${key} must exist`);
      return [role, value];
    }),
  );
}

/** What is wrong with `got`, in words; undefined where every value passes. */
function difference(
  got: Tensor,
  want: Tensor,
  { rtol, atol }: { rtol: number; atol: number },
): string | undefined {
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape}], expected [${want.shape}]`;
  for (const [i, expected] of want.data.entries()) {
    const value = got.data[i];
    const isEqual = value === expected || (Number.isNaN(value) && Number.isNaN(expected));
    if (!isEqual && !(Math.abs(value - expected) <= atol + rtol * Math.abs(expected))) {
      return `[${i}] is ${value}, expected ${expected}`;
    }
  }
  return undefined;
}

/** Runs a case; a list of what differs. */
export function differencesOf(one: Case): string[] {
  const call = callers[one.op](one.attrs);
  const { dy, ...inputs } = valuesOf(one.group, one.inputs);
  const wantedOutputs = valuesOf(one.group, one.outputs);
  const wantedGrads = valuesOf(one.group, one.grads);
  const found: string[] = [];
  const compare = (role: string, key: string, got: Tensor, want: Tensor) => {
    const wrong = difference(got, want, one.tol?.[key] ?? one);
    if (wrong !== undefined) found.push(`${role}: ${wrong}`);
  };
  compare("y", one.outputs.y, call(inputs), wantedOutputs.y);
  if (Object.keys(wantedGrads).length === 0) return found;
  const { grads } = vjp(call)(dy, inputs);
  for (const [role, want] of Object.entries(wantedGrads))
    compare(`grad ${role}`, one.grads[role], grads[role], want);
  return found;
}
