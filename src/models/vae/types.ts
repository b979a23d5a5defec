// What a variational autoencoder is made from and what it can do: the types of `vae`.

import type { DiagonalGaussian } from "../../distributions/gaussian.js";
import type { Layer } from "../../layers/layer.js";
import type { Key } from "../../random/keys.js";
import type { Shape, Tensor } from "../../tensor/tensor.js";
import type { BatchLike } from "../batch.js";
import type { Beta } from "./beta.js";
import type { Bound, BoundOptions } from "./bound.js";
import type { Condition, LabelOptions } from "./condition.js";
import type { FreeBits } from "./freeBits.js";
import type { Likelihood } from "./likelihood.js";
import type { LossOptions, LossResult, Model, ModelParams, AutoencoderSpec, Part } from "../model.js";
import type { RefineOptions } from "./refinePosterior.js";

/** What {@link vae} is made from; see there. */
export interface VaeOptions {
  readonly inputShape: Shape;
  readonly latentSize: number;
  readonly encoder: Layer;
  readonly decoder: Layer;
  readonly likelihood?: Likelihood | undefined;
  readonly beta?: Beta | undefined;
  readonly freeBits?: FreeBits | undefined;
  readonly condition?: Condition | undefined;
}

/** How a VAE's loss is taken. */
export interface VaeLossOptions extends LossOptions {
  /** The noise ε `[n, latentSize]` itself, instead of one drawn from the key: zeros decode the mean. */
  readonly noise?: Tensor | undefined;
}

/** How latents are sampled. */
export interface SampleOptions extends LabelOptions {
  /** For the samples. */
  readonly key: Key;
}

/** What is generated. */
export interface GenerateOptions extends LabelOptions {
  /** How many. */
  readonly count: number;
  /** For the latents. */
  readonly key: Key;
  /** Deviation of the latents, ≥ 0 (default 1, the prior's): less gives more typical images. */
  readonly temperature?: number | undefined;
}

/** How outliers are scored. */
export interface ScoreOptions extends BoundOptions {
  /**
   * `"elbo"` (default): −ELBO; `"reconstruction"`: −log p(x | z) at the posterior's mean, where key and samples have
   * no part; `"logLikelihood"`: minus the importance-weighted bound, of 64 samples unless told.
   */
  readonly by?: "elbo" | "reconstruction" | "logLikelihood" | undefined;
}

/**
 * A variational autoencoder; its parameters are outside of it: every function takes them first. Gradients flow
 * through `loss`, `encode`, `sampleLatent`, `decode`, `reconstruct` and `generate`; what the other functions give is
 * constant. Outside of {@link grad} and its like, any number of examples is taken, in parts.
 *
 * With a condition every p(x | z) and q(z | x) is one given y as well: functions then need `labels` among their options,
 * `loss` in its batch, and in other models they are refused.
 */
export interface Vae extends Model {
  /** Tells it from other models. */
  readonly type: "vae";
  readonly spec: AutoencoderSpec<"vae">;
  readonly parts: readonly Part[];
  readonly latentSize: number;
  /** The shape of one code, `[latentSize]`. */
  readonly codeShape: Shape;
  /** Fresh parameters. */
  init(key: Key): ModelParams;
  /**
   * reconstruction + beta·kl on a batch, with these two as terms, in nats per example; differentiable by
   * `params.weights`. With free bits it is reconstruction + beta·paidKl, "paidKl" a third term. Needs a key, or the noise
   * itself.
   */
  loss(params: ModelParams, batch: BatchLike, options?: VaeLossOptions): LossResult;
  /** The posterior q(z | x) of any number of inputs: mean and logVar, `[n, latentSize]`. */
  encode(params: ModelParams, inputs: Tensor, options?: LabelOptions): DiagonalGaussian;
  /** One sample of the posterior per input, `[n, latentSize]`. */
  sampleLatent(params: ModelParams, inputs: Tensor, options: SampleOptions): Tensor;
  /** The likelihood's mean for codes `[n, latentSize]`: probabilities for the Bernoulli. */
  decode(params: ModelParams, codes: Tensor, options?: LabelOptions): Tensor;
  /**
   * What the decoder gives for codes `[n, latentSize]`, of which the likelihood makes its mean: logits, or means and
   * log-variances or log-scales as channels.
   */
  decoderOutputs(params: ModelParams, codes: Tensor, options?: LabelOptions): Tensor;
  /** `decode` of the posterior's mean. */
  reconstruct(params: ModelParams, inputs: Tensor, options?: LabelOptions): Tensor;
  /** Decoded samples of the prior, `[count, ...inputShape]`. */
  generate(params: ModelParams, options: GenerateOptions): Tensor;
  /** The evidence lower bound with its terms, averaged over any number of inputs; beta and free bits aside. */
  elbo(params: ModelParams, inputs: Tensor, options?: BoundOptions): Bound;
  /**
   * An estimate of log p(x) per input, `[n]`: the importance-weighted bound, of 64 samples unless told, which rises
   * with them (Burda, Grosse & Salakhutdinov 2016).
   */
  logLikelihood(params: ModelParams, inputs: Tensor, options?: BoundOptions): Tensor;
  /**
   * The posterior after gradient steps on the mean and logVar of each input. What `elbo` gains by it
   * (`{ posterior }`) is the amortisation gap (Cremer, Li & Duvenaud 2018).
   */
  refinePosterior(params: ModelParams, inputs: Tensor, options?: RefineOptions): DiagonalGaussian;
  /** How unusual each input is, `[n]`: higher for outliers. */
  score(params: ModelParams, inputs: Tensor, options?: ScoreOptions): Tensor;
}
