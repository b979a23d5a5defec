// The entry `reparam`: tensors, operations, layers, models, training. It imports no package at all.

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
export { type CsvFile, type CsvOptions, readCsv, type Separator } from "./data/csv.js";
export { FACE_RANGES, type FaceFactor, type FaceFactors } from "./data/faceFactors.js";
export {
  type FaceReadings,
  type FaceReadout,
  type FaceReadoutOptions,
  fitFaceReadout,
  readFaces,
} from "./data/faceReadout.js";
export { drawFace, type Faces, faces, type FacesOptions } from "./data/faces.js";
export { type IdxOptions, loadIdx, readIdx } from "./data/idx.js";
export {
  type Background,
  type BackgroundOptions,
  type Fit,
  type ImageSize,
  removeAlpha,
  resizeImages,
  type ResizeOptions,
  toGrey,
} from "./data/images.js";
export { SHAPE_KINDS, type ShapeFactors, type Shapes, shapes, type ShapesOptions } from "./data/shapes.js";
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
export { loadModel, type LoadedModel, saveModel } from "./files/modelFile.js";
export { readNpy, writeNpy } from "./files/npy.js";
export { readSafetensors, type SafetensorsFile, writeSafetensors } from "./files/safetensors.js";
export { readTree, writeTree } from "./files/treeFile.js";
export { flattenTree, unflattenTree } from "./files/treePaths.js";
export type { Conv2dGeometry, Padding, Pair, WindowOptions } from "./geometry.js";
export type { TransposeOptions } from "./transposedGeometry.js";
export { attributeVector, averageCode } from "./latent/attributes.js";
export {
  checkerboardEnergy,
  type CheckerboardOptions,
  overlapCount,
  type OverlapOptions,
} from "./latent/checkerboard.js";
export { latentGrid, type LatentGridOptions } from "./latent/grid.js";
export { interpolate, type InterpolateOptions, type Interpolation } from "./latent/interpolate.js";
export { montage, type MontageOptions } from "./latent/montage.js";
export { normalQuantile } from "./latent/normalQuantile.js";
export { pca, type PcaOptions, type PrincipalComponents, project, unproject } from "./latent/pca.js";
export type { StepOptions } from "./latent/rows.js";
export { moveAlong, traverse, type TraverseOptions } from "./latent/traverse.js";
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
export { layerFromSpec, type LayerMakers } from "./layers/fromSpec.js";
export type { InitializerName } from "./layers/initializers.js";
export type { Applied, ApplyContext, Children, Initialized, Layer, LayerSpec, None } from "./layers/layer.js";
export { type MaskLayer, maskPatches, type MaskPatchesOptions } from "./layers/masks.js";
export {
  dropout,
  gaussianNoise,
  type GaussianNoiseOptions,
  saltAndPepper,
  type SaltAndPepperOptions,
} from "./layers/noise.js";
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
export { peakSignalToNoise, type PeakSignalToNoiseOptions } from "./metrics/peakSignalToNoise.js";
export { rocAuc, spearman } from "./metrics/ranks.js";
export type { Values } from "./metrics/values.js";
export { autoencoder, type Autoencoder, type AutoencoderOptions } from "./models/autoencoder.js";
export type { Batch, BatchLike } from "./models/batch.js";
export type { BatchOptions } from "./models/batches.js";
export type { Beta, BetaSchedule } from "./models/beta.js";
export type { Bound, BoundOptions } from "./models/bound.js";
export { latentUsage, type LatentUsage, usageWarnings } from "./models/collapse.js";
export type { FreeBits } from "./models/freeBits.js";
export { type AnyModel, type CustomParts, modelFromSpec } from "./models/fromSpec.js";
export { imageAutoencoder, type ImageNetworkOptions, imageVae } from "./models/imageModels.js";
export * as lectures from "./models/lectures.js";
export type { Likelihood } from "./models/likelihood.js";
export type { LossOptions, LossResult, Model, ModelParams, ModelSpec } from "./models/model.js";
export type { ReconstructionLoss, ReconstructionReduction } from "./models/reconstructionLoss.js";
export type { RefineOptions } from "./models/refine.js";
export { vae } from "./models/vae.js";
export type {
  GenerateOptions,
  SampleOptions,
  ScoreOptions,
  Vae,
  VaeLossOptions,
  VaeOptions,
} from "./models/vaeTypes.js";
export type { GenericStore, NdArrayLike } from "./ndarrayLike.js";
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
export { fromPlain, type Plain, type PlainTensor, toPlain } from "./plain.js";
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
export { DivergenceError, type DivergenceDetails } from "./training/divergence.js";
export { fit, type FitResult } from "./training/fit.js";
export type { EarlyStopping, FitOptions, Progress } from "./training/fitOptions.js";
export type { Averages, EpochRecord, History, StepRecord } from "./training/history.js";
export type { Batches, Examples, TrainingData } from "./training/source.js";
export {
  createTrainer,
  type StepResult,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
} from "./training/trainer.js";
export type { Tree } from "./tree.js";
export { trace, type Trace, type TraceNode } from "./trace.js";
export { configure, type Configuration } from "./wasm/runtime.js";

// Types that the signatures above name.
export type { CheckGradientOptions } from "./checkGradient.js";
export type { LinearFit } from "./data/ridge.js";
export type { Moment } from "./models/model.js";
export type { Inputs } from "./opDefinition.js";
export type { BinaryName, CompiledModule } from "./wasm/binary.js";
