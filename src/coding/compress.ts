// Images as files of quantized codes, and back: what a model's code is worth, counted in bytes.

import { checkInteger, checkOneOf, checkResult, refuseKind, refuseValue } from "../check/check.js";
import { checkBatch } from "../models/batch.js";
import { type BatchOptions, batchSizeOf } from "../models/batches.js";
import { type EncodingModel, codesOf } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import type { VqVae } from "../models/vqVae.js";
import { adoptArray, checkTensor, sizeOf, type Tensor, viewOf } from "../tensor/tensor.js";
import { onBaseline } from "../wasm/runtime.js";
import {
  ByteReader,
  ByteWriter,
  type CompressedFile,
  MOST_IN_BLOCK,
  readFile,
  refuseDamage,
  writeFile,
} from "./byteFile.js";
import { type CodeBlocks, codeReader, writeCodeBlocks } from "./codeBlocks.js";
import { checkCoder, decodedBy } from "./coder.js";
import { checkModelSum, modelSum } from "./modelSum.js";
import { checkBits, dequantize, quantize } from "./quantize.js";
import { fittedSteps } from "./steps.js";

/** Options of {@link compress}. */
export interface CompressOptions extends BatchOptions {
  /** Bits of the dimension with the most symbols, integer from 2 to 16 (default 6). */
  readonly bits?: number | undefined;
  /**
   * `"fitted"` (default): steps in proportion to 1 over what a step changes in the output; `"range"`: every dimension of
   * the code has 2^bits steps over its range.
   */
  readonly steps?: "fitted" | "range" | undefined;
  /** Images that can be read by themselves together, integer from 1 to 1024 (default 256). */
  readonly blockSize?: number | undefined;
}

