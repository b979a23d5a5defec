// Maps a case of the reference set (see tests/reference/FORMAT.md) to public calls and compares what they give.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  adagrad,
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  globalNorm,
  type Optimizer,
  ops,
  type Padding,
  rmsprop,
  sgd,
  tensor,
  Tensor,
  vjp,
} from "../../src/index.js";
import { follow } from "./attributes.js";
import { given } from "./given.js";
import { type LossAttributes, lossCallers } from "./referenceLosses.js";
import {
  type ModelDescription,
  type ModelRun,
  type ParameterDescription,
  runModel,
} from "./referenceModels.js";
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

interface Attributes extends LossAttributes {
  readonly strides?: [number, number];
  readonly dilations?: [number, number];
  readonly padding?: Padding;
  readonly groups?: number;
  readonly outputShape?: number[] | null;
  readonly outputPadding?: [number, number] | null;
  /** What a transposed convolution's size and crop come to; not arguments. */
  readonly resolvedOutputShape?: number[];
  readonly leadingCrop?: [number, number];
  readonly poolSize?: [number, number];
  readonly countIncludePad?: boolean;
  readonly size?: [number, number];
  readonly inputSize?: number[];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly scale?: number;
  readonly activation?: ops.FusedActivation;
  readonly fn?: string;
  readonly alpha?: number;
  readonly approximate?: "none" | "tanh";
  readonly axis?: number;
  readonly training?: boolean;
  readonly runningVar?: "biased" | "unbiased";
  readonly type?: string;
  readonly lr?: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  readonly epsHat?: boolean;
  readonly rho?: number;
  readonly centered?: boolean;
  readonly epsInsideSqrt?: boolean;
  readonly initialAccumulator?: number;
  readonly weightDecay?: number;
  readonly decoupled?: boolean;
  readonly clipNorm?: number;
}

type Values = Readonly<Record<string, Tensor>>;
/** From attributes to a function of the inputs: to `y` alone, or to every output by its role. */
type Caller = (attrs: Attributes) => (inputs: Values) => Tensor | Values;

const folder = process.env.REFERENCE_DIR ?? fileURLToPath(new URL("../reference", import.meta.url));

/** The set in REFERENCE_DIR, or the project's own. */
export const referenceSet = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as ReferenceSet;

const windowOptions = (attrs: Attributes) =>
  given({ stride: attrs.strides, dilation: attrs.dilations, padding: attrs.padding, groups: attrs.groups });

const epilogueOptions = ({ activation, alpha }: Attributes, bias: Tensor | undefined) =>
  given({ bias, activation, alpha });

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

/** The optimizer that attributes describe; a model's among them may clip. */
export function optimizerOf(attrs: Attributes): Optimizer {
  const { type, lr, momentum, nesterov, beta1, beta2, eps, epsHat, rho, centered, weightDecay } = attrs;
  const shared = given({ learningRate: lr, weightDecay });
  const root = given({ epsilon: eps, epsilonInsideRoot: attrs.epsInsideSqrt });
  const makers: Record<string, () => Optimizer> = {
    sgd: () => sgd({ ...shared, ...given({ momentum, nesterov }) }),
    adam: () => {
      const make = attrs.decoupled ? adamw : adam;
      return make({ ...shared, ...given({ beta1, beta2, epsilon: eps, epsilonHat: epsHat }) });
    },
    rmsprop: () => rmsprop({ ...shared, ...root, ...given({ decay: rho, momentum, centered }) }),
    adagrad: () =>
      adagrad({ ...shared, ...root, ...given({ initialAccumulator: attrs.initialAccumulator }) }),
  };
  if (attrs.decoupled && type !== "adam") throw new Error(`no ${type} with decoupled decay`);
  const optimizer = makers[type as string]();
  return attrs.clipNorm === undefined ? optimizer : chain(clipByGlobalNorm(attrs.clipNorm), optimizer);
}

/** The parameters after every gradient of a series, one below the other. */
function trajectory(optimizer: Optimizer, start: Tensor, grads: Tensor): Tensor {
  let params = start;
  let state = optimizer.init(params);
  const rows = Array.from({ length: grads.shape[0] }, (_, t) => {
    const grad = ops.reshape(ops.slice(grads, t, t + 1), start.shape);
    [params, state] = optimizer.update(grad, state, params);
    return ops.reshape(params, [1, ...start.shape]);
  });
  return ops.concat(rows, 0);
}

