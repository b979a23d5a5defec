// Codes as small integers: every dimension in equal steps, from its least value up.

import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkSizes,
  refuseKind,
  refuseValue,
} from "../check/check.js";
import { adoptArray, checkTensor, type Shape, sizeOf, type Tensor } from "../tensor/tensor.js";

/** Equal steps in every dimension of a code. */
export interface Quantizer {
  /** The shape of one code. */
  readonly codeShape: Shape;
  /** The value of symbol 0, and the distance of neighbouring symbols, one per dimension. */
  readonly low: Float32Array;
  readonly step: Float32Array;
  /** How many symbols there are in each dimension, from 1 to 2¹⁶. */
  readonly levels: Uint32Array;
}

/** Codes as integers, with what leads back. */
export interface QuantizedCodes {
  /** Row by row, `count · dimensions` integers. */
  readonly symbols: Uint16Array;
  readonly quantizer: Quantizer;
}

/** Options of {@link quantize}. */
export interface QuantizeOptions {
  /** Bits of the dimension with the most symbols, integer from 2 to 16. */
  readonly bits: number;
  /**
   * How the steps of dimensions relate to each other: positive numbers, one per dimension; the dimension that is widest
   * in its steps has about 2^bits symbols, and the mean of every dimension is one of its symbols. Without them every
   * dimension has 2^bits symbols.
   */
  readonly steps?: ArrayLike<number> | undefined;
}

/** Fewest and most bits. */
const BITS = [2, 16] as const;

/** Checks a number of bits. */
export function checkBits(where: string, bits: unknown): asserts bits is number {
  checkInteger(where, "bits", bits, ...BITS);
}

/** The least, the greatest and the mean value of each dimension. */
interface Extent {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly mean: Float64Array;
}

function extentOf(where: string, codes: Tensor, dimensions: number): Extent {
  const mean = new Float64Array(dimensions);
  const low = new Float64Array(dimensions).fill(Infinity);
  const high = new Float64Array(dimensions).fill(-Infinity);
  codes.data.forEach((value, i) => {
    const j = i % dimensions;
    if (!Number.isFinite(value)) refuseValue(where, "codes", "hold finite numbers", value);
    if (value < low[j]) low[j] = value;
    if (value > high[j]) high[j] = value;
    mean[j] += value / codes.shape[0];
  });
  return { low, high, mean };
}

/** Steps in the proportion that is asked for, checked. */
function checkSteps(where: string, steps: ArrayLike<number>, dimensions: number): Float64Array {
  if (typeof steps !== "object" || steps === null || steps.length !== dimensions) {
    refuseKind(where, "steps", `be an array of ${dimensions} numbers, one per dimension`, steps);
  }
  return Float64Array.from({ length: dimensions }, (_, j) => {
    const step = steps[j];
    checkNumber(where, `steps[${j}]`, step);
    if (step <= 0) refuseValue(where, `steps[${j}]`, "be above 0", step);
    checkNumber(where, `steps[${j}]`, step, LEAST_STEP, 1 / LEAST_STEP);
    return step;
  });
}

/** The least step, and 1 over the greatest: products of them with codes stay finite. */
const LEAST_STEP = 1e-100;
/** A float32 step that is wider than any dimension. */
const WIDEST_STEP = 2 ** 127;

/**
 * A step as float32. What rounding or a dimension without extent makes 0 is replaced by 1, for any will do; infinity by
 * one that gives a dimension a single symbol, as it would.
 */
function stepOr1(step: number): number {
  const rounded = Math.min(Math.fround(step), WIDEST_STEP);
  return rounded > 0 ? rounded : 1;
}

/** Where dimensions begin, and their steps: 2^bits over the range of each. */
function overRange({ low, high }: Extent, bits: number) {
  const step = Float32Array.from(low, (least, j) => stepOr1((high[j] - least) / (2 ** bits - 1)));
  return { low: Float32Array.from(low), step };
}

/**
 * Steps in proportion, the widest dimension 2^bits − 2 of them wide. The mean is a symbol: where it fell between two,
 * dimensions that hardly vary would cost a bit each.
 */
