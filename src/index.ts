// The public surface of reparam.

export {
  defineOp,
  grad,
  type Gradient,
  type GradientContext,
  type GradOptions,
  type Loss,
  type OpDefinition,
  stopGradient,
  valueAndGrad,
  type ValueAndGrad,
  vjp,
} from "./autodiff.js";
export { checkGradient, type GradientReport } from "./checkGradient.js";
export { type IdxOptions, loadIdx, readIdx } from "./data/idx.js";
export {
  type Bernoulli,
  bernoulliEntropy,
  bernoulliLogProb,
  sampleBernoulli,
} from "./distributions/bernoulli.js";
export {
  type Categorical,
  categoricalEntropy,
  categoricalLogProb,
  sampleCategorical,
} from "./distributions/categorical.js";
export {
  type EstimatorOptions,
  type GradientEstimate,
  reparameterizedGradient,
  type SampleFunction,
  scoreFunctionGradient,
  type ScoreFunctionOptions,
} from "./distributions/estimators.js";
export { fitMixture, type FitMixtureOptions, type MixtureFit } from "./distributions/fitMixture.js";
export {
  type DiagonalGaussian,
  gaussianEntropy,
  gaussianLogProb,
  klGaussians,
  klStandardNormal,
  reparameterize,
} from "./distributions/gaussian.js";
export {
  type GaussianLikelihood,
  gaussianNll,
  type GaussianNllOptions,
} from "./distributions/gaussianNll.js";
export { type GaussianMixture, mixtureLogProb, sampleMixture } from "./distributions/mixture.js";
export { readNpy, writeNpy } from "./files/npy.js";
export { readSafetensors, type SafetensorsFile, writeSafetensors } from "./files/safetensors.js";
export { flattenTree, unflattenTree } from "./files/treePaths.js";
export type { Conv2dGeometry, Padding, Pair, WindowOptions } from "./geometry.js";
export type { TransposeOptions } from "./transposedGeometry.js";
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
} from "./layers/activations.js";
export { type Heads, parallel, residual, sequential } from "./layers/combine.js";
export {
  conv2d,
  type Conv2dLayerOptions,
  conv2dTranspose,
  type Conv2dTransposeLayerOptions,
  resizeConv2d,
  type ResizeConv2dOptions,
  upsampleNearest,
} from "./layers/convolution.js";
export { dense, type KernelOptions, type KernelParams } from "./layers/dense.js";
export type { InitializerName } from "./layers/initializers.js";
export type { Applied, ApplyContext, Initialized, Layer, LayerSpec, None } from "./layers/layer.js";
export { dropout, gaussianNoise } from "./layers/noise.js";
export {
  batchNorm,
  type BatchNormLayerOptions,
  type BatchNormState,
  layerNorm,
  type NormParams,
} from "./layers/normalization.js";
export { avgPool2d, globalAvgPool, maxPool2d } from "./layers/pooling.js";
export { flatten, reshape } from "./layers/shape.js";
export { summary } from "./layers/summary.js";
export {
  binaryCrossEntropy,
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
} from "./losses/binaryCrossEntropy.js";
export type { Reduction, ReductionOptions } from "./losses/reduction.js";
export { halfSquaredError, squaredError } from "./losses/squaredError.js";
export {
  type Float32NdArray,
  fromNdarray,
  type GenericStore,
  type NdArrayLike,
  toNdarray,
} from "./ndarray.js";
export * as ops from "./ops/index.js";
export { accumulateGradients, type AccumulateState } from "./optimizers/accumulateGradients.js";
export { adagrad, type AdagradOptions, type AdagradState } from "./optimizers/adagrad.js";
export { adam, type AdamOptions, type AdamState, adamw } from "./optimizers/adam.js";
export type { Mask, MaskTree } from "./optimizers/mask.js";
export { averageOf, movingAverage, type MovingAverageState } from "./optimizers/movingAverage.js";
export type { Optimizer } from "./optimizers/optimizer.js";
export type { Schedule } from "./optimizers/rate.js";
export { rmsprop, type RmspropOptions, type RmspropState } from "./optimizers/rmsprop.js";
export type { OptimizerOptions, StepState } from "./optimizers/rule.js";
export * as schedules from "./optimizers/schedules.js";
export { sgd, type SgdOptions, type SgdState } from "./optimizers/sgd.js";
export {
  chain,
  clipByGlobalNorm,
  clipByValue,
  globalNorm,
  type GradientTransform,
  weightDecay,
} from "./optimizers/transforms.js";
export { runtimeInfo, type RuntimeInfo } from "./wasm/info.js";
export * as random from "./random/index.js";
export { fold, type Key, key, split } from "./random/keys.js";
export { scope } from "./scope.js";
export {
  equals,
  full,
  item,
  type NestedArray,
  type NumericArray,
  ones,
  type Shape,
  tensor,
  Tensor,
  zeros,
} from "./tensor.js";
export type { Tree } from "./tree.js";
export { configure, type Configuration } from "./wasm/runtime.js";
