// The stream that the two binaries are packed in: LZ77 behind chances that adapt, as in LZMA. `decode` is the whole
// grammar: it asks a source for one bit after the other, with the chance that it is set. unpack.ts answers from packed
// bytes, and replay.ts with what the packer has chosen: so whoever packs and whoever unpacks agree by construction.

/** Where a chance lies among all, by what the bit is about. */
const MATCH = 0;
const KNOWN = 8;
const OLDER = 16;
const AFTER = 256;
const LENGTHS = 1024;
const REPEATS = 3072;
const DISTANCES = 8192;
const LITERALS = 16384;
/** Behind a copy: by the byte that would have continued it; elsewhere by a hash of the two bytes before. */
const CONTINUED = LITERALS + 65536;
const PAIRS = CONTINUED + 65536;
const CHANCES = PAIRS + 262144;

/** Counts up to here: a chance goes on changing by a share of 1 / (22 + 1.8). */
const MOST_SEEN = 22;

/** Where the packed bytes end, the chances lie (zero in fresh memory: even), and what is unpacked. */
const MODEL: usize = 65536;
const UNPACKED: usize = MODEL + 4 * CHANCES;

/** The first address of what is unpacked. */
export function unpackedAt(): usize {
  return UNPACKED;
}

/** A chance is 24 bits, −32768 for never up to 32767, above 8 bits: how often it has been asked. */
function learn(at: i32, bit: bool): void {
  const place = MODEL + (at << 2);
  const known = load<i32>(place);
  const seen = known & 255;
  const chance = known >> 8;
  const next = chance + (((bit ? 32767 : -32768) - chance) * 5) / (5 * seen + 9);
  store<i32>(place, (next << 8) | min(seen + 1, MOST_SEEN));
}

function ask<Source>(at: i32): bool {
  const bit = changetype<Source>(0).next(32768 + (load<i32>(MODEL + (at << 2)) >> 8));
  learn(at, bit);
  return bit;
}

/** A bit about which two chances are known: the one of the narrower context counts more, as far as it has been seen. */
function askBoth<Source>(wide: i32, narrow: i32): bool {
  const first = load<i32>(MODEL + (wide << 2));
  const second = load<i32>(MODEL + (narrow << 2));
  const weight = 10 * (first & 255) + 3;
  const other = 20 * (second & 255) + 1;
  const chance = ((first >> 8) * weight + (second >> 8) * other) / (weight + other);
  const bit = changetype<Source>(0).next(32768 + chance);
  learn(wide, bit);
  learn(narrow, bit);
  return bit;
}

/** A number ≥ 1: how many binary digits follow the first, then these. */
function askNumber<Source>(at: i32): i32 {
  let digits = 0;
  while (digits < 20 && ask<Source>(at + digits)) digits++;
  let number = 1;
  const group = at + 32 + (digits << 5);
  for (let k = digits - 1; k >= 0; k--) {
    number = (number << 1) | i32(ask<Source>(group + (number < 8 ? number : 8 + k)));
  }
  return number;
}

/** Writes `length` bytes of the stream. */
export function decode<Source>(length: i32): void {
  // The last distances, the latest first, and how long ago the last copy was: 2 just now, 1 a byte ago.
  let first = 1;
  let second = 1;
  let third = 1;
  let copied = 0;
  let i = 0;
  while (i < length) {
    const to = UNPACKED + i;
    const before = i > 0 ? i32(load<u8>(to - 1)) : 0;
    if (!askBoth<Source>(MATCH + copied, AFTER + (copied ? 256 : 0) + before)) {
      const two = i > 1 ? (i32(load<u8>(to - 2)) << 8) | before : before;
      const narrow = copied
        ? CONTINUED + (i32(load<u8>(to - first)) << 8)
        : PAIRS + (((two * 0x9e3779b1) >>> 22) << 8);
      const wide = LITERALS + (before << 8);
      let node = 1;
      while (node < 256) node = (node << 1) | i32(askBoth<Source>(wide + node, narrow + node));
      store<u8>(to, node);
      copied = copied >> 1;
      i++;
      continue;
    }
    let count = 0;
    let distance = first;
    if (!ask<Source>(KNOWN + copied)) {
      count = askNumber<Source>(LENGTHS) + 1;
      distance = askNumber<Source>(DISTANCES + ((min(count, 5) - 2) << 10));
      third = second;
      second = first;
    } else {
      if (ask<Source>(OLDER + copied)) {
        distance = second;
        if (ask<Source>(OLDER + 4)) {
          distance = third;
          third = second;
        }
        second = first;
      }
      count = askNumber<Source>(REPEATS + (distance == first ? 0 : 1024));
    }
    first = distance;
    copied = 2;
    for (; count > 0 && i < length; count--, i++) store<u8>(UNPACKED + i, load<u8>(UNPACKED + i - distance));
  }
}
