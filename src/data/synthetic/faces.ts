// Pictures of faces drawn by code from known factors: data to learn from, and to measure by, without a download.

import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkResult,
  refuseKind,
  refuseValue,
} from "../../check/check.js";
import { uniform } from "../../random/draws.js";
import { checkKey, fold, type Key } from "../../random/keys.js";
import { checkNumericArray, type NumericArray } from "../../tensor/numericArray.js";
import { adoptArray, Tensor } from "../../tensor/tensor.js";
import { FACE_REACH, paintFace } from "./faceDrawing.js";
import { FACE_RANGES, type FaceFactor, type FaceFactors } from "./faceFactors.js";

// Their order is part of what a key means: a new factor goes to the end.
const NAMES = Object.keys(FACE_RANGES) as FaceFactor[];

/** Options of {@link faces}. */
export interface FacesOptions {
  readonly count: number;
  /** Height and width in pixels, from 8 to 1024 (default 32). */
  readonly size?: number | undefined;
  readonly key: Key;
  /** Factors that are not drawn: one number for all faces, or one per face. */
  readonly factors?:
    Readonly<Partial<Record<FaceFactor, number | readonly number[] | NumericArray | Tensor>>> | undefined;
}

/** Drawn faces with what they were drawn from. */
export interface Faces {
  /** Shape `[count, size, size, 1]`, from 0 (black) to 1 (white). */
  readonly images: Tensor;
  /** What each was drawn from, shape `[count]` each. */
  readonly factors: Readonly<Record<FaceFactor, Tensor>>;
}

/**
 * Draws random faces, grayscale. The factors are independent: yaw and smile uniform over {@link FACE_RANGES}, the
 * others triangular, with the middle of the range most often. Pixels depend smoothly on all of them. The bits depend
 * only on the arguments, not on the machine; fixing some factors leaves the others as they were.
 *
 * @param options.count - how many, integer ≥ 1
 * @param options.size - height and width in pixels, from 8 to 1024 (default 32)
 * @param options.key - key of the factors
 * @param options.factors - factors that are not drawn: a number for all faces, or an array or tensor of `count`
 * @returns images, shape `[count, size, size, 1]`, values in [0, 1]; and their factors, shape `[count]` each
 * @throws {TypeError} when an argument is of the wrong kind, or a name unknown
 * @throws {RangeError} when a size or a factor is out of range
 * @example
 * const { images, factors } = faces({ count: 64, key: key(1), factors: { smile: 1 } });
 * images.shape; // [64, 32, 32, 1]
 * factors.yaw.shape; // [64]
 */
export function faces(options: FacesOptions): Faces {
  const where = "faces";
  checkOptions(where, options, ["count", "size", "key", "factors"]);
  const { count, size = 32, key, factors: given = {} } = options;
  checkInteger(where, "count", count, 1);
  checkSize(where, size);
  checkResult(where, "count", count, count * size * size);
  checkKey(where, "key", key);
  checkNames(where, given);
  const fixed = NAMES.map((name) => {
    return given[name] === undefined ? undefined : fixedFactor(where, name, given[name], count);
  });
  const values = fixed.map((factor, i) => factor ?? drawnFactor(fold(key, i), NAMES[i], count));
  const factors = Object.fromEntries(NAMES.map((name, i) => [name, adoptArray(values[i], [count])]));
  return { images: draw(values, count, size), factors: factors as Record<FaceFactor, Tensor> };
}

/**
 * Draws one face.
 *
 * @param factors - those that differ from the middle of their range (see {@link FACE_RANGES})
 * @param options.size - height and width in pixels, from 8 to 1024 (default 32)
 * @returns image, shape `[1, size, size, 1]`, values in [0, 1]; the same bits as from {@link faces}
 * @throws {TypeError} when an argument is of the wrong kind, or a name unknown
 * @throws {RangeError} when a factor or the size is out of range
 * @example
 * const smiling = drawFace({ smile: 1, yaw: -0.5 });
 * smiling.shape; // [1, 32, 32, 1]
 */
export function drawFace(
  factors: Readonly<Partial<FaceFactors>> = {},
  options: { readonly size?: number | undefined } = {},
): Tensor {
  const where = "drawFace";
  checkNames(where, factors);
  checkOptions(where, options, ["size"]);
  const { size = 32 } = options;
  checkSize(where, size);
  const values = NAMES.map((name) => {
    const [low, high] = FACE_RANGES[name];
    const value = factors[name] ?? (low + high) / 2;
    checkNumber(where, `factors.${name}`, value, low, high);
    return Float32Array.of(value);
  });
  return draw(values, 1, size);
}

function checkSize(where: string, size: unknown): asserts size is number {
  checkInteger(where, "size", size, 8, 1024);
}

function checkNames(where: string, factors: unknown): void {
  if (typeof factors !== "object" || factors === null || Array.isArray(factors)) {
    refuseKind(where, "factors", "be an object", factors);
  }
  const unexpected = Object.keys(factors).find((name) => !NAMES.includes(name as FaceFactor));
  if (unexpected !== undefined)
    refuseKind(where, "factors", `have only the names ${NAMES.join(", ")}`, unexpected);
}

/** The values of a factor that the caller gives, rounded as they are returned: what is drawn is what is said. */
function fixedFactor(where: string, name: FaceFactor, given: unknown, count: number): Float32Array {
  const argument = `factors.${name}`;
  const [low, high] = FACE_RANGES[name];
  if (typeof given === "number") {
    checkNumber(where, argument, given, low, high);
    return new Float32Array(count).fill(given);
  }
  const values = listOf(where, argument, given);
  if (values.length !== count) {
    const shape = given instanceof Tensor ? given.shape : [values.length];
    refuseValue(where, `${argument}.shape`, `be [count] = [${count}]`, shape);
  }
  for (let i = 0; i < count; i++) checkNumber(where, `${argument}[${i}]`, values[i], low, high);
  return Float32Array.from(values);
}

function listOf(where: string, argument: string, given: unknown): ArrayLike<number> {
  if (given instanceof Tensor) {
    if (given.shape.length !== 1) refuseValue(where, `${argument}.shape`, "have 1 axis [count]", given.shape);
    return given.data;
  }
  if (Array.isArray(given)) return given;
  if (!ArrayBuffer.isView(given)) {
    return refuseKind(where, argument, "be a number, an array, a typed array or a tensor", given);
  }
  checkNumericArray(where, given);
  return given;
}

/** Factors of which every value is as likely; of the others those in the middle of the range are. */
const UNIFORM: readonly FaceFactor[] = ["yaw", "smile"];

/** Values of a factor. Scaled here, where no runtime fuses the product and the sum. */
function drawnFactor(key: Key, name: FaceFactor, count: number): Float32Array {
  const [low, high] = FACE_RANGES[name];
  const [first, second] = [0, 1].map((i) => uniform(fold(key, i), [count]).data);
  const isUniform = UNIFORM.includes(name);
  return first.map((share, i) => low + (high - low) * (isUniform ? share : (share + second[i]) / 2));
}

function draw(values: readonly Float32Array[], count: number, size: number): Tensor {
  const images = new Float32Array(count * size * size);
  for (let image = 0; image < count; image++) {
    const factors = Object.fromEntries(NAMES.map((name, i) => [name, values[i][image]]));
    const tones = images.subarray(image * size * size, (image + 1) * size * size);
    paintFace({ size, tones, reach: FACE_REACH }, factors as unknown as FaceFactors);
  }
  return adoptArray(images, [count, size, size, 1]);
}
