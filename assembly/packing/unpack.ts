// Unpacks the binaries, by a range coder (G. N. N. Martin, "Range encoding", 1979) over the chances of grammar.ts. A
// module of its own, of some hundred bytes: it runs at full speed from the first byte on, where JavaScript begins slowly.

import { decode } from "./grammar";

export { unpackedAt } from "./grammar";

let low: u32 = 0;
let high: u32 = 0xffffffff;
let code: u32 = 0;
let at: usize = 0;

function readByte(): void {
  code = (code << 8) | load<u8>(at++);
}

/** Bits of the packed bytes. */
class Packed {
  next(chance: u32): bool {
    const range = high - low;
    const middle = low + (range >> 16) * chance + (((range & 65535) * chance) >> 16);
    const bit = code <= middle;
    if (bit) high = middle;
    else low = middle + 1;
    for (; (low ^ high) >> 24 == 0; low <<= 8, high = (high << 8) | 255) readByte();
    return bit;
  }
}

/** Unpacks `length` bytes of what lies from address 0 on, in memory that is fresh otherwise. */
export function unpack(length: i32): void {
  for (let k = 0; k < 4; k++) readByte();
  decode<Packed>(length);
}
