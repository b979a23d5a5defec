// Unpacks deflate in zlib's wrapping (RFC 1950, RFC 1951) to a length known before: never more, whatever the file.

/** Bytes that are read bit by bit, from the lowest on. */
interface Bits {
  readonly bytes: Uint8Array;
  /** Bits read so far. */
  position: number;
}

/** At least 17 bits from the position on; zeros behind the end. */
function peek({ bytes, position }: Bits): number {
  const at = position >>> 3;
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)) >>> (position & 7);
}

function take(bits: Bits, count: number): number {
  const value = peek(bits) & ((1 << count) - 1);
  bits.position += count;
  return value;
}

/** A code: for every possible `width` bits the symbol (shifted left by 4) and its length in bits; 0 where none is. */
interface Code {
  readonly width: number;
  readonly entries: Uint16Array;
}

/** The canonical code with the lengths of its symbols; undefined where there are too many short ones. */
function codeOf(lengths: Uint8Array): Code | undefined {
  const width = lengths.reduce((a, b) => Math.max(a, b), 1);
  const entries = new Uint16Array(1 << width);
  let next = 0;
  for (let length = 1; length <= width; length++, next <<= 1) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      if (next >= 1 << length) return undefined;
      // Codes stand in the bits with their first bit lowest.
      let reversed = 0;
      for (let bit = 0; bit < length; bit++) reversed |= ((next >> bit) & 1) << (length - 1 - bit);
      for (let i = reversed; i < entries.length; i += 1 << length) entries[i] = (symbol << 4) | length;
      next++;
    }
  }
  return { width, entries };
}

/** The next symbol; −1 where the bits are none. */
function takeSymbol(bits: Bits, { width, entries }: Code): number {
  const entry = entries[peek(bits) & ((1 << width) - 1)];
  bits.position += entry & 15;
  return entry === 0 ? -1 : entry >> 4;
}

/** Bases with growing numbers of extra bits: `first` of none, then `each` of 1, of 2, … */
function bases(
  start: number,
  first: number,
  each: number,
  count: number,
): [base: Uint16Array, extra: Uint8Array] {
  const extra = Uint8Array.from({ length: count }, (_, i) => Math.max(0, Math.floor((i - first) / each) + 1));
  const base = new Uint16Array(count);
  for (let i = 0, sum = start; i < count; sum += 1 << extra[i], i++) base[i] = sum;
  return [base, extra];
}

const [LENGTH_BASE, LENGTH_EXTRA] = bases(3, 8, 4, 29);
// The longest match has a symbol of its own.
LENGTH_BASE[28] = 258;
LENGTH_EXTRA[28] = 0;
const [DISTANCE_BASE, DISTANCE_EXTRA] = bases(1, 4, 2, 30);

const FIXED_LENGTHS = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
const FIXED: readonly [Code, Code] = [codeOf(FIXED_LENGTHS)!, codeOf(new Uint8Array(30).fill(5))!];

/** In which order the lengths of the code for lengths stand. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The two codes of a block that brings its own; undefined where they are damaged. */
function readCodes(bits: Bits): readonly [Code, Code] | undefined {
  const [literals, distances, given] = [take(bits, 5) + 257, take(bits, 5) + 1, take(bits, 4) + 4];
  const own = new Uint8Array(19);
  for (let i = 0; i < given; i++) own[ORDER[i]] = take(bits, 3);
  const code = codeOf(own);
  if (code === undefined) return undefined;
  const lengths = new Uint8Array(literals + distances);
  for (let i = 0; i < lengths.length;) {
    const symbol = takeSymbol(bits, code);
    if (symbol < 0) return undefined;
    if (symbol < 16) lengths[i++] = symbol;
    else {
      if (symbol === 16 && i === 0) return undefined;
      const value = symbol === 16 ? lengths[i - 1] : 0;
      const run = symbol === 16 ? 3 + take(bits, 2) : symbol === 17 ? 3 + take(bits, 3) : 11 + take(bits, 7);
      if (i + run > lengths.length) return undefined;
      lengths.fill(value, i, (i += run));
    }
  }
  const [literal, distance] = [codeOf(lengths.subarray(0, literals)), codeOf(lengths.subarray(literals))];
  return literal && distance && [literal, distance];
}

/** Unpacks the symbols of a block from `written` on, and returns how far it came; −1 where it is damaged. */
function readBlock(
  bits: Bits,
  [literal, distance]: readonly [Code, Code],
  output: Uint8Array,
  written: number,
): number {
  const end = 8 * bits.bytes.length;
  while (written < output.length && bits.position <= end) {
    const symbol = takeSymbol(bits, literal);
    if (symbol === 256) return written;
    if (symbol < 0 || symbol > 285) return -1;
    if (symbol < 256) output[written++] = symbol;
    else {
      const length = LENGTH_BASE[symbol - 257] + take(bits, LENGTH_EXTRA[symbol - 257]);
      const far = takeSymbol(bits, distance);
      if (far < 0 || far > 29) return -1;
      const back = DISTANCE_BASE[far] + take(bits, DISTANCE_EXTRA[far]);
      if (back > written) return -1;
      const stop = Math.min(written + length, output.length);
      for (; written < stop; written++) output[written] = output[written - back];
    }
  }
  return written;
}

/** Copies the bytes of a block that is not packed; returns how far it came, −1 where it is damaged. */
function readStored(bits: Bits, output: Uint8Array, written: number): number {
  const start = (bits.position + 7) >>> 3;
  const [low, high, lowCheck, highCheck] = bits.bytes.subarray(start, start + 4);
  const length = low | (high << 8);
  if ((length ^ 0xffff) !== (lowCheck | (highCheck << 8))) return -1;
  const part = bits.bytes.subarray(start + 4, start + 4 + length);
  if (part.length < length) return -1;
  const used = Math.min(length, output.length - written);
  output.set(part.subarray(0, used), written);
  bits.position = 8 * (start + 4 + length);
  return written + used;
}

/** Most packed bytes: their bits are counted in 31 bits. */
export const MAX_PACKED = 2 ** 28 - 1;

/**
 * The first `length` bytes that packed bytes unpack to; undefined where these are damaged or too few. No more is
 * unpacked, and the checksum at the end is not looked at.
 */
export function inflate(packed: Uint8Array, length: number): Uint8Array | undefined {
  const [method, flags] = packed;
  if (packed.length > MAX_PACKED || (method & 15) !== 8 || method >> 4 > 7) return undefined;
  if ((256 * method + flags) % 31 !== 0 || (flags & 32) !== 0) return undefined;
  const bits: Bits = { bytes: packed, position: 16 };
  const output = new Uint8Array(length);
  let written = 0;
  // A block that brings its own codes takes more time than its bytes let expect; nobody needs many short ones.
  let left = 1024 + length / 16;
  for (let isLast = false; written < length && !isLast;) {
    if (left-- < 0) return undefined;
    isLast = take(bits, 1) === 1;
    const type = take(bits, 2);
    const codes = type === 1 ? FIXED : type === 2 ? readCodes(bits) : undefined;
    written = codes
      ? readBlock(bits, codes, output, written)
      : type === 0
        ? readStored(bits, output, written)
        : -1;
    if (written < 0 || bits.position > 8 * packed.length) return undefined;
  }
  return written === length ? output : undefined;
}
