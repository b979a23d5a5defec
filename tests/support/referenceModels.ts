// Runs a whole model of the reference set (see tests/reference/FORMAT.md, "Whole models") through the public layers,
// losses and optimizers. Comparing is referenceCases.ts's work.

import {
  type ActivationName,
  batchNorm,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  conv2d,
  conv2dTranspose,
  dense,
  flatten,
  gaussianNll,
  item,
  key,
  klStandardNormal,
  type Layer,
  maxPool2d,
  ops,
  type Optimizer,
  type Padding,
  reshape,
  sequential,
  squaredError,
  tensor,
  type Tensor,
  type Tree,
  upsampleNearest,
  valueAndGrad,
  zeros,
} from "../../src/index.js";
import { batchOf, noiseOf, parameterOf, type Diamonds } from "./referenceStreams.js";

interface LayerDescription {
  readonly type: string;
  readonly name?: string;
  readonly units?: number;
  readonly filters?: number;
  readonly kernel?: [number, number];
  readonly strides?: [number, number];
  readonly poolSize?: [number, number];
  readonly size?: [number, number];
  readonly padding?: Padding;
  readonly activation?: ActivationName;
  readonly shape?: number[];
  readonly eps?: number;
  readonly momentum?: number;
  readonly runningVar?: "biased" | "unbiased";
}

interface Term {
  readonly type?: string;
  readonly reduction: "mean" | "sumPerSample";
  readonly weight: number;
  readonly clip?: [number, number];
  readonly gamma?: number;
}

/** The attributes of a case with op `trainModel`. */
export interface ModelDescription {
  readonly seed: string;
  readonly kind: "ae" | "vae";
  readonly inputShape: number[];
  readonly batch: number;
  readonly steps: number;
  readonly latent?: number;
  readonly data: { readonly kind: "uniform" } | Diamonds;
  readonly encoder: readonly LayerDescription[];
  readonly decoder: readonly LayerDescription[];
  readonly loss: { readonly reconstruction: Term; readonly kl?: Term };
}

/** A parameter or running statistic of the set. */
export interface ParameterDescription {
  readonly name: string;
  readonly shape: number[];
  readonly scale: number;
  readonly offset: number;
}

/** What a run gives: every role of the case's outputs and gradients, and all parameters before and after. */
export interface ModelRun {
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly grads: ReadonlyMap<string, Tensor>;
  readonly initial: ReadonlyMap<string, Tensor>;
  readonly final: ReadonlyMap<string, Tensor>;
}

const makers: Record<string, (d: Required<LayerDescription>) => Layer> = {
  dense: (d) => dense(d.units, { activation: d.activation ?? "linear" }),
  conv2d: (d) => conv2d(d.filters, convolutionOptions(d)),
  conv2dTranspose: (d) => conv2dTranspose(d.filters, convolutionOptions(d)),
  batchNorm: (d) => batchNorm({ epsilon: d.eps, momentum: d.momentum, runningVariance: d.runningVar }),
  maxPool2d: (d) => maxPool2d(d.poolSize, { stride: d.strides, padding: d.padding }),
  upsampleNearest: (d) => upsampleNearest(d.size),
  flatten: () => flatten(),
  reshape: (d) => reshape(d.shape),
};

function convolutionOptions(d: Required<LayerDescription>) {
  return { kernel: d.kernel, stride: d.strides, padding: d.padding, activation: d.activation ?? "linear" };
}

function chainOf(descriptions: readonly LayerDescription[]): Layer {
  return sequential(...descriptions.map((d) => makers[d.type](d as Required<LayerDescription>)));
}

/** The set's name of a parameter, by the library's. */
const NAMES: Record<string, string> = {
  kernel: "w",
  bias: "b",
  gamma: "gamma",
  beta: "beta",
  movingMean: "runningMean",
  movingVariance: "runningVar",
};

type Leaves = Record<string, Tensor>;

/** Replaces or lists the leaves of one chain's trees, by the set's names. */
function named(descriptions: readonly LayerDescription[], tree: Tree): [string, Leaves, string][] {
  return (tree as readonly Leaves[]).flatMap((leaves, i) =>
    Object.keys(leaves).map((leaf): [string, Leaves, string] => [
      `${descriptions[i].name}/${NAMES[leaf]}`,
      leaves,
      leaf,
    ]),
  );
}

type Trees = Record<"encoder" | "heads" | "decoder", Tree>;

