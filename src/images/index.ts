// The entry `reparam/images`: pictures as PNG files (by the package fast-png), their preparation, and measures of them.

export {
  type Background,
  type BackgroundOptions,
  type Fit,
  type ImageSize,
  removeAlpha,
  resizeImages,
  type ResizeOptions,
  toGrey,
} from "./resize.js";
export {
  checkerboardEnergy,
  type CheckerboardOptions,
  overlapCount,
  type OverlapOptions,
} from "./checkerboard.js";
export { montage, type MontageOptions } from "./montage.js";
export { peakSignalToNoise, type PeakSignalToNoiseOptions } from "./peakSignalToNoise.js";
export { type PngOptions, type PngReadOptions, readPng, writePng } from "./png.js";
