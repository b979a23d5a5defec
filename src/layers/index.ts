// The layers, as the package exports them.

export {
  type ActivationName,
  type ActivationOptions,
  elu,
  gelu,
  geluTanh,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from "./activations.js";
export { type Heads, parallel, residual, sequential } from "./combine.js";
export {
  conv2d,
  type Conv2dLayerOptions,
  conv2dTranspose,
  type Conv2dTransposeLayerOptions,
  resizeConv2d,
  type ResizeConv2dOptions,
  upsampleNearest,
} from "./convolution.js";
export { dense, type KernelOptions, type KernelParams } from "./dense.js";
export type { InitializerName } from "./initializers.js";
export type { Applied, ApplyContext, Initialized, Layer, LayerSpec, None } from "./layer.js";
export { dropout, gaussianNoise } from "./noise.js";
export {
  batchNorm,
  type BatchNormLayerOptions,
  type BatchNormState,
  layerNorm,
  type NormParams,
} from "./normalization.js";
export { avgPool2d, globalAvgPool, maxPool2d } from "./pooling.js";
export { flatten, reshape } from "./shape.js";
export { summary } from "./summary.js";
