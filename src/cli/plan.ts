// What a training is going to be: from the arguments and the data to a model, its data and how it learns.

import type { Layer } from "../layers/layer.js";
import { sequential } from "../layers/combine.js";
import { maskPatches } from "../layers/masks.js";
import { gaussianNoise } from "../layers/noise.js";
import { reshape } from "../layers/shape.js";
import type { Beta } from "../models/vae/beta.js";
import { type AnyModel, isEncoding } from "../models/fromSpec.js";
import { adam } from "../optimizers/adam.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { chain, clipByGlobalNorm } from "../optimizers/transforms.js";
import { oneCycle } from "../optimizers/schedules.js";
import { fold, type Key, key as makeKey } from "../random/keys.js";
import type { Tensor } from "../tensor/tensor.js";
import { fail, Options } from "./command.js";
import { conditionOf, namesOf, withClasses } from "./condition.js";
import { type Data, divide, readData } from "./data.js";
import { dataRange, type Form, type Range, ranged, standardized } from "./form.js";
import { checkGamma, checkModelOptions, MODEL_NAMES } from "./effects.js";
import { checkFinite } from "./finite.js";
import { defaultModelName, LIKELIHOODS, modelByName } from "./models.js";
import { checkPixelWork } from "./pixelWork.js";
import type { Settings } from "./run.js";
import { DEFAULTS } from "./trainOptions.js";
import { RUN_DRAWS } from "./draws.js";

/** A training, ready to begin. */
export interface Plan {
  readonly seed: Key;
  readonly name: string;
  readonly model: AnyModel;
  readonly form: Form;
  /** What is trained on, and what is held out. */
  readonly rest: Data;
  readonly aside: Data;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly corrupt?: Layer;
}

/** Share of the examples that training does not see. */
export const HELD_OUT = 0.1;

/** The Gaussian's deviation: of grey images 8 % of their range, of standardized tables a third. */
const GAMMA = { images: 0.08, tables: 0.3 };

/** From the least value to the greatest, but from 0 to 1 where none lies beyond: so pixels should be. */
function rangeOf({ data }: Tensor): Range {
  const low = data.reduce((a, b) => Math.min(a, b));
  const high = data.reduce((a, b) => Math.max(a, b));
  return low >= 0 && high <= 1 ? [0, 1] : [low, high];
}

/** Largest norm of the gradients of models of pixels: through a long past they may be steep in places. */
const STEEPEST = 5;

/** Most values near the ends, as ink on paper: such images are drawn by probabilities, grey ones by a Gaussian. */
function isInk({ data, size }: Tensor, [low, high]: Range): boolean {
  const margin = 0.1 * (high - low);
  const near = data.reduce((sum, value) => sum + Number(value < low + margin || value > high - margin), 0);
  return 2 * near > size;
}

/**
 * Weight of the KL term: with a sharp likelihood it begins 20 times as heavy and falls to its own value over half of
 * the training, so that codes spread as the prior does before details are learned. Without this, samples of the prior
 * fall beside the codes.
 */
function betaOf(beta: number, isSharp: boolean, steps: number): Beta {
  const excess = 20;
  if (!isSharp) return beta;
  return { schedule: (step) => beta * excess ** (1 - Math.min(step / (0.5 * steps), 1)), final: beta };
}

/** How the model sees the data: pixels from 0 to 1, but tanh wants [−1, 1]; tables of other values standardized. */
function formOf(name: string, { values, columns }: Data): Form {
  const dataShape = values.shape.slice(1);
  const [low, high] = rangeOf(values);
  const isPixels = dataShape.length === 3 || (low === 0 && high === 1);
  const to: Range = name === "strided" ? [-1, 1] : [0, 1];
  const form = isPixels ? ranged(dataShape, [low, high], to) : standardized(values);
  return { ...form, ...(columns && { columns }) };
}

/** Numbers and names among the arguments, checked before any data are read. */
export function askedOf(options: Options) {
  const [denoise, mask] = [options.number("denoise", 0), options.number("mask", 0, 1)];
  if (denoise !== undefined && mask !== undefined) fail("give either --denoise or --mask");
  const names = namesOf(options.text("names"));
  const name = options.choice("model", MODEL_NAMES);
  const likelihood = options.choice("likelihood", LIKELIHOODS);
  if (name !== undefined) checkModelOptions(name, options);
  checkGamma(likelihood, options);
  if (names !== undefined && !options.flag("condition")) fail("--names has no effect without --condition");
  return {
    seed: options.integer("seed", 0) ?? DEFAULTS.seed,
    name,
    epochs: options.integer("epochs", 1) ?? DEFAULTS.epochs,
    batchSize: options.integer("batch", 1) ?? DEFAULTS.batch,
    latent: options.integer("latent", 1) ?? DEFAULTS.latent,
    codebook: options.integer("codebook", 2) ?? DEFAULTS.codebook,
    levels: options.integer("levels", 2) ?? DEFAULTS.levels,
    hidden: options.integer("hidden", 1),
    layers: options.integer("layers", 1),
    beta: options.number("beta", 0) ?? DEFAULTS.beta,
    gamma: options.number("gamma", 1e-6),
    rate: options.number("lr", 0) ?? DEFAULTS.lr,
    likelihood,
    denoise,
    mask,
    isConditional: options.flag("condition"),
    names,
  };
}

