// The entry `reparam`: tensors, operations, layers, models, training. It imports no package at all.

// First, so that bundlers put the packed kernels at the beginning: between lines of code, compressors spend 0.6 KB more.
export { configure, type Configuration } from "./wasm/configure.js";
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
} from "./autodiff/autodiff.js";
export { checkGradient, type GradientReport } from "./autodiff/checkGradient.js";
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
  bitsPerDimension,
  type DiscretizedLogistic,
  discretizedLogisticLogProb,
  type DiscretizedLogisticOptions,
} from "./distributions/discretizedLogistic.js";
export {
  type EstimatorOptions,
  type GradientEstimate,
  reparameterizedGradient,
  type SampleFunction,
  scoreFunctionGradient,
  type ScoreFunctionOptions,
} from "./distributions/estimators.js";
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
export {
  type GaussianMixture,
  mixtureLogProb,
  mixtureResponsibilities,
  sampleMixture,
} from "./distributions/mixture.js";
export { loadModel, type LoadedModel, saveModel } from "./files/modelFile.js";
export { readSafetensors, type SafetensorsFile, writeSafetensors } from "./files/safetensors.js";
export { readTree, writeTree } from "./files/treeFile.js";
export { flattenTree, unflattenTree } from "./files/treePaths.js";
export type { Conv2dGeometry, Padding, Pair, WindowOptions } from "./geometry/conv2d.js";
export type { TransposeOptions } from "./geometry/conv2dTranspose.js";
export * from "./layers/index.js";
export { layerFromSpec, type LayerMakers } from "./layers/fromSpec.js";
export {
  binaryCrossEntropy,
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
} from "./losses/binaryCrossEntropy.js";
export type { Reduction, ReductionOptions } from "./losses/reduction.js";
export { halfSquaredError, squaredError } from "./losses/squaredError.js";
export {
  accuracy,
  accuracyByRejection,
  confusionMatrix,
  quantile,
  type RejectionPoint,
} from "./statistics/classification.js";
export { rocAuc, spearman } from "./statistics/ranks.js";
export type { Values } from "./statistics/values.js";
export { autoencoder, type Autoencoder, type AutoencoderOptions } from "./models/autoencoder.js";
export { codebookUsage, type CodebookUsage } from "./models/codebook.js";
export type { Batch, BatchLike } from "./models/batch.js";
export type { BatchOptions } from "./models/batches.js";
export type { Beta, BetaSchedule } from "./models/vae/beta.js";
export type { Bound, BoundOptions } from "./models/vae/bound.js";
export { latentUsage, type LatentUsage, usageWarnings } from "./models/vae/latentUsage.js";
export { type Classification, classify, type ClassifyOptions } from "./models/vae/classify.js";
export type { Condition, GivenLabels, LabelOptions } from "./models/vae/condition.js";
export type { FreeBits } from "./models/vae/freeBits.js";
export { type AnyModel, type CustomParts, type EncodingModel, modelFromSpec } from "./models/fromSpec.js";
export { imageAutoencoder, type ImageNetworkOptions, imageVae } from "./models/imageModels.js";
export { imageVqVae, type ImageVqVaeOptions } from "./models/imageVqVae.js";
export * as lectures from "./models/lectures.js";
export type { Likelihood } from "./models/vae/likelihood.js";
export type {
  AutoencoderSpec,
  LossOptions,
  LossResult,
  Model,
  ModelParams,
  ModelSpec,
  Part,
} from "./models/model.js";
export { pixelCnn } from "./models/pixels/pixelCnn.js";
export { pixelRnn } from "./models/pixels/pixelRnn.js";
export type {
  CompleteOptions,
  PixelDrawOptions,
  PixelGenerateOptions,
  PixelModel,
  PixelModelOptions,
  PixelModelType,
} from "./models/pixels/types.js";
export { summary } from "./models/summary.js";
export type { ReconstructionLoss, ReconstructionReduction } from "./models/reconstructionLoss.js";
export type { RefineOptions } from "./models/vae/refinePosterior.js";
export { vqVae, type VqVae, type VqVaeOptions } from "./models/vqVae.js";
export { vae } from "./models/vae/vae.js";
export type {
  GenerateOptions,
  SampleOptions,
  ScoreOptions,
  Vae,
  VaeLossOptions,
  VaeOptions,
} from "./models/vae/types.js";
export type { GenericStore, NdArrayLike } from "./tensor/ndarrayLike.js";
export * as ops from "./ops/index.js";
export { accumulateGradients, type AccumulateState } from "./optimizers/accumulateGradients.js";
export { adagrad, type AdagradOptions, type AdagradState } from "./optimizers/adagrad.js";
export { adam, type AdamOptions, type AdamState, adamw } from "./optimizers/adam.js";
export type { Mask, MaskTree } from "./optimizers/mask.js";
export { averageOf, movingAverage, type MovingAverageState } from "./optimizers/movingAverage.js";
export type { Optimizer } from "./optimizers/optimizer.js";
export type { Schedule } from "./optimizers/schedule.js";
export { rmsprop, type RmspropOptions, type RmspropState } from "./optimizers/rmsprop.js";
export type { OptimizerOptions, StepState } from "./optimizers/elementwise.js";
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
export { fromPlain, type Plain, type PlainTensor, toPlain } from "./tensor/plain.js";
export { scope } from "./tensor/scope.js";
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
} from "./tensor/tensor.js";
export type { Best, Checkpoint, FitState, Settings } from "./training/checkpoint.js";
export { readCheckpoint, writeCheckpoint } from "./training/checkpointFile.js";
export { DivergenceError, type DivergenceDetails } from "./training/divergence.js";
export { fit, type FitResult } from "./training/fit.js";
export type { EarlyStopping, FitOptions, Progress } from "./training/fitOptions.js";
export type { Averages, EpochRecord, History, StepRecord } from "./training/history.js";
export type { Batches, Examples, TrainingData } from "./training/source.js";
export { createTrainer, type StepResult, type Trainer, type TrainerState } from "./training/trainer.js";
export type { TrainerOptions } from "./training/trainerOptions.js";
export type { Tree } from "./tensor/tree.js";
export { trace, type Trace, type TraceNode } from "./autodiff/trace.js";

// Types that the signatures above name.
export type { CheckGradientOptions } from "./autodiff/checkGradient.js";
export type { Moment } from "./models/model.js";
export type { Inputs } from "./autodiff/opDefinition.js";
export type { BinaryName, CompiledModule } from "./wasm/binary.js";
