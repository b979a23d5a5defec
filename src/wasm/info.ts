// What users may ask about the running binary and its memory.

import { heapUse } from "./heap.js";
import type { BinaryName } from "./binary.js";
import { chosenBinary, memoryBytes } from "./runtime.js";
import { threadsInfo, type ThreadsInfo } from "./threads/team.js";

/** Answer of {@link runtimeInfo}; memory in bytes. */
export interface RuntimeInfo {
  /** `"relaxed"`: with fused multiply-add where the processor has it; `"simd"`: the baseline. */
  readonly binary: BinaryName;
  /** Whether the memory is shared, so that views survive its growth. */
  readonly sharedMemory: boolean;
  /** How many threads share the work of large operations. */
  readonly threads: ThreadsInfo;
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
 * Which binary runs, on how many threads, and how much memory it uses.
 *
 * @returns a plain object, see {@link RuntimeInfo}
 * @example
 * runtimeInfo().binary; // "relaxed" or "simd"
 * runtimeInfo().threads.wanted; // 8 on a machine with 8 cores
 */
export function runtimeInfo(): RuntimeInfo {
  const { binary, shared } = chosenBinary();
  const { present, limit } = memoryBytes();
  const { used, peak } = heapUse();
  return {
    binary,
    sharedMemory: shared,
    threads: threadsInfo(),
    memory: { used, peak, reserved: present, limit },
  };
}
