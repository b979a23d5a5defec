// All layers: each function that is exported here makes one, and descriptions name it as it is named here.

export {
  type ActivationName,
  type ActivationOptions,
  elu,
  gelu,
  geluTanh,
  leakyRelu,
  mish,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
} from "./activations.js";
export { type Heads, parallel, residual, sequential } from "./combine.js";
export {
  conv2d,
  type Conv2dLayerOptions,
  conv2dTranspose,
  type Conv2dTransposeLayerOptions,
  resizeConv2d,
  type ResizeConv2dLayerOptions,
  upsampleNearest,
} from "./convolution.js";
export { dense, type KernelOptions, type KernelParams } from "./dense.js";
export type { InitializerName } from "./initializers.js";
export type { Applied, ApplyContext, Children, Initialized, Layer, LayerSpec, None } from "./layer.js";
export { type MaskLayer, maskPatches, type MaskPatchesOptions } from "./masks.js";
export {
  dropout,
  gaussianNoise,
  type GaussianNoiseOptions,
  saltAndPepper,
  type SaltAndPepperOptions,
} from "./noise.js";
export {
  batchNorm,
  type BatchNormLayerOptions,
  type BatchNormState,
  layerNorm,
  type NormParams,
} from "./normalization.js";
export { avgPool2d, globalAvgPool, maxPool2d } from "./pooling.js";
export { flatten, reshape } from "./shape.js";
