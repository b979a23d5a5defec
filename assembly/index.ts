// What the binaries export: kernels by name. Nothing is computed here.

export * from "./activations";
export { add, axpy, div, fill, mul, sub } from "./arithmetic";
export { correlate } from "./correlate";
export { correlateFilterGradient } from "./correlateFilterGradient";
export { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise";
export { activate, activateGradient } from "./fusedActivation";
export { gemm } from "./gemm";
export { col2im, im2col } from "./im2col";
export {
  bceLogits,
  bceLogitsGradient,
  bceProbabilities,
  bceProbabilitiesGradient,
  countOutside,
} from "./losses";
export { adagrad, adam, rmsprop, sgd } from "./optimizer";
export * from "./pointwise";
export { channelVariance, normalize, normalizeInputGradient, normalizeParameterGradients } from "./norm";
export { avgPool2d, avgPool2dGradient, maxPool2d, maxPool2dGradient } from "./pool2d";
export { bernoulli, normal, threefryBits, threefryBlock, truncatedNormal, uniform } from "./random";
export { countNonFinite, max, maxGradient, mean, sum, sumOfSquares } from "./reduce";
export { multiplyAddLoop } from "./roofline";
export {
  logSoftmax,
  logSoftmaxGradient,
  logSumExp,
  logSumExpGradient,
  softmax,
  softmaxGradient,
} from "./softmax";
export { stridedCopy, transpose } from "./transpose";
export { upsampleNearest2d, upsampleNearest2dGradient } from "./upsample2d";

/** First address behind the constants: everything from here on is the caller's. */
export function heapBase(): usize {
  return __heap_base;
}
