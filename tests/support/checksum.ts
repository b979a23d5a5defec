// Checksums of tensors: one short text for all bits of a tree.

import { createHash } from "node:crypto";
import { leavesOf } from "../../src/tensor/tree.js";

/**
 * A checksum of the shapes and values of a tree's tensors, in order. Every NaN counts as the same one: which of its
 * bits a processor sets is not laid down.
 */
export function checksumOf(tree: unknown): string {
  const hash = createHash("sha256");
  for (const { tensor } of leavesOf(tree)) {
    hash.update(`[${tensor.shape}]`);
    hash.update(new Uint8Array(tensor.data.map((x) => (x === x ? x : NaN)).buffer));
  }
  return hash.digest("hex").slice(0, 12);
}
