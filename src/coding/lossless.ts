// Images as files that give them back to the last bit, by a VAE's bits back: latents are drawn with bits of the message
// itself, so that they cost their KL term alone.

import { checkInteger, checkResult, refuseKind, refuseValue } from "../check/check.js";
import { levelOf, valueOfLevel } from "../distributions/levels.js";
import { checkBatch } from "../models/batch.js";
import { type BatchOptions, batchSizeOf } from "../models/batches.js";
import type { ModelParams } from "../models/model.js";
import type { Likelihood } from "../models/vae/likelihood.js";
import type { Vae } from "../models/vae/types.js";
import { adoptArray, sizeOf, type Tensor } from "../tensor/tensor.js";
import { onBaseline } from "../wasm/runtime.js";
import { readFile, writeFile } from "./byteFile.js";
import { type Levels, Networks, popImages, pushImages } from "./bitsBack.js";
import { checkCoder } from "./coder.js";
import { blockSizeOf, type DecompressOptions, rangeOf } from "./compress.js";
import { checkModelSum, modelSum } from "./modelSum.js";
import { SymbolStack } from "./rans.js";

/** Options of {@link compressLossless}. */
export interface LosslessOptions extends BatchOptions {
  /** Images that can be read by themselves together, integer from 1 to 1024 (default 64). */
  readonly blockSize?: number | undefined;
}

/** Images in a block: its first pays for its latents, which is some hundred bits. */
const LOSSLESS_BLOCK_SIZE = 64;

/** A value may lie this far from its level, in steps between levels: float32 has no better k/255. */
const OFF_LEVEL = 1e-3;

/** What a model says of levels; others than of levels are refused. */
function levelsOf(where: string, model: unknown): Levels {
  checkCoder(where, model, ["decoderOutputs"]);
  if (model.type !== "vae") refuseKind(where, "model", "be a VAE", model);
  checkInteger(where, "model.latentSize", model.latentSize, 1);
  const likelihood = model.spec.options.likelihood as Likelihood | undefined;
  if (typeof likelihood !== "object" || likelihood?.type !== "discretizedLogistic") {
    const rule =
      'have the likelihood { type: "discretizedLogistic" }: files need the probability of integers';
    refuseValue(where, "model", rule, likelihood);
  }
  const { levels = 256, components = 1 } = likelihood;
  return { levels, components };
}

/** The levels of images, every value on one. */
function asLevels(where: string, { data }: Tensor, levels: number): Uint16Array {
  return Uint16Array.from(data, (value, i) => {
    const level = levelOf(value, levels);
    const isLevel = level >= 0 && level < levels && Math.abs(value * (levels - 1) - level) < OFF_LEVEL;
    return isLevel
      ? level
      : refuseValue(where, `inputs.data[${i}]`, `be k / ${levels - 1} for an integer k`, value);
  });
}

/**
 * Images as a file that gives them back to the last bit. A VAE tells how probable every level of every pixel is, given
 * latents; the latents of an image are drawn with bits that the file holds already, and those bits are read back from
 * them, so that the file takes what the negative ELBO says, in bits (and the first image of a block some hundred more).
 *
 * Both sides must compute the same probabilities: networks run on the baseline binary, whichever is configured, and what
 * becomes of their results is arithmetic that all runtimes share.
 *
 * @param model - a VAE with the likelihood `{ type: "discretizedLogistic" }`
 * @param params - its parameters
 * @param inputs - images, or other examples, shape `[n, ...inputShape]`; every value k / (levels − 1) for an integer k
 * @param options.blockSize - images that can be read by themselves together, 1 to 1024 (default 64)
 * @param options.batchSize - examples computed at once (default 128)
 * @returns the file
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when a value is no level, a number is out of range, or the model has another likelihood
 * @example
 * const model = vae({
 *   inputShape: [4],
 *   latentSize: 2,
 *   encoder: dense(8, { activation: "tanh" }),
 *   decoder: dense(8),
 *   likelihood: { type: "discretizedLogistic" },
 * });
 * const params = model.init(key(1));
 * const images = tensor([[0, 51 / 255, 1, 0]]);
 * decompressLossless(model, params, compressLossless(model, params, images)).data; // [0, 0.2, 1, 0]
 * @see Townsend, Bird & Barber, "Practical lossless compression with latent variables using bits back coding" (2019)
 */
