// Float32 values that tests of functions of one number run over. Knows no function.

import { seededStream } from "./seeded.js";

const word = new Uint32Array(1);
const value = new Float32Array(word.buffer);

function fromBits(bits: number): number {
  word[0] = bits;
  return value[0]!;
}

/** ±0, the smallest and largest denormals and normals, ±1, ±∞ and NaN. */
export const SPECIAL_VALUES: readonly number[] = [
  0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x3f800000, 0x7f7fffff, 0x7f800000,
].flatMap((bits) => [fromBits(bits), fromBits(bits | 0x80000000)]);

/** Finite values of every exponent and both signs: the ends of each binade and `perBinade` random mantissas. */
export function everyExponent(perBinade: number, seed = 1): Float32Array {
  const next = seededStream(seed);
  const values: number[] = [];
  for (const sign of [0, 0x80000000]) {
    for (let exponent = 0; exponent < 255; exponent++) {
      const first = (sign | (exponent << 23)) >>> 0;
      const mantissas = Array.from({ length: perBinade }, () => Math.floor(next() * 2 ** 23));
      for (const mantissa of [0, 1, 2 ** 23 - 1, ...mantissas]) values.push(fromBits(first + mantissa));
    }
  }
  return Float32Array.from(values);
}
