// What a training is going to be: from the arguments and the data to a model, its data and how it learns.

import type { Layer } from "../layers/layer.js";
import { maskPatches } from "../layers/masks.js";
import { gaussianNoise } from "../layers/noise.js";
import type { AnyModel } from "../models/fromSpec.js";
import { adam } from "../optimizers/adam.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import type { Schedule } from "../optimizers/rate.js";
import { oneCycle } from "../optimizers/schedules.js";
import { fold, type Key, key as makeKey } from "../random/keys.js";
import type { Tensor } from "../tensor.js";
import { fail, Options } from "./command.js";
import { type Data, divide, readData } from "./data.js";
import { asTheyAre, type Form, standardized, symmetric } from "./form.js";
import { LIKELIHOODS, MODEL_NAMES, modelByName } from "./models.js";
import type { Settings } from "./run.js";

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

const isUnit = ({ data }: Tensor) => data.every((value) => value >= 0 && value <= 1);

/** Most values near 0 or 1, as ink on paper: such images are drawn by probabilities, grey ones by a Gaussian. */
function isInk({ data, size }: Tensor): boolean {
  const near = data.reduce((sum, value) => sum + Number(value < 0.1 || value > 0.9), 0);
  return 2 * near > size;
}

/**
 * Weight of the KL term: with a sharp likelihood it begins 20 times as heavy and falls to its own value over half of
 * the training, so that codes spread as the prior does before details are learned. Without this, samples of the prior
 * fall beside the codes.
 */
function betaOf(beta: number, isSharp: boolean, steps: number): number | Schedule {
  const excess = 20;
  if (!isSharp) return beta;
  return (step) => beta * excess ** (1 - Math.min(step / (0.5 * steps), 1));
}

/** How the model sees the data: tables are standardized unless they lie in [0, 1], tanh wants [−1, 1]. */
function formOf(name: string, values: Tensor, unit: boolean): Form {
  const dataShape = values.shape.slice(1);
  if (name === "strided") return symmetric(dataShape);
  return unit || dataShape.length === 3 ? asTheyAre(dataShape) : standardized(values);
}

function corruptionOf(options: Options): { readonly corrupt?: Layer } {
  const [denoise, mask] = [options.number("denoise", 0), options.number("mask", 0, 1)];
  if (denoise !== undefined && mask !== undefined) fail("give either --denoise or --mask");
  if (denoise !== undefined) return { corrupt: gaussianNoise(denoise, { clip: [0, 1] }) as unknown as Layer };
  return mask === undefined ? {} : { corrupt: maskPatches({ size: 4, ratio: mask }) as unknown as Layer };
}

/** Reads the data and plans the training that was asked for. */
export async function planOf(settings: Settings): Promise<Plan> {
  const options = new Options(settings.options);
  const asked = {
    seed: options.integer("seed", 0) ?? 1,
    name: options.choice("model", MODEL_NAMES),
    epochs: options.integer("epochs", 1) ?? 10,
    batchSize: options.integer("batch", 1) ?? 64,
    latent: options.integer("latent", 1) ?? 16,
    beta: options.number("beta", 0) ?? 1,
    gamma: options.number("gamma", 1e-6),
    rate: options.number("lr", 0) ?? 2e-3,
    likelihood: options.choice("likelihood", LIKELIHOODS),
  };
  const corruption = corruptionOf(options);
  const { epochs, batchSize } = asked;
  const seed = makeKey(asked.seed);
  const data = await readData(settings.data, options, fold(seed, 0));
  const { rest, aside } = divide(data, HELD_OUT, fold(seed, 1));
  const inputShape = data.values.shape.slice(1);
  const isImages = inputShape.length === 3;
  const unit = isUnit(data.values);
  const name = asked.name ?? (isImages ? "conv-vae" : "dense-vae");
  const likelihood = asked.likelihood ?? (unit && isInk(data.values) ? "bernoulli" : "gaussian");
  if (likelihood === "bernoulli" && !unit) fail("--likelihood bernoulli is for values from 0 to 1");
  const steps = Math.max(2, epochs * Math.ceil(rest.values.shape[0] / batchSize));
  const model = modelByName(name, {
    inputShape,
    latent: asked.latent,
    beta: betaOf(asked.beta, likelihood === "gaussian", steps),
    isUnit: unit,
    likelihood,
    gamma: asked.gamma ?? (isImages ? GAMMA.images : GAMMA.tables),
  });
  const form = formOf(name, data.values, unit);
  const optimizer = adam({ learningRate: oneCycle({ peak: asked.rate, steps }) });
  return { seed, name, model, form, rest, aside, epochs, batchSize, optimizer, ...corruption };
}
