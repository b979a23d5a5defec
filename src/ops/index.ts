// The entry reparam/ops: the operations on tensors, which the package itself has as the namespace `ops`.

export { add, div, mul, sub, type TensorOrNumber } from "./arithmetic.js";
export {
  conv2d,
  conv2dFilterGradient,
  conv2dInputGradient,
  type Conv2dOptions,
  conv2dTranspose,
  type Conv2dTransposeOptions,
} from "./conv2d.js";
export { conv2dGeometry } from "./conv2dGeometry.js";
export { dropout } from "./dropout.js";
export { embedding, type Labels, oneHot } from "./labels.js";
export { dense, matmul, type MatmulOptions } from "./matmul.js";
export { col2im, convolutionMatrix, im2col } from "./matrixView.js";
export {
  abs,
  clip,
  elu,
  erf,
  exp,
  gelu,
  geluTanh,
  leakyRelu,
  log,
  log1p,
  mish,
  relu,
  scale,
  sigmoid,
  silu,
  softplus,
  softsign,
  sqrt,
  square,
  tanh,
} from "./pointwise.js";
export { batchNorm, type BatchNormOptions, type BatchNormResult, layerNorm } from "./norm.js";
export { crop, pad, type Sides } from "./pad.js";
export { resizeConv2d, type ResizeConv2dOptions } from "./resizeConv2d.js";
export { avgPool2d, type AvgPool2dOptions, maxPool2d, type MaxPool2dOptions } from "./pool2d.js";
export { logSumExp, max, mean, type ReduceOptions, sum } from "./reduce.js";
export { concat, reshape, slice, transpose } from "./shape.js";
export { logSoftmax, softmax, type SoftmaxOptions } from "./softmax.js";
export type { EpilogueOptions, FusedActivation } from "./epilogue.js";
export { upsampleNearest } from "./upsample2d.js";
export type { Conv2dWindowOptions } from "./conv2dGeometry.js";
