// Reads float32 tensors out of a safetensors file of the reference set. Trusts the file.

import { readFileSync } from "node:fs";
import { type Tensor, tensor } from "../../src/index.js";

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/** All tensors of a file by key. */
export function readSafetensors(path: string): Map<string, Tensor> {
  const file = readFileSync(path);
  const headerLength = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + headerLength)) as Record<string, Entry>;
  const tensors = new Map<string, Tensor>();
  for (const [key, entry] of Object.entries(header)) {
    if (key === "__metadata__") continue;
    const { dtype, shape, data_offsets } = entry;
    const [start, end] = data_offsets;
    if (dtype !== "F32") throw new Error(`${path}: ${key} must be F32, got ${dtype}`);
    const bytes = file.subarray(8 + headerLength + start, 8 + headerLength + end);
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    tensors.set(key, tensor(values, shape));
  }
  return tensors;
}
