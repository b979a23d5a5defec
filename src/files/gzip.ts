// Unpacking gzip as far as it is wanted: a small file can unpack to any length.

import { refuseUse } from "../check/check.js";

/** Packed bytes that are unpacked at once, to at most 1032 times as many. */
const PIECE = 2 ** 15;

/** Whether bytes begin as gzip does. */
export const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;

/** Whether the platform unpacks gzip. */
export const canUnpack = (): boolean => typeof DecompressionStream !== "undefined";

/**
 * What packed bytes hold, piece by piece; who has enough leaves the loop, and no more is unpacked.
 *
 * @param refuse - what is called where the bytes are damaged
 * @param piece - packed bytes that are unpacked at once
 */
export async function* unpacked(
  where: string,
  bytes: Uint8Array,
  refuse: () => never,
  piece = PIECE,
): AsyncGenerator<Uint8Array, void, void> {
  if (!canUnpack()) {
    const cure = "unpack the file first";
    refuseUse(where, `this platform cannot unpack gzip (it has no DecompressionStream): ${cure}`);
  }
  const { readable, writable } = new DecompressionStream("gzip");
  // The reader hears of every failure too; an unheard one here would end the process.
  feed(writable.getWriter(), bytes, piece).catch(() => {});
  const reader = readable.getReader();
  try {
    for (;;) {
      const { value } = await reader.read().catch(refuse);
      if (value === undefined) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Writes piece by piece: Deno unpacks all of a piece before the reader sees any of it. */
async function feed(
  writer: ReturnType<DecompressionStream["writable"]["getWriter"]>,
  bytes: Uint8Array,
  piece: number,
): Promise<void> {
  for (let start = 0; start < bytes.length; start += piece) {
    await writer.write(bytes.subarray(start, start + piece));
  }
  await writer.close();
}
