// What users may ask about the running binary and its memory.

import { heapUse } from "./heap.js";
import type { BinaryName } from "./binary.js";
import { chosenBinary, memoryBytes } from "./runtime.js";

/** Answer of {@link runtimeInfo}; memory in bytes. */
export interface RuntimeInfo {
  /** `"relaxed"`: with fused multiply-add where the processor has it; `"simd"`: the baseline. */
  readonly binary: BinaryName;
  /** Whether the memory is shared, so that views survive its growth. */
  readonly sharedMemory: boolean;
  readonly memory: {
    /** In use by open scopes and training. */
    readonly used: number;
    /** Most that ever was in use at once. */
    readonly peak: number;
    /** Taken from the system. */
    readonly reserved: number;
    /** Most that may be taken (`configure`'s maxMemory). */
    readonly limit: number;
  };
}

/**
 * Which binary runs, and how much memory it uses.
 *
 * @returns a plain object, see {@link RuntimeInfo}
 * @example
 * runtimeInfo().binary; // "relaxed" or "simd"
 */
export function runtimeInfo(): RuntimeInfo {
  const { binary, shared } = chosenBinary();
  const { present, limit } = memoryBytes();
  const { used, peak } = heapUse();
  return { binary, sharedMemory: shared, memory: { used, peak, reserved: present, limit } };
}
