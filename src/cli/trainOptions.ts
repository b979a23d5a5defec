// The options of reparam train: what they are when they are not given, and what they mean.

import type { OptionHelp } from "./command.js";
import { DATA_OPTIONS } from "./data.js";
import { MODEL_NAMES, takersOf } from "./effects.js";

/** What is taken where an option is not given; what is not listed, the data decide. */
export const DEFAULTS: Readonly<Record<string, number>> & {
  readonly [name in "latent" | "codebook" | "levels" | "beta" | "epochs" | "batch" | "lr" | "seed"]: number;
} = { latent: 16, codebook: 512, levels: 16, beta: 1, epochs: 10, batch: 64, lr: 2e-3, seed: 1 };

const withDefault = (name: keyof typeof DEFAULTS & string, meaning: string) =>
  `${meaning} (default ${DEFAULTS[name]})`;

/** All options, in the order of the help. */
export const TRAIN_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  model: { type: "string", value: "NAME", help: `${MODEL_NAMES.join(", ")} (default by the data)` },
  latent: {
    type: "string",
    value: "N",
    help: `${withDefault("latent", "numbers in the code")}; of ${takersOf("latent")}`,
  },
  codebook: {
    type: "string",
    value: "N",
    help: `${withDefault("codebook", "vectors that codes are made of, 2 to 4096")}; of ${takersOf("codebook")}`,
  },
  levels: {
    type: "string",
    value: "N",
    help: `${withDefault("levels", "levels that the values of pixels are told in, 2 to 256")}; of ${takersOf("levels")}`,
  },
  hidden: {
    type: "string",
    value: "N",
    help: `numbers that a pixel's past becomes (default 32); of ${takersOf("hidden")}`,
  },
  layers: {
    type: "string",
    value: "N",
    help: `LSTMs (default 1) or gated convolutions (default 5) on top of each other; of ${takersOf("layers")}`,
  },
  beta: {
    type: "string",
    value: "B",
    help: `${withDefault("beta", "weight of the KL term")}; of ${takersOf("beta")}`,
  },
  epochs: { type: "string", value: "N", help: withDefault("epochs", "passes over the data") },
  likelihood: {
    type: "string",
    value: "L",
    help: `bernoulli (default for ink), gaussian, or discretizedLogistic (256 levels, for lossless files); of ${takersOf("likelihood")}`,
  },
  gamma: {
    type: "string",
    value: "G",
    help: "deviation of the gaussian likelihood (default 0.08; tables 0.3)",
  },
  condition: {
    type: "boolean",
    help: `the model knows the labels: it generates by label, and classifies; of ${takersOf("condition")}`,
  },
  names: {
    type: "string",
    value: "A,B,…",
    help: "with --condition: what the labels 0, 1, … are called (default: as subfolders are, or their numbers)",
  },
  batch: { type: "string", value: "N", help: withDefault("batch", "examples per step") },
  lr: { type: "string", value: "R", help: withDefault("lr", "Adam's highest learning rate, in one cycle") },
  seed: { type: "string", value: "N", help: withDefault("seed", "the same seed gives the same run") },
  denoise: { type: "string", value: "S", help: "add noise of this deviation to inputs, not to targets" },
  mask: {
    type: "string",
    value: "R",
    help: "hide this share of the inputs: 4×4 patches, or columns of a table",
  },
  ...DATA_OPTIONS,
  out: { type: "string", value: "DIR", help: "where results go (default run)" },
  overwrite: { type: "boolean", help: "put the new run in the place of the one that is in the folder" },
  resume: {
    type: "string",
    value: "DIR",
    help: "go on with the run in that folder, as it was asked for; --epochs may add epochs",
  },
};
