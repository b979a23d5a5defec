// The record that describes a correlation. Steps and channels count float32 elements, taps and sizes count pixels,
// addresses are in bytes. The caller plans and fills it; no kernel writes to it.

@unmanaged
export class Correlation {
  source: usize;
  target: usize;
  filter: usize;
  /** Address, or 0. */
  bias: usize;
  batch: i32;
  sourceHeight: i32;
  sourceWidth: i32;
  /** From one source pixel to the next. */
  sourceChannels: i32;
  /** Contracted channels, from `source` on. */
  channels: i32;
  /** From one target image, row, pixel to the next. */
  imageStep: i32;
  rowStep: i32;
  pixelStep: i32;
  /** The grid. */
  rows: i32;
  columns: i32;
  /** Source pixels from one grid point to the next. */
  stepHeight: i32;
  stepWidth: i32;
  /** Taps along each axis, where the first one points, and from one to the next (≥ 1). */
  tapsHeight: i32;
  offsetHeight: i32;
  offsetStepHeight: i32;
  tapsWidth: i32;
  offsetWidth: i32;
  offsetStepWidth: i32;
  /** Between filter elements of neighbouring taps, channels, outputs. */
  filterStepHeight: i32;
  filterStepWidth: i32;
  filterStepChannel: i32;
  filterStepOutput: i32;
  outputs: i32;
  /** 1: add to the target; 0: start from the bias, or from 0. */
  accumulate: i32;
  /** An {@link Activation}. */
  activation: i32;
  /** Slope of leakyRelu, scale of elu. */
  alpha: f32;
  scratch: usize;
  scratchBytes: i32;
}
