// Which options have an effect with which model and on which data: any other is refused, not recorded.

import { stat } from "node:fs/promises";
import { namingFile } from "../node/fileErrors.js";
import { fold, key, type Key } from "../random/keys.js";
import { fail, type Options } from "./command.js";
import { RUN_DRAWS } from "./draws.js";

const LABELS = ["condition", "names"] as const;
const DISTURBED = ["denoise", "mask"] as const;
const OF_VAES = ["latent", "beta", "likelihood", "gamma", ...LABELS, ...DISTURBED] as const;
const CODE = ["latent", ...DISTURBED] as const;
const CODE_AND_LABELS = ["latent", ...LABELS, ...DISTURBED] as const;
const OF_CODEBOOKS = ["latent", "codebook", ...DISTURBED] as const;
const OF_PIXELS = ["levels", "hidden", "layers"] as const;
const OF_SOME = [...OF_VAES, "codebook", ...OF_PIXELS] as const;

/** The options that not every model takes. */
export type ModelOption = (typeof OF_SOME)[number];

/** The options of each model; the lectures' stand as they are, but for the latents of their VAEs. */
const MODEL_OPTIONS: Readonly<Record<string, readonly ModelOption[]>> = {
  "conv-vae": OF_VAES,
  "conv-ae": CODE,
  "dense-vae": OF_VAES,
  "dense-ae": CODE,
  "vq-vae": OF_CODEBOOKS,
  "pixel-rnn": OF_PIXELS,
  "pixel-cnn": OF_PIXELS,
  linear: CODE,
  pca: ["latent"],
  shallow: DISTURBED,
  stacked: DISTURBED,
  convolutional: DISTURBED,
  strided: DISTURBED,
  denseVae: CODE_AND_LABELS,
  convVae: CODE_AND_LABELS,
};

/** The names of all models. */
export const MODEL_NAMES: readonly string[] = Object.keys(MODEL_OPTIONS);

/** The models that take an option, as its help and its refusal list them. */
export const takersOf = (option: ModelOption): string =>
  MODEL_NAMES.filter((name) => MODEL_OPTIONS[name].includes(option)).join(", ");

/** What a model that is computed has no use for. */
const OF_TRAINING = ["epochs", "batch", "lr", "denoise", "mask"] as const;

/** Refuses options that the model does not take. */
export function checkModelOptions(model: string, options: Options): void {
  if (model === "pca") {
    const surplus = OF_TRAINING.find((option) => options.text(option) !== undefined);
    if (surplus !== undefined)
      fail(`--${surplus} has no effect on --model pca, which is computed, not trained`);
  }
  for (const option of OF_SOME) {
    if (options.text(option) === undefined || MODEL_OPTIONS[model].includes(option)) continue;
    fail(`--${option} has no effect on --model ${model}: it is for ${takersOf(option)}`);
  }
}

/** Refuses the Gaussian's deviation where another likelihood is asked for, or was chosen by the data. */
export function checkGamma(likelihood: string | undefined, options: Options): void {
  if (likelihood === undefined || likelihood === "gaussian" || options.text("gamma") === undefined) return;
  const isChosen = options.text("likelihood") === undefined;
  const facts = isChosen ? `these data are ink, for which it is ${likelihood}: add` : "it goes with";
  fail(`--gamma is the deviation of the gaussian likelihood; ${facts} --likelihood gaussian`);
}

/** What data come from, and the options that then have an effect; what else there is of options is for all of them. */
const DATA_OPTIONS_OF = {
  "built-in images": ["size", "count", "seed"],
  "a folder": ["size", "grey", "fit", "background", "skip", "max-bytes", "count", "labels"],
  "a file": ["size", "grey", "fit", "background", "max-bytes", "count", "labels", "header", "separator"],
} as const;
type Origin = keyof typeof DATA_OPTIONS_OF;

const ORIGINS = Object.keys(DATA_OPTIONS_OF) as readonly Origin[];

export const isBuiltIn = (source: string): boolean => source === "faces" || source === "shapes";

async function originOf(source: string): Promise<Origin> {
  if (isBuiltIn(source)) return "built-in images";
  return (await namingFile(source, () => stat(source))).isDirectory() ? "a folder" : "a file";
}

const hasEffect = (option: string, origin: Origin) => {
  const isListed = (origin: Origin) => (DATA_OPTIONS_OF[origin] as readonly string[]).includes(option);
  return isListed(origin) || !ORIGINS.some(isListed);
};

/** Refuses options of the data that have no effect on these. The seed may be for something else too. */
export async function checkDataOptions(source: string, options: Options): Promise<void> {
  const origin = await originOf(source);
  for (const option of Object.keys(options.all())) {
    if (option === "seed" || hasEffect(option, origin)) continue;
    const takers = ORIGINS.filter((other) => hasEffect(option, other)).join(" and ");
    fail(`--${option} has no effect on ${source}: it is for ${takers}`);
  }
  if (options.text("fit") !== undefined && options.text("size") === undefined) {
    fail("--fit has no effect without --size");
  }
}

/** The options of a run that have an effect on other data too. */
export async function effectiveOn(
  source: string,
  options: Readonly<Record<string, string | boolean>>,
): Promise<Record<string, string | boolean>> {
  const origin = await originOf(source);
  return Object.fromEntries(Object.entries(options).filter(([option]) => hasEffect(option, origin)));
}

/** The key of built-in images, for commands that draw nothing else: a seed has no effect on files. */
export function dataKey(source: string, options: Options): Key {
  const seed = options.integer("seed", 0);
  if (seed !== undefined && !isBuiltIn(source)) {
    fail(`--seed has no effect on ${source}: it is for built-in images`);
  }
  return fold(key(seed ?? 1), RUN_DRAWS.data);
}
