// What the library must know of memory before it can run a kernel: where the constants end, and the bytes of what
// kernels are given. The exports that take no job.

import { ARGUMENT_BYTES, JOB_BYTES, SCRATCH_BYTES } from "./operand";

/** First address behind the constants: everything from here on is the caller's. */
export function heapBase(): usize {
  return __heap_base;
}

export function jobBytes(): i32 {
  return JOB_BYTES;
}

/** Of these, the bytes before the results. */
export function argumentBytes(): i32 {
  return ARGUMENT_BYTES;
}

export function scratchBytes(): i32 {
  return SCRATCH_BYTES;
}
