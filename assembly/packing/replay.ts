// The grammar for whoever packs (pack.mjs): each bit that it asks for is answered from outside.

import { decode } from "./grammar";

export { unpackedAt } from "./grammar";

/** Whoever instantiates the module answers. */
declare function next(chance: u32): bool;

class Chosen {
  next(chance: u32): bool {
    return next(chance);
  }
}

/** Asks for all bits of a stream of `length` bytes, and leaves what they say in memory. */
export function replay(length: i32): void {
  decode<Chosen>(length);
}
