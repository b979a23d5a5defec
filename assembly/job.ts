// The record that a correlation reads: byte offsets of its 32-bit fields. Lengths and steps count float32 elements
// or pixels, addresses bytes. The caller plans and fills it; no kernel writes to it.

export const SOURCE: usize = 0;
export const TARGET: usize = 4;
export const FILTER: usize = 8;
export const BIAS: usize = 12; // address, or 0
export const BATCH: usize = 16;
export const SOURCE_HEIGHT: usize = 20;
export const SOURCE_WIDTH: usize = 24;
export const SOURCE_CHANNELS: usize = 28; // floats from one source pixel to the next
export const CHANNELS: usize = 32; // contracted channels, from SOURCE on
export const IMAGE_STEP: usize = 36; // floats from one target image, row, pixel to the next
export const ROW_STEP: usize = 40;
export const PIXEL_STEP: usize = 44;
export const GRID_ROWS: usize = 48; // the grid
export const GRID_COLUMNS: usize = 52;
export const STEP_H: usize = 56;
export const STEP_W: usize = 60;
export const TAPS_H: usize = 64;
export const OFFSET_H: usize = 68;
export const OFFSET_STEP_H: usize = 72; // ≥ 1
export const TAPS_W: usize = 76;
export const OFFSET_W: usize = 80;
export const OFFSET_STEP_W: usize = 84; // ≥ 1
export const FILTER_STEP_H: usize = 88; // floats between filter elements of neighbouring taps, channels, outputs
export const FILTER_STEP_W: usize = 92;
export const FILTER_STEP_K: usize = 96;
export const FILTER_STEP_N: usize = 100;
export const OUTPUTS: usize = 104;
export const ACCUMULATE: usize = 108; // 1: add to the target
export const ACTIVATION: usize = 112;
export const ALPHA: usize = 116; // float32
export const SCRATCH: usize = 120;
export const SCRATCH_BYTES: usize = 124;

/** One integer of the record. */
export function field(job: usize, offset: usize): i32 {
  return load<i32>(job + offset);
}
