// The kernels by name; the build makes an entry of the binaries for each. Nothing is computed here.

export * from "./activations";
export { add, axpy, div, fill, mul, sub } from "./arithmetic";
export { correlate, packFilter } from "./correlate";
export { correlateFilterGradient } from "./correlateFilterGradient";
export { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise";
export { activate, activateGradient } from "./fusedActivation";
export * from "./gates";
export { gemm, packProduct } from "./gemm";
export { col2im, im2col } from "./im2col";
export {
  bceLogits,
  bceLogitsGradient,
  bceProbabilities,
  bceProbabilitiesGradient,
  countOutside,
} from "./losses";
export * from "./optimizer";
export * from "./pointwise";
export { channelSquares, normalize } from "./norm";
export { normalizeInputGradient, normalizeParameterGradients } from "./normGradient";
export { addPartials, addSums } from "./partials";
export { avgPool2d, avgPool2dGradient, maxPool2d, maxPool2dGradient } from "./pool2d";
export { max, maxGradient } from "./maxima";
export { bernoulli, normal, truncatedNormal, uniform } from "./random";
export { countNonFinite, sum, sumOfRows, sumOfSquares } from "./reduce";
export { multiplyAddLoop } from "./roofline";
export {
  logSoftmax,
  logSoftmaxGradient,
  logSumExp,
  logSumExpGradient,
  softmax,
  softmaxGradient,
} from "./softmax";
export { threefryBits, threefryBlock } from "./threefry";
export { stridedCopy, transpose } from "./transpose";
export { packWinograd, winograd } from "./winograd";
export { winogradFilterGradient } from "./winogradFilterGradient";
export { upsampleNearest2d, upsampleNearest2dGradient } from "./upsample2d";
