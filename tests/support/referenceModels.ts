// Runs a whole model of the reference set (see tests/reference/FORMAT.md, "Whole models") as the public autoencoder or
// VAE that it describes. Comparing is referenceCases.ts's work.

import {
  type ActivationName,
  autoencoder,
  avgPool2d,
  batchNorm,
  conv2d,
  conv2dTranspose,
  dense,
  elu,
  flatten,
  gelu,
  geluTanh,
  globalAvgPool,
  item,
  key,
  type Layer,
  leakyRelu,
  type Likelihood,
  maxPool2d,
  type Model,
  ops,
  type Optimizer,
  type Padding,
  type ReconstructionLoss,
  relu,
  reshape,
  sequential,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
  tensor,
  type Tensor,
  type Tree,
  upsampleNearest,
  vae,
  type VaeLossOptions,
  valueAndGrad,
  zeros,
} from "../../src/index.js";
import { DEFAULT_CLIP } from "../../src/losses/binaryCrossEntropy.js";
import { given } from "./given.js";
import { batchOf, noiseOf, parameterOf, type Diamonds } from "./referenceStreams.js";

interface LayerDescription {
  readonly type: string;
  readonly name?: string;
  readonly units?: number;
  readonly filters?: number;
  readonly kernel?: [number, number];
  readonly strides?: [number, number];
  readonly dilations?: [number, number];
  readonly groups?: number;
  readonly outputPadding?: [number, number] | null;
  readonly outputShape?: number[] | null;
  readonly poolSize?: [number, number];
  readonly countIncludePad?: boolean;
  readonly size?: [number, number];
  readonly padding?: Padding;
  readonly useBias?: boolean;
  readonly activation?: ActivationName;
  readonly alpha?: number;
  readonly approximate?: "none" | "tanh";
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
  readonly name: string;
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
  dense: (d) => dense(d.units, productOptions(d)),
  conv2d: (d) => conv2d(d.filters, convolutionOptions(d)),
  conv2dTranspose: (d) => {
    const { outputPadding, outputShape } = d;
    return conv2dTranspose(d.filters, {
      ...convolutionOptions(d),
      ...given({ outputPadding, outputShape: outputShape?.slice(1, 3) as [number, number] | undefined }),
    });
  },
  batchNorm: (d) => batchNorm(given({ epsilon: d.eps, momentum: d.momentum, runningVariance: d.runningVar })),
  maxPool2d: (d) => maxPool2d(d.poolSize, given({ stride: d.strides, padding: d.padding })),
  avgPool2d: (d) => {
    const { strides, padding, countIncludePad } = d;
    return avgPool2d(d.poolSize, given({ stride: strides, padding, countIncludePad }));
  },
  upsampleNearest: (d) => upsampleNearest(d.size),
  globalAvgPool: () => globalAvgPool(),
  relu: () => relu(),
  leakyRelu: ({ alpha }) => leakyRelu(given({ alpha })),
  elu: ({ alpha }) => elu(given({ alpha })),
  gelu: ({ approximate }) => (approximate === "tanh" ? geluTanh() : gelu()),
  silu: () => silu(),
  sigmoid: () => sigmoid(),
  tanh: () => tanh(),
  softplus: () => softplus(),
  softmax: () => softmax(),
  flatten: () => flatten(),
  reshape: (d) => reshape(d.shape),
};

/** The activation and bias of a dense or convolutional layer. */
function productOptions(d: Required<LayerDescription>) {
  const { activation, useBias } = d;
  if (activation === "gelu") {
    return given({ useBias, activation: d.approximate === "tanh" ? ("geluTanh" as const) : activation });
  }
  const hasAlpha = activation === "leakyRelu" || activation === "elu";
  return given({ useBias, activation, alpha: hasAlpha ? d.alpha : undefined });
}

function convolutionOptions(d: Required<LayerDescription>) {
  const { kernel, strides, padding, dilations, groups } = d;
  const windows = given({ stride: strides, padding, dilation: dilations, groups });
  return { kernel, ...windows, ...productOptions(d) };
}

function makerOf(type: string) {
  if (!Object.hasOwn(makers, type)) throw new Error(`no layer is known for ${type}`);
  return makers[type];
}