/** Builds, trains and evaluates the model. */
export function runModel(
  model: ModelDescription,
  parameters: readonly ParameterDescription[],
  optimizer: Optimizer,
): ModelRun {
  const { kind, batch, latent = 0, seed } = model;
  const heads: LayerDescription[] =
    kind === "vae"
      ? [
          { type: "dense", name: "mu", units: latent },
          { type: "dense", name: "logvar", units: latent },
        ]
      : [];
  const layers = {
    encoder: chainOf(model.encoder),
    heads: heads.map((d) => makers.dense(d as Required<LayerDescription>)),
    decoder: chainOf(model.decoder),
  };
  const encoder = layers.encoder.init(key(0), model.inputShape);
  const headInits = layers.heads.map((head) => head.init(key(0), encoder.outputShape));
  const code = kind === "vae" ? [latent] : encoder.outputShape;
  const decoder = layers.decoder.init(key(0), code);
  let params: Trees = {
    encoder: encoder.params,
    heads: headInits.map((h) => h.params),
    decoder: decoder.params,
  };
  let state: Trees = { encoder: encoder.state, heads: [], decoder: decoder.state };

  const list = (trees: Trees) => [
    ...named(model.encoder, trees.encoder),
    ...named(heads, trees.heads),
    ...named(model.decoder, trees.decoder),
  ];
  const values = (trees: Trees) => new Map(list(trees).map(([name, leaves, leaf]) => [name, leaves[leaf]]));
  const all = () => new Map([...values(params), ...values(state)]);
  for (const [name, leaves, leaf] of [...list(params), ...list(state)]) {
    const description = parameters.find((p) => p.name === name);
    if (description === undefined) throw new Error(`the set has no parameter ${name}`);
    leaves[leaf] = parameterOf(seed, description);
  }

  const forward = (trees: Trees, states: Trees, x: Tensor, eps: Tensor, training: boolean) => {
    const encoded = layers.encoder.apply(trees.encoder, states.encoder, x, { training });
    const q = layers.heads.map(
      (head, i) => head.apply((trees.heads as Tree[])[i], {}, encoded.output).output,
    );
    const [mean, logVar] = q;
    const z = kind === "vae" ? ops.add(mean, ops.mul(ops.exp(ops.scale(logVar, 0.5)), eps)) : encoded.output;
    const decoded = layers.decoder.apply(trees.decoder, states.decoder, z, { training });
    const parts = [reconstruction(model, decoded.output, x)];
    if (model.loss.kl)
      parts.push(perExample(klStandardNormal({ mean, logVar }, { reduction: "none" }), model.loss.kl));
    const weights = [model.loss.reconstruction.weight, model.loss.kl?.weight ?? 0];
    const terms = parts.map((part, i) => ops.scale(part, weights[i]));
    const loss = terms.reduce((a, b) => ops.add(a, b));
    const moved: Trees = { encoder: encoded.state, heads: [], decoder: decoded.state };
    return { loss, parts: terms, output: decoded.output, state: moved };
  };

  const initial = all();
  const outputs = new Map<string, Tensor>();
  let grads = new Map<string, Tensor>();
  const losses: number[] = [];
  const lossParts: number[][] = [];
  let optimizerState = optimizer.init(params);
  for (let step = 0; step < model.steps; step++) {
    const x = batchOf(model, step);
    const eps = noiseOf(seed, step, [batch, Math.max(latent, 1)]);
    const result = valueAndGrad((trees: Trees) => {
      const { loss, ...rest } = forward(trees, state, x, eps, true);
      return [loss, rest] as const;
    })(params);
    losses.push(item(result.value));
    lossParts.push(result.aux.parts.map(item));
    if (step === 0) {
      grads = values(result.grads);
      outputs.set(
        "out0",
        ops.slice(ops.reshape(result.aux.output, [-1]), 0, Math.min(64, result.aux.output.size)),
      );
    }
    [params, optimizerState] = optimizer.update(result.grads, optimizerState, params);
    state = result.aux.state;
    if (step === 0) for (const [name, value] of all()) outputs.set(`after1.${name}`, value);
  }
  for (const [name, value] of all()) outputs.set(`final.${name}`, value);
  outputs.set("losses", tensor(losses));
  outputs.set("lossParts", tensor(lossParts));
  const evaluated = forward(params, state, batchOf(model, 0), zeros([batch, Math.max(latent, 1)]), false);
  outputs.set("evalLoss", evaluated.loss);
  outputs.set(
    "evalOut",
    ops.slice(ops.reshape(evaluated.output, [-1]), 0, Math.min(64, evaluated.output.size)),
  );
  return { outputs, grads, initial, final: all() };
}

/** A loss term from its values per element or per latent. */
function perExample(elements: Tensor, { reduction }: Term): Tensor {
  if (reduction === "mean") return ops.mean(elements);
  return ops.scale(ops.sum(elements), 1 / elements.shape[0]);
}

function reconstruction({ loss }: ModelDescription, output: Tensor, x: Tensor): Tensor {
  const term = loss.reconstruction;
  const { type, clip, gamma } = term;
  const reduction = "none";
  if (type === "mse") return perExample(squaredError(output, x, { reduction }), term);
  if (type === "bceLogits") return perExample(binaryCrossEntropyWithLogits(output, x, { reduction }), term);
  if (type === "bceProbs") {
    return perExample(binaryCrossEntropy(output, x, { reduction, ...(clip ? { clip } : {}) }), term);
  }
  if (type !== "gaussian" || gamma === undefined) throw new Error(`no reconstruction ${type}`);
  return perExample(gaussianNll(x, { mean: output, gamma }, { reduction, full: true }), term);
}