export function compressLossless(
  model: Vae,
  params: ModelParams,
  inputs: Tensor,
  options: LosslessOptions = {},
): Uint8Array {
  const where = "compressLossless";
  const levels = levelsOf(where, model);
  const batchSize = batchSizeOf(where, options, ["blockSize"]);
  const blockSize = blockSizeOf(where, options.blockSize ?? LOSSLESS_BLOCK_SIZE);
  checkBatch(where, "inputs", inputs, model.inputShape);
  const images = asLevels(where, inputs, levels.levels);
  const count = inputs.shape[0];
  const ranges = Array.from(
    { length: Math.ceil(count / blockSize) },
    (_, block) => [block * blockSize, Math.min((block + 1) * blockSize, count)] as const,
  );
  const stacks = ranges.map(() => SymbolStack.lending(where));
  onBaseline(() =>
    pushImages(new Networks(where, model, params, levels, batchSize), images, { stacks, ranges }),
  );
  const header = { kind: "lossless", count, blockSize, inputShape: model.inputShape } as const;
  return writeFile(
    { ...header, model: modelSum(model, params), side: new Uint8Array(0) },
    stacks.map((stack) => stack.message()),
  );
}

/**
 * The images of a file of {@link compressLossless}, the same to the last bit. Any range of them can be read by itself:
 * only its blocks are looked at. A file with a single byte changed is refused.
 *
 * @param model - the model that wrote the file
 * @param params - its parameters, the same to the last bit
 * @param bytes - the file
 * @param options.start - the first image that is wanted (default 0)
 * @param options.end - the one behind the last (default: all that there are)
 * @param options.batchSize - images computed at once (default 128)
 * @returns images, shape `[end − start, ...inputShape]`, every value k / (levels − 1)
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when the file is damaged, of another model, or does not hold these images
 * @example
 * const model = imageVae({ inputShape: [8, 8, 1], likelihood: { type: "discretizedLogistic", levels: 4 } });
 * const params = model.init(key(1));
 * const file = compressLossless(model, params, zeros([3, 8, 8, 1]));
 * decompressLossless(model, params, file, { start: 1 }).shape; // [2, 8, 8, 1]
 */
export function decompressLossless(
  model: Vae,
  params: ModelParams,
  bytes: Uint8Array,
  options: DecompressOptions = {},
): Tensor {
  const where = "decompressLossless";
  const levels = levelsOf(where, model);
  const batchSize = batchSizeOf(where, options, ["start", "end"]);
  const file = readFile(where, bytes);
  if (file.kind !== "lossless") {
    refuseValue(where, "bytes", "be a file of compressLossless; decompress reads this one", file.kind);
  }
  checkModelSum(where, file, model, params);
  const [start, end] = rangeOf(where, options, file.count);
  const values = sizeOf(model.inputShape);
  const [first, last] = [Math.floor(start / file.blockSize), Math.floor((end - 1) / file.blockSize)];
  const blocks = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const ranges = blocks.map((block) => file.rangeOf(block));
  const [from, to] = [ranges[0][0], ranges[ranges.length - 1][1]];
  checkResult(where, "end", end, (to - from) * values);
  const stacks = blocks.map((block) => new SymbolStack(where, file.block(block)));
  const read = onBaseline(() => {
    const networks = new Networks(where, model, params, levels, batchSize);
    return popImages(where, networks, { stacks, ranges }, from, to - from);
  });
  const wanted = read.subarray((start - from) * values, (end - from) * values);
  const images = Float32Array.from(wanted, (level) => valueOfLevel(level, levels.levels));
  return adoptArray(images, [end - start, ...model.inputShape]);
}