function chainOf(descriptions: readonly LayerDescription[]): Layer {
  return sequential(...descriptions.map((d) => makerOf(d.type)(d as Required<LayerDescription>)));
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

type Trees = Readonly<Record<string, Tree>>;

const LOSSES: Record<string, ReconstructionLoss> = {
  mse: "squaredError",
  bceProbs: "binaryCrossEntropy",
  bceLogits: "binaryCrossEntropyWithLogits",
};

function likelihoodOf({ type, gamma }: Term): Likelihood {
  if (type === "bceLogits") return "bernoulli";
  if (type === "bceProbs") return { type: "bernoulli", outputs: "probabilities" };
  if (type !== "gaussian" || gamma === undefined) throw new Error(`no likelihood for ${type}`);
  return { type: "gaussian", gamma };
}

/** A model, and by what factor its loss differs from the set's. */
interface PublicModel {
  readonly model: Model;
  readonly factor: number;
  /** Weight of the KL term. */
  readonly beta: number;
}

/** The set's names of a VAE's heads. */
const HEADS: readonly LayerDescription[] = [
  { type: "dense", name: "mu" },
  { type: "dense", name: "logvar" },
];

/** The public model that a description asks for; `watch` sees what the decoder gives. */
function modelOf(description: ModelDescription, watch: (output: Tensor) => void): PublicModel {
  const { kind, inputShape, latent = 0, loss } = description;
  const { reconstruction, kl } = loss;
  const { type = "", clip = DEFAULT_CLIP, weight, reduction } = reconstruction;
  if (clip.some((bound, i) => bound !== DEFAULT_CLIP[i]))
    throw new Error("models have only the default clip");
  const decoder = chainOf(description.decoder);
  const parts = {
    inputShape,
    encoder: chainOf(description.encoder),
    decoder: {
      ...decoder,
      apply: (...args: Parameters<Layer["apply"]>) => {
        const applied = decoder.apply(...args);
        watch(applied.output);
        return applied;
      },
    },
  };
  if (kind === "ae") {
    const model = autoencoder({
      ...parts,
      loss: LOSSES[type],
      reduction: reduction === "mean" ? "mean" : "perExample",
    });
    return { model, factor: weight, beta: 0 };
  }
  if (kl === undefined) throw new Error("a VAE has a KL term");
  // The library sums up each example; a mean is that sum, divided by the number of elements or of latents.
  const elements = inputShape.reduce((product, size) => product * size, 1);
  const factor = reduction === "mean" ? weight / elements : weight;
  const beta = (kl.reduction === "mean" ? kl.weight / latent : kl.weight) / factor;
  const model = vae({ ...parts, latentSize: latent, likelihood: likelihoodOf(reconstruction), beta });
  return { model, factor, beta };
}

/** The first values of an output, as a tensor that outlives its scope. */
const beginning = ({ data }: Tensor): Tensor => tensor(data.slice(0, 64));

/** Builds, trains and evaluates the model. */
export function runModel(
  description: ModelDescription,
  parameters: readonly ParameterDescription[],
  optimizer: Optimizer,
): ModelRun {
  const { kind, batch, latent = 0, seed } = description;
  let output = zeros([1]);
  const { model, factor, beta } = modelOf(description, (decoded) => (output = beginning(decoded)));
  let { weights, state }: { weights: Trees; state: Trees } = model.init(key(0));

  const list = ({ encoder, posterior, decoder }: Trees) => {
    const { mean = {}, logVar = {} } = (posterior ?? {}) as Record<string, Tree>;
    return [
      ...named(description.encoder, encoder),
      ...named(HEADS, [mean, logVar]),
      ...named(description.decoder, decoder),
    ];
  };
  const values = (trees: Trees) => new Map(list(trees).map(([name, leaves, leaf]) => [name, leaves[leaf]]));
  const all = () => new Map([...values(weights), ...values(state)]);
  for (const [name, leaves, leaf] of [...list(weights), ...list(state)]) {
    const found = parameters.find((p) => p.name === name);
    if (found === undefined) throw new Error(`the set has no parameter ${name}`);
    leaves[leaf] = parameterOf(seed, found);
  }

  const lossOf = (trees: Trees, images: Tensor, options: VaeLossOptions) => {
    const result = model.loss({ weights: trees, state }, images, options);
    const { reconstruction, kl } = result.terms;
    const parts = kl === undefined ? [reconstruction] : [reconstruction, ops.scale(kl, beta)];
    return [
      ops.scale(result.loss, factor),
      { parts: parts.map((part) => ops.scale(part, factor)), state: result.state },
    ] as const;
  };
  const noise = (eps: Tensor) => (kind === "vae" ? { noise: eps } : {});

  const initial = all();
  const outputs = new Map<string, Tensor>();
  let grads = new Map<string, Tensor>();
  const losses: number[] = [];
  const lossParts: number[][] = [];
  let optimizerState = optimizer.init(weights);
  const gradientOf = valueAndGrad(lossOf);
  for (let step = 0; step < description.steps; step++) {
    const eps = noise(noiseOf(seed, step, [batch, Math.max(latent, 1)]));
    const result = gradientOf(weights, batchOf(description, step), { ...eps, training: true });
    losses.push(item(result.value));
    lossParts.push(result.aux.parts.map(item));
    if (step === 0) {
      grads = values(result.grads);
      outputs.set("out0", output);
    }
    [weights, optimizerState] = optimizer.update(result.grads, optimizerState, weights);
    ({ state } = result.aux);
    if (step === 0) for (const [name, value] of all()) outputs.set(`after1.${name}`, value);
  }
  for (const [name, value] of all()) outputs.set(`final.${name}`, value);
  outputs.set("losses", tensor(losses));
  outputs.set("lossParts", tensor(lossParts));
  const [evalLoss] = lossOf(weights, batchOf(description, 0), noise(zeros([batch, Math.max(latent, 1)])));
  outputs.set("evalLoss", evalLoss);
  outputs.set("evalOut", output);
  return { outputs, grads, initial, final: all() };
}