type Asked = ReturnType<typeof askedOf>;

/** What disturbs the inputs, as the model sees them. */
function corruptionOf(
  { denoise, mask }: Asked,
  { dataShape, range }: Form,
  { inputShape }: AnyModel,
): { readonly corrupt?: Layer } {
  if (denoise !== undefined) {
    // The deviation is that of pixels from 0 to 1, or of standardized columns.
    const [deviation, clip] = range ? [denoise * (range[1] - range[0]), { clip: range }] : [denoise, {}];
    return { corrupt: gaussianNoise(deviation, clip) };
  }
  if (mask === undefined) return {};
  const patches = maskPatches({ size: dataShape.length === 1 ? 1 : 4, ratio: mask, value: range?.[0] ?? 0 });
  // Of images that a model takes as vectors, patches are hidden all the same.
  const corrupt = sequential(reshape(dataShape), patches, reshape(inputShape));
  return { corrupt };
}

/** The likelihood that was asked for, or that the data suggest. */
function likelihoodOf(asked: Asked, options: Options, data: Data, form: Form): (typeof LIKELIHOODS)[number] {
  const range = dataRange(form);
  const likelihood = asked.likelihood ?? (range && isInk(data.values, range) ? "bernoulli" : "gaussian");
  if (likelihood !== "gaussian" && !range) fail(`--likelihood ${likelihood} is for values from 0 to 1`);
  checkGamma(likelihood, options);
  return likelihood;
}

/** How many principal components there are to be: no more than examples and numbers of one. */
function componentsOf(latent: number, options: Options, { shape, size }: Tensor): number {
  const most = Math.min(shape[0], size / shape[0]);
  if (latent > most && options.text("latent") !== undefined) {
    fail(
      `--latent of --model pca must be at most ${most}, the lesser of examples and their numbers, got ${latent}`,
    );
  }
  return Math.min(latent, most);
}

/** Reads the data and plans the training that was asked for: data, form, model, and how it learns. */
export async function planOf(settings: Settings): Promise<Plan> {
  const options = new Options(settings.options);
  const asked = askedOf(options);
  const { epochs, batchSize } = asked;
  const seed = makeKey(asked.seed);

  const read = await readData(settings.data, options, fold(seed, RUN_DRAWS.data));
  checkFinite(settings.data, read);
  const condition = asked.isConditional ? conditionOf(settings.data, read, asked.names) : undefined;
  const data = condition ? withClasses(settings.data, read, condition) : read;
  const { rest, aside } = divide(data, HELD_OUT, fold(seed, RUN_DRAWS.heldOut));
  const steps = Math.max(2, epochs * Math.ceil(rest.values.shape[0] / batchSize));

  const inputShape = data.values.shape.slice(1);
  const name = asked.name ?? defaultModelName(inputShape);
  checkModelOptions(name, options);
  const form = formOf(name, data);
  const likelihood = likelihoodOf(asked, options, data, form);
  const model = modelByName(name, {
    inputShape,
    latent: name === "pca" ? componentsOf(asked.latent, options, rest.values) : asked.latent,
    codebook: asked.codebook,
    levels: asked.levels,
    hidden: asked.hidden,
    layers: asked.layers,
    condition,
    beta: betaOf(asked.beta, likelihood === "gaussian" || condition !== undefined, steps),
    isUnit: dataRange(form) !== undefined,
    likelihood,
    gamma: asked.gamma ?? (inputShape.length === 3 ? GAMMA.images : GAMMA.tables),
  });

  const learning = adam({ learningRate: oneCycle({ peak: asked.rate, steps }) });
  const optimizer = isEncoding(model) ? learning : chain(clipByGlobalNorm(STEEPEST), learning);
  if (!isEncoding(model)) checkPixelWork(model, { examples: rest.values.shape[0], epochs, batchSize });
  const corruption = corruptionOf(asked, form, model);
  return { seed, name, model, form, rest, aside, epochs, batchSize, optimizer, ...corruption };
}
