// The kernels as the binaries export them: raw addresses and sizes. Only this folder calls them.

type Unary = (x: number, y: number, n: number) => void;
type Derivative = (saved: number, dy: number, dx: number, n: number) => void;
type UnaryWith1 = (x: number, y: number, n: number, parameter: number) => void;
type DerivativeWith1 = (saved: number, dy: number, dx: number, n: number, parameter: number) => void;
type Arithmetic = (a: number, aLength: number, b: number, bLength: number, y: number, n: number) => void;
type Reduction = (x: number, y: number, outer: number, axis: number, inner: number) => void;
type ReductionGradient = (
  x: number,
  y: number,
  dy: number,
  dx: number,
  outer: number,
  axis: number,
  inner: number,
) => void;
type Upsampling = (
  from: number,
  to: number,
  batch: number,
  height: number,
  width: number,
  channels: number,
  factorHeight: number,
  factorWidth: number,
) => void;

type Sgd = (
  p: number,
  g: number,
  velocity: number,
  n: number,
  rate: number,
  momentum: number,
  nesterov: number,
  weightDecay: number,
  decoupledDecay: number,
) => void;
type Adam = (
  p: number,
  g: number,
  m: number,
  v: number,
  n: number,
  rate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  correction1: number,
  correction2: number,
  weightDecay: number,
  decoupledDecay: number,
  epsilonInsideCorrection: number,
) => void;
type Rmsprop = (
  p: number,
  g: number,
  s: number,
  mean: number,
  velocity: number,
  n: number,
  rate: number,
  decay: number,
  momentum: number,
  epsilon: number,
  epsilonInsideRoot: number,
  weightDecay: number,
  decoupledDecay: number,
) => void;
type Adagrad = (
  p: number,
  g: number,
  s: number,
  n: number,
  rate: number,
  epsilon: number,
  epsilonInsideRoot: number,
  weightDecay: number,
  decoupledDecay: number,
) => void;

type Normalize = (
  x: number,
  mean: number,
  variance: number,
  gamma: number,
  beta: number,
  y: number,
  rows: number,
  channels: number,
  epsilon: number,
) => void;
type NormalizeParameterGradients = (
  x: number,
  dy: number,
  mean: number,
  variance: number,
  dgamma: number,
  dbeta: number,
  rows: number,
  channels: number,
  epsilon: number,
) => void;
type NormalizeInputGradient = (
  x: number,
  dy: number,
  mean: number,
  variance: number,
  gamma: number,
  dgamma: number,
  dbeta: number,
  dx: number,
  rows: number,
  channels: number,
  epsilon: number,
) => void;

type BceLogitsGradient = (z: number, t: number, dy: number, dyLength: number, dz: number, n: number) => void;
type BceProbabilitiesGradient = (
  p: number,
  t: number,
  dy: number,
  dyLength: number,
  dp: number,
  n: number,
  low: number,
  high: number,
) => void;

/** Names of the kernels with one input, one output and no parameter. */
export type UnaryName =
  | "relu"
  | "gelu"
  | "geluTanh"
  | "silu"
  | "sigmoid"
  | "tanh"
  | "softplus"
  | "exp"
  | "log"
  | "log1p"
  | "erf"
  | "sqrt"
  | "square"
  | "abs";

export type ArithmeticName = "add" | "sub" | "mul" | "div" | "maximum" | "minimum";
export type ReductionName = "sum" | "mean" | "max" | "logSumExp";

export type KernelExports = Record<UnaryName | "negate", Unary> &
  Record<`${UnaryName}Gradient`, Derivative> &
  Record<"leakyRelu" | "elu", UnaryWith1> &
  Record<"leakyReluGradient" | "eluGradient", DerivativeWith1> &
  Record<ArithmeticName, Arithmetic> &
  Record<ReductionName, Reduction> & {
    heapBase(): number;
    gemm(
      a: number,
      b: number,
      c: number,
      bias: number,
      m: number,
      n: number,
      k: number,
      transposeA: number,
      transposeB: number,
      alpha: number,
      beta: number,
      activation: number,
      slope: number,
      scratch: number,
      scratchBytes: number,
    ): void;
    correlate(job: number): void;
    correlateFilterGradient(job: number): void;
    depthwise(x: number, w: number, bias: number, y: number, geometry: number): void;
    depthwiseInputGradient(dy: number, w: number, bias: number, dx: number, geometry: number): void;
    depthwiseFilterGradient(x: number, dy: number, dw: number, geometry: number): void;
    im2col(x: number, columns: number, geometry: number): void;
    col2im(columns: number, x: number, geometry: number): void;
    scale(x: number, y: number, n: number, factor: number, offset: number): void;
    clip(x: number, y: number, n: number, low: number, high: number): void;
    clipGradient(saved: number, dy: number, dx: number, n: number, low: number, high: number): void;
    axpy(alpha: number, x: number, y: number, n: number): void;
    fill(y: number, n: number, value: number): void;
    maxGradient: ReductionGradient;
    logSumExpGradient: ReductionGradient;
    channelVariance(x: number, mean: number, variance: number, rows: number, channels: number): void;
    normalize: Normalize;
    normalizeParameterGradients: NormalizeParameterGradients;
    normalizeInputGradient: NormalizeInputGradient;
    bceLogits(z: number, t: number, y: number, n: number): void;
    bceLogitsGradient: BceLogitsGradient;
    bceProbabilities(p: number, t: number, y: number, n: number, low: number, high: number): void;
    bceProbabilitiesGradient: BceProbabilitiesGradient;
    countOutside(x: number, n: number, low: number, high: number): number;
    softmax(x: number, y: number, rows: number, columns: number): void;
    logSoftmax(x: number, y: number, rows: number, columns: number): void;
    softmaxGradient(y: number, dy: number, dx: number, rows: number, columns: number): void;
    logSoftmaxGradient(y: number, dy: number, dx: number, rows: number, columns: number): void;
    transpose(x: number, y: number, batch: number, rows: number, columns: number): void;
    stridedCopy(x: number, y: number, rank: number, shape: number, xStrides: number, yStrides: number): void;
    upsampleNearest2d: Upsampling;
    upsampleNearest2dGradient: Upsampling;
    maxPool2d(x: number, y: number, geometry: number): void;
    maxPool2dGradient(x: number, dy: number, dx: number, geometry: number): void;
    avgPool2d(x: number, y: number, geometry: number): void;
    avgPool2dGradient(dy: number, dx: number, geometry: number): void;
    sgd: Sgd;
    adam: Adam;
    rmsprop: Rmsprop;
    adagrad: Adagrad;
    threefryBits(key0: number, key1: number, counter0: number, y: number, n: number): void;
    threefryBlock(key0: number, key1: number, counter0: number, counter1: number, y: number): void;
    uniform(key0: number, key1: number, y: number, n: number, low: number, high: number): void;
    truncatedNormal(key0: number, key1: number, y: number, n: number, low: number, high: number): void;
    normal(key0: number, key1: number, y: number, n: number, mean: number, deviation: number): void;
    bernoulli(key0: number, key1: number, y: number, n: number, probability: number): void;
    sumOfSquares(x: number, n: number): number;
    dot(x: number, y: number, n: number): number;
    countNonFinite(x: number, n: number): number;
    multiplyAddLoop(count: number, address: number): void;
  };