/** Compares a transposed convolution's size and crop with those that the set states. */
function checkOutcome(attrs: Attributes, y: Tensor, w: Tensor): void {
  const { resolvedOutputShape, leadingCrop } = attrs;
  if (resolvedOutputShape !== undefined && resolvedOutputShape.join() !== y.shape.join()) {
    throw new Error(`output shape [${y.shape}], expected [${resolvedOutputShape}]`);
  }
  if (leadingCrop === undefined) return;
  const { padTop, padLeft } = ops.conv2dGeometry(y.shape, w.shape, windowOptions(attrs));
  if (leadingCrop.join() !== [padTop, padLeft].join()) {
    throw new Error(`crops ${padTop} rows and ${padLeft} columns in front, expected ${leadingCrop}`);
  }
}

/** Every operation of the set that the library has, by the set's name. */
export const callers: Record<string, Caller> = {
  conv2d:
    (attrs) =>
    ({ x, w, b }) =>
      ops.conv2d(x, w, { ...windowOptions(attrs), ...epilogueOptions(attrs, b) }),
  conv2dTranspose:
    (attrs) =>
    ({ x, w, b }) => {
      const { outputShape, outputPadding } = attrs;
      const y = ops.conv2dTranspose(x, w, {
        ...windowOptions(attrs),
        ...given({ outputShape, outputPadding }),
        ...epilogueOptions(attrs, b),
      });
      checkOutcome(attrs, y, w);
      return y;
    },
  convolutionMatrix:
    (attrs) =>
    ({ w }) =>
      ops.convolutionMatrix(w, attrs.inputSize as number[], windowOptions(attrs)),
  matmul:
    (attrs) =>
    ({ a, b, bias }) => {
      const { transposeA, transposeB, scale } = attrs;
      return ops.matmul(a, b, {
        ...given({ transposeA, transposeB, scale }),
        ...epilogueOptions(attrs, bias),
      });
    },
  dense:
    (attrs) =>
    ({ x, w, b }) =>
      ops.dense(x, w, epilogueOptions(attrs, b)),
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
  batchNorm:
    (attrs) =>
    ({ x, gamma, beta, runningMean, runningVar }) => {
      const { output, ...running } = ops.batchNorm(x, gamma, beta, runningMean, runningVar, {
        ...given({ training: attrs.training, epsilon: attrs.eps, momentum: attrs.momentum }),
        ...given({ runningVariance: attrs.runningVar }),
      });
      return { y: output, runningMean: running.runningMean, runningVar: running.runningVariance };
    },
  activation:
    (attrs) =>
    ({ x }) =>
      activations[attrs.fn as string](attrs, x),
  ...lossCallers,
  softmax:
    ({ axis }) =>
    ({ x }) =>
      ops.softmax(x, given({ axis })),
  logSoftmax:
    ({ axis }) =>
    ({ x }) =>
      ops.logSoftmax(x, given({ axis })),
  optimizer:
    (attrs) =>
    ({ p0, grads }) => ({ params: trajectory(optimizerOf(attrs), p0, grads) }),
  clipByGlobalNorm:
    ({ clipNorm }) =>
    (grads) => ({ ...clipByGlobalNorm(clipNorm as number)(grads), norm: tensor(globalNorm(grads)) }),
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

/** Runs a case; a list of what differs, and of what the case says that no caller reads. */
export function differencesOf(one: Case): string[] {
  const { value, unread } = follow(one.attrs);
  const followed = { ...one, attrs: value };
  const found =
    one.op === "trainModel"
      ? differencesOfModel(followed as unknown as ModelCase)
      : differencesOfCall(followed);
  return [...found, ...unread().map((path) => `nothing reads the attribute ${path}`)];
}

function differencesOfCall(one: Case): string[] {
  if (!(one.op in callers)) return [`no public call is known for ${one.op}`];
  const call = callers[one.op](one.attrs);
  const { dy, ...inputs } = valuesOf(one.group, one.inputs);
  const wantedOutputs = valuesOf(one.group, one.outputs);
  const wantedGrads = valuesOf(one.group, one.grads);
  const found: string[] = [];
  const compare = (role: string, key: string, got: Tensor, want: Tensor) => {
    const wrong = difference(got, want, one.tol?.[key] ?? one);
    if (wrong !== undefined) found.push(`${role}: ${wrong}`);
  };
  const result = call(inputs);
  const outputs: Values = result instanceof Tensor ? { y: result } : result;
  for (const [role, want] of Object.entries(wantedOutputs))
    compare(role, one.outputs[role], outputs[role], want);
  if (Object.keys(wantedGrads).length === 0) return found;
  const { grads } = vjp((values: Values) => {
    const output = call(values);
    return output instanceof Tensor ? output : output.y;
  })(dy, inputs);
  for (const [role, want] of Object.entries(wantedGrads))
    compare(`grad ${role}`, one.grads[role], grads[role], want);
  return found;
}

interface Moments {
  readonly mean: number;
  readonly l2: number;
  readonly deltaMean: number;
  readonly deltaL2: number;
}

interface ModelParameter extends ParameterDescription {
  readonly checksum: readonly [first: number, middle: number, last: number, sum: number, l2: number];
  readonly gradSample?: { readonly start: number; readonly stride: number; readonly count: number } | null;
  readonly final: Moments;
  readonly finalAtol: Moments;
}

interface ModelCase extends Omit<Case, "attrs"> {
  readonly attrs: ModelDescription & { readonly optimizer: Attributes };
  readonly params: readonly ModelParameter[];
  readonly lossAtolByStep: readonly number[];
}

/** Mean and l2 norm of a tensor, and of its distance from another. */
function momentsOf({ data }: Tensor, start: Tensor): Moments {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const values = Float64Array.from(data);
  const delta = values.map((value, i) => value - start.data[i]);
  return { mean: mean(values), l2: norm(values), deltaMean: mean(delta), deltaL2: norm(delta) };
}

/** What is wrong with an initial value: the streams must be those of the set before anything can be compared. */
function checksumDifference({ name, checksum }: ModelParameter, { data }: Tensor): string[] {
  const { mean, l2 } = momentsOf(tensor(data), tensor(data));
  const got = [data[0], data[Math.floor(data.length / 2)], data[data.length - 1], mean * data.length, l2];
  return got.every((value, i) => Math.abs(value - checksum[i]) <= 1e-6 * (1 + Math.abs(checksum[i])))
    ? []
    : [`initial ${name}: ${got}, expected ${checksum}`];
}

function differencesOfModel(one: ModelCase): string[] {
  if (one.name !== `model_${one.attrs.name}`) return [`the case of model ${one.attrs.name} has another name`];
  const run = runModel(one.attrs, one.params, optimizerOf(one.attrs.optimizer));
  const found = one.params.flatMap((p) => checksumDifference(p, run.initial.get(p.name) as Tensor));
  const compare = (role: string, key: string, got: Tensor | undefined, want: Tensor) => {
    if (got === undefined) found.push(`${role}: nothing to compare`);
    const wrong = got && difference(got, want, one.tol?.[key] ?? one);
    if (wrong !== undefined) found.push(`${role}: ${wrong}`);
  };
  for (const [role, want] of Object.entries(valuesOf(one.group, one.outputs))) {
    if (role === "losses" || role === "lossParts") {
      found.push(...lossDifferences(role, one, run.outputs.get(role) as Tensor, want));
    } else compare(role, one.outputs[role], run.outputs.get(role), want);
  }
  for (const [name, want] of Object.entries(valuesOf(one.group, one.grads))) {
    const gradient = run.grads.get(name);
    const sample = one.params.find((p) => p.name === name)?.gradSample;
    compare(`grad ${name}`, one.grads[name], gradient && sampled(gradient, sample), want);
  }
  for (const p of one.params) found.push(...finalDifferences(p, run));
  return found;
}

/** Rounding grows along a run, so every step has its own tolerance; the parts share it. */
function lossDifferences(role: string, one: ModelCase, got: Tensor, want: Tensor): string[] {
  const columns = want.size / one.lossAtolByStep.length;
  return [...want.data].flatMap((expected, i) => {
    const atol = one.lossAtolByStep[Math.floor(i / columns)];
    return Math.abs(got.data[i] - expected) <= atol + one.rtol * Math.abs(expected)
      ? []
      : [`${role}[${i}] is ${got.data[i]}, expected ${expected}`];
  });
}

function sampled(gradient: Tensor, sample: ModelParameter["gradSample"]): Tensor {
  if (!sample) return gradient;
  const { start, stride, count } = sample;
  return tensor(
    Float32Array.from({ length: count }, (_, i) => gradient.data[(start + i * stride) % gradient.size]),
  );
}

function finalDifferences({ name, final, finalAtol }: ModelParameter, run: ModelRun): string[] {
  const got = momentsOf(run.final.get(name) as Tensor, run.initial.get(name) as Tensor);
  return (Object.keys(final) as (keyof Moments)[]).flatMap((moment) => {
    const isNear =
      Math.abs(got[moment] - final[moment]) <= finalAtol[moment] + 1e-6 * Math.abs(final[moment]);
    return isNear ? [] : [`final ${moment} of ${name} is ${got[moment]}, expected ${final[moment]}`];
  });
}
