// Packs bytes into the stream that unpack.ts reads: finds repetitions, chooses among them by what they cost, and codes
// the choice with the chances that the grammar itself gives. Some seconds for 150 KB; nothing here runs at run time.

import { findMatches, parse } from "./parse.mjs";
import { Prices } from "./prices.mjs";

/** How often the choice is made again with better prices; more gains some bytes. */
const ROUNDS = 5;

/** The bits of a number ≥ 1, in the order in which the grammar asks for them. */
function pushNumber(number, bits) {
  const digits = 31 - Math.clz32(number);
  for (let k = 0; k < digits; k++) bits.push(1);
  if (digits < 20) bits.push(0);
  for (let k = digits - 1; k >= 0; k--) bits.push((number >> k) & 1);
}

/** The bits of a token: a byte, or a copy of `length` bytes from a new distance or the `recent`th of the last three. */
function bitsOf({ byte, length, distance, recent }) {
  const bits = [];
  if (byte !== undefined) {
    bits.push(0);
    for (let k = 7; k >= 0; k--) bits.push((byte >> k) & 1);
    return bits;
  }
  bits.push(1, recent === undefined ? 0 : 1);
  if (recent === undefined) pushNumber(length - 1, bits);
  else {
    bits.push(recent > 0 ? 1 : 0);
    if (recent > 0) bits.push(recent - 1);
  }
  pushNumber(recent === undefined ? distance : length, bits);
  return bits;
}

/** Range coder: the interval of all streams that are still possible, as two numbers of 32 bits. */
class Coder {
  low = 0;
  high = 0xffffffff;
  bytes = [];

  put(bit, chance) {
    const range = this.high - this.low;
    const middle = this.low + (range >>> 16) * chance + (((range & 65535) * chance) >>> 16);
    if (bit) this.high = middle;
    else this.low = middle + 1;
    while ((this.low ^ this.high) >>> 24 === 0) {
      this.bytes.push(this.low >>> 24);
      this.low = (this.low << 8) >>> 0;
      this.high = ((this.high << 8) | 255) >>> 0;
    }
  }

  /** All bytes, and those that the decoder reads ahead: any do that lie in the interval. */
  finish() {
    return Buffer.from([
      ...this.bytes,
      this.high >>> 24,
      (this.high >>> 16) & 255,
      (this.high >>> 8) & 255,
      this.high & 255,
    ]);
  }
}

/** The stream of the tokens, and what each of them costs in bits. */
function encode(bytes, tokens, replay) {
  const coder = new Coder();
  const costs = new Float64Array(tokens.length);
  let token = -1;
  let bits = [];
  let place = 0;
  const next = (chance) => {
    if (place === bits.length) {
      bits = bitsOf(tokens[++token]);
      place = 0;
    }
    const bit = bits[place++];
    coder.put(bit, chance);
    costs[token] -= Math.log2(bit ? chance / 65536 : 1 - chance / 65536);
    return bit;
  };
  const { exports } = new WebAssembly.Instance(replay, { replay: { next } });
  exports.replay(bytes.length);
  const said = new Uint8Array(exports.memory.buffer, exports.unpackedAt(), bytes.length);
  if (!bytes.equals(said)) throw new Error("packing: the stream must say what was packed");
  return { packed: coder.finish(), costs };
}

/**
 * The packed form of bytes (a Buffer, at least one byte).
 *
 * @param replay - the compiled module of replay.ts
 */
export function pack(bytes, replay) {
  const matches = findMatches(bytes);
  const prices = new Prices(bytes);
  let best;
  for (let round = 0; round < ROUNDS; round++) {
    const tokens = parse(bytes, matches, prices);
    const { packed, costs } = encode(bytes, tokens, replay);
    prices.learn(tokens, costs);
    if (best === undefined || packed.length < best.length) best = packed;
  }
  return best;
}
