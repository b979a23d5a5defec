// Files of trees as an attacker would make them: anything inside, under the right checksum.

import { type Tensor, writeSafetensors } from "../../src/index.js";
import { crc32 } from "../../src/files/crc32.js";

const BLANK = "00000000";

/** A file of a tree with any JSON beside any tensors. */
export function forged(tensors: Readonly<Record<string, Tensor>>, json: string): Uint8Array {
  const file = writeSafetensors(tensors, { checksum: BLANK, reparam: json });
  const place = Buffer.from(file).indexOf(BLANK);
  file.set(new TextEncoder().encode(crc32(file).toString(16).padStart(8, "0")), place);
  return file;
}

/** The JSON of arrays in each other. */
export const nested = (depth: number, inner: string): string => "[".repeat(depth) + inner + "]".repeat(depth);