/** Options of {@link decompress}. */
export interface DecompressOptions extends BatchOptions {
  /** The first image that is wanted (default 0), and the one behind the last (default: all that there are). */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** Images in a block where nobody says. */
export const BLOCK_SIZE = 256;

/** Checks a number of images in a block. */
export function blockSizeOf(where: string, blockSize: number = BLOCK_SIZE): number {
  checkInteger(where, "blockSize", blockSize, 1, MOST_IN_BLOCK);
  return blockSize;
}

/** The range of images that options name, of so many. */
export function rangeOf(
  where: string,
  { start = 0, end }: DecompressOptions,
  count: number,
): readonly [start: number, end: number] {
  checkInteger(where, "start", start, 0, count - 1);
  const behind = end ?? count;
  checkInteger(where, "end", behind, start + 1, count);
  return [start, behind];
}

/**
 * Images as a file: their codes, in equal steps, by an entropy coder. The fewer bits, the smaller the file and the
 * larger the error; a VAE's codes are its posteriors' means. Of a VQ-VAE the file holds the numbers of vectors, as they
 * are, and `bits` and `steps` have no part.
 *
 * The file holds a header (version, the model's checksum, shape, quantizer), a table of symbols per dimension, and
 * blocks of images with a CRC-32 each; the model itself is not in it.
 *
 * @param model - from {@link autoencoder}, {@link vae}, {@link vqVae} or a file
 * @param params - its parameters
 * @param inputs - images, or other examples, shape `[n, ...inputShape]`
 * @param options.bits - of the dimension with the most symbols, 2 to 16 (default 6)
 * @param options.steps - `"fitted"` (default): in proportion to 1 over what a step changes in the output; `"range"`:
 *   2^bits steps over the range of each dimension
 * @param options.blockSize - images that can be read by themselves together, 1 to 1024 (default 256)
 * @param options.batchSize - examples computed at once (default 128)
 * @returns the file
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when a number is out of range, the inputs do not fit the model, or a code is not finite
 * @example
 * const model = lectures.shallow();
 * const params = model.init(key(1));
 * const file = compress(model, params, random.uniform(key(2), [4, 784]), { bits: 4 });
 * decompress(model, params, file).shape; // [4, 784]
 * @see Theis et al., "Lossy image compression with compressive autoencoders" (2017)
 */
export function compress(
  model: EncodingModel,
  params: ModelParams,
  inputs: Tensor,
  options: CompressOptions = {},
): Uint8Array {
  const where = "compress";
  checkCoder(where, model);
  const batchSize = batchSizeOf(where, options, ["bits", "steps", "blockSize"]);
  const { bits = 6, steps = "fitted" } = options;
  checkBits(where, bits);
  checkOneOf(where, "steps", steps, ["fitted", "range"]);
  const blockSize = blockSizeOf(where, options.blockSize);
  const surplus = (["bits", "steps"] as const).find((name) => options[name] !== undefined);
  if (model.type === "vqVae" && surplus !== undefined) {
    refuseKind(where, surplus, "be left out: a VQ-VAE's codes are numbers of vectors", options[surplus]);
  }
  checkBatch(where, "inputs", inputs, model.inputShape);
  const at = viewOf(inputs).findIndex((value) => !Number.isFinite(value));
  if (at >= 0) refuseValue(where, `inputs.data[${at}]`, "be finite", inputs.data[at]);
  const content = onBaseline(() =>
    model.type === "vqVae"
      ? ofIndices(where, model.indices(params, inputs, { batchSize }), model, blockSize)
      : ofCodes(where, model, params, codesOf(model, params, inputs, { batchSize }), {
          bits,
          steps,
          blockSize,
        }),
  );
  const count = inputs.shape[0];
  const { inputShape } = model;
  return writeFile(
    { kind: content.kind, model: modelSum(model, params), count, inputShape, blockSize, side: content.side },
    content.blocks,
  );
}

/** What is in a file, before its header. */
interface Content extends CodeBlocks {
  readonly kind: "codes" | "indices";
}

/** Codes, quantized: the quantizer and the tables before the blocks. */
function ofCodes(
  where: string,
  model: EncodingModel,
  params: ModelParams,
  codes: Tensor,
  { bits, steps, blockSize }: { bits: number; steps: "fitted" | "range"; blockSize: number },
): Content {
  checkBatch(where, "what model.encode gives", codes, model.codeShape);
  const fitted = steps === "fitted" ? { steps: fittedSteps(where, model, params, codes) } : {};
  const { symbols, quantizer } = quantize(codes, { bits, ...fitted });
  const { side, blocks } = writeCodeBlocks(where, symbols, quantizer.levels, blockSize);
  const whole = new ByteWriter();
  quantizer.low.forEach((low, j) => whole.float32(low).float32(quantizer.step[j]));
  return { kind: "codes", side: whole.put(side).done(), blocks };
}

/** Numbers of vectors, which share one table. */
function ofIndices(where: string, indices: Tensor, { codebook }: VqVae, blockSize: number): Content {
  checkTensor(where, "what model.indices gives", indices);
  const perImage = indices.size / indices.shape[0];
  const symbols = Uint16Array.from(indices.data);
  const levels = Uint32Array.of(codebook);
  return { kind: "indices", ...writeCodeBlocks(where, symbols, levels, blockSize * perImage, "indices") };
}

/**
 * The images of a file of {@link compress}, as the model decodes them. Any range of them can be read by itself: only its
 * blocks are looked at. A file with a single byte changed is refused, and the message says which images are lost.
 *
 * @param model - the model that wrote the file
 * @param params - its parameters, the same to the last bit
 * @param bytes - the file
 * @param options.start - the first image that is wanted (default 0)
 * @param options.end - the one behind the last (default: all that there are)
 * @param options.batchSize - images computed at once (default 128)
 * @returns images, shape `[end − start, ...inputShape]`
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when the file is damaged, of another model, or does not hold these images
 * @example
 * const model = lectures.shallow();
 * const params = model.init(key(1));
 * const file = compress(model, params, random.uniform(key(2), [4, 784]));
 * decompress(model, params, file, { start: 2, end: 3 }).shape; // [1, 784]
 */
export function decompress(
  model: EncodingModel,
  params: ModelParams,
  bytes: Uint8Array,
  options: DecompressOptions = {},
): Tensor {
  const where = "decompress";
  checkCoder(where, model);
  const batchSize = batchSizeOf(where, options, ["start", "end"]);
  const file = readFile(where, bytes);
  if (file.kind === "lossless") {
    refuseValue(where, "bytes", "be a file of compress; decompressLossless reads this one", file.kind);
  }
  checkModelSum(where, file, model, params);
  if ((file.kind === "indices") !== (model.type === "vqVae")) {
    refuseDamage(where, `hold what a model of type ${model.type} has`, file.kind);
  }
  const [start, end] = rangeOf(where, options, file.count);
  checkResult(where, "end", end, (end - start) * sizeOf(model.inputShape));
  const codes =
    model.type === "vqVae" ? indexReader(where, file, model, params) : quantizedReader(where, file, model);
  const symbols = new Uint16Array((end - start) * codes.perImage);
  for (let block = Math.floor(start / file.blockSize); block * file.blockSize < end; block++) {
    const [first, behind] = file.rangeOf(block);
    const read = codes.read(file.block(block), behind - first);
    const [from, to] = [Math.max(first, start), Math.min(behind, end)];
    const part = read.subarray((from - first) * codes.perImage, (to - first) * codes.perImage);
    symbols.set(part, (from - start) * codes.perImage);
  }
  return decodedBy(where, model, params, codes.codesOf(symbols), { batchSize });
}

/** What symbols of a file are, and how they become codes. */
interface SymbolReader {
  readonly perImage: number;
  read(block: Uint8Array, images: number): Uint16Array;
  codesOf(symbols: Uint16Array): Tensor;
}

function quantizedReader(
  where: string,
  { side }: CompressedFile,
  { codeShape }: EncodingModel,
): SymbolReader {
  const dimensions = sizeOf(codeShape);
  const reader = new ByteReader(where, side);
  const [low, step] = [new Float32Array(dimensions), new Float32Array(dimensions)];
  for (let j = 0; j < dimensions; j++) {
    low[j] = reader.float32("least code");
    step[j] = reader.float32("step");
    if (!(step[j] > 0)) refuseDamage(where, "have steps above 0", step[j]);
  }
  const { levels, read } = codeReader(where, reader, dimensions);
  return {
    perImage: dimensions,
    read,
    codesOf: (symbols) => dequantize({ symbols, quantizer: { codeShape, low, step, levels } }),
  };
}

function indexReader(
  where: string,
  { side }: CompressedFile,
  model: VqVae,
  params: ModelParams,
): SymbolReader {
  const grid = model.codeShape.slice(0, -1);
  const perImage = sizeOf(grid);
  const { levels, read } = codeReader(where, new ByteReader(where, side), 1, "indices");
  if (levels[0] !== model.codebook) refuseDamage(where, `have ${model.codebook} vectors`, levels[0]);
  return {
    perImage,
    read: (block, images) => read(block, images * perImage),
    codesOf(symbols) {
      const indices = adoptArray(Float32Array.from(symbols), [symbols.length / perImage, ...grid]);
      return model.vectorsOf(params, indices);
    },
  };
}
