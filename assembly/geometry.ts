// The record of integers that convolution and pooling kernels read: byte offsets of its i32 fields.
// The caller validates and fills it once per operation; no kernel writes to it.

export const BATCH: usize = 0;
export const IN_HEIGHT: usize = 4;
export const IN_WIDTH: usize = 8;
export const IN_CHANNELS: usize = 12;
export const OUT_HEIGHT: usize = 16;
export const OUT_WIDTH: usize = 20;
export const OUT_CHANNELS: usize = 24;
export const KERNEL_HEIGHT: usize = 28;
export const KERNEL_WIDTH: usize = 32;
export const STRIDE_HEIGHT: usize = 36;
export const STRIDE_WIDTH: usize = 40;
export const DILATION_HEIGHT: usize = 44;
export const DILATION_WIDTH: usize = 48;
export const PAD_TOP: usize = 52;
export const PAD_BOTTOM: usize = 56;
export const PAD_LEFT: usize = 60;
export const PAD_RIGHT: usize = 64;
export const GROUPS: usize = 68;

/** Pooling only: 1 if padding counts in an average's divisor, else 0. */
export const COUNT_INCLUDE_PAD: usize = 72;