function inProportion({ low, high, mean }: Extent, steps: Float64Array, bits: number) {
  const widest = low.reduce((most, least, j) => Math.max(most, (high[j] - least) / steps[j]), 0);
  const step = Float32Array.from(steps, (part) => stepOr1((part * widest) / (2 ** bits - 2)));
  const first = low.map((least, j) => mean[j] - step[j] * Math.round((mean[j] - least) / step[j]));
  return { low: Float32Array.from(first), step };
}

/**
 * Codes as integers: symbol = round((code − low) / step), in every dimension from its least value up. The range is that
 * of the codes at hand: of a VAE's means, that of its aggregate posterior.
 *
 * @param codes - shape `[n, ...codeShape]`
 * @param options.bits - of the dimension with the most symbols, integer from 2 to 16
 * @param options.steps - how steps relate to each other, one number > 0 per dimension (default: so that every dimension
 *   has 2^bits symbols). One and the same for all is right for principal components; where dimensions differ in what they
 *   change in the output, steps should be in proportion to 1 over that
 * @returns the symbols, and the quantizer that {@link dequantize} reads them with
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when a number is out of range, or a code is not finite
 * @example
 * const codes = tensor([[0, 10], [1, 20], [3, 40]]);
 * quantize(codes, { bits: 2 }).symbols; // [0, 0, 1, 1, 3, 3]
 */
export function quantize(codes: Tensor, options: QuantizeOptions): QuantizedCodes {
  const where = "quantize";
  checkTensor(where, "codes", codes);
  if (codes.shape.length < 2) refuseValue(where, "codes.shape", "be [n, ...codeShape]", codes.shape);
  checkOptions(where, options, ["bits", "steps"]);
  checkBits(where, options.bits);
  const { bits, steps } = options;
  const codeShape = codes.shape.slice(1);
  const dimensions = sizeOf(codeShape);
  const extent = extentOf(where, codes, dimensions);
  const { low, step } =
    steps === undefined
      ? overRange(extent, bits)
      : inProportion(extent, checkSteps(where, steps, dimensions), bits);
  const levels = new Uint32Array(dimensions);
  const symbols = new Uint16Array(codes.size);
  const last = 2 ** bits - 1;
  codes.data.forEach((value, i) => {
    const j = i % dimensions;
    const symbol = Math.min(last, Math.max(0, Math.round((value - low[j]) / step[j])));
    symbols[i] = symbol;
    if (symbol >= levels[j]) levels[j] = symbol + 1;
  });
  return { symbols, quantizer: { codeShape, low, step, levels } };
}

/**
 * The codes of symbols: low + step · symbol.
 *
 * @param codes - from {@link quantize}
 * @returns codes, shape `[n, ...codeShape]`, within half a step of what they were
 * @throws {TypeError} when an argument is of the wrong kind
 * @throws {RangeError} when parts of it do not fit each other
 * @example
 * dequantize(quantize(tensor([[0], [3]]), { bits: 2 })).data; // [0, 3]
 */
export function dequantize(codes: QuantizedCodes): Tensor {
  const where = "dequantize";
  const { symbols, quantizer } = (codes ?? {}) as Partial<QuantizedCodes>;
  if (!(symbols instanceof Uint16Array)) refuseKind(where, "codes", "be from quantize", codes);
  const { codeShape, low, step } = (quantizer ?? {}) as Partial<Quantizer>;
  if (!Array.isArray(codeShape) || !(low instanceof Float32Array) || !(step instanceof Float32Array)) {
    return refuseKind(where, "codes.quantizer", "be from quantize", quantizer);
  }
  checkSizes(where, "codes.quantizer.codeShape", codeShape);
  const dimensions = low.length;
  const isWhole =
    symbols.length > 0 &&
    sizeOf(codeShape) === dimensions &&
    step.length === dimensions &&
    symbols.length % dimensions === 0;
  if (!isWhole) refuseValue(where, "codes.symbols", "be whole codes of the quantizer", symbols);
  const values = Float32Array.from(symbols, (symbol, i) => {
    const j = i % dimensions;
    return low[j] + step[j] * symbol;
  });
  return adoptArray(values, [symbols.length / dimensions, ...codeShape]);
}
