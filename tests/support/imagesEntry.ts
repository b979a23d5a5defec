// What the entry `reparam/images` is going to give, until it does.

export * from "../../src/images.js";
export {
  checkerboardEnergy,
  montage,
  overlapCount,
  peakSignalToNoise,
  removeAlpha,
  resizeImages,
  toGrey,
} from "../../src/index.js";
