// Training runs of every model, layer, optimizer and loss, for the golden checksums.

import {
  accumulateGradients,
  adagrad,
  adam,
  adamw,
  type ActivationName,
  autoencoder,
  averageOf,
  avgPool2d,
  batchNorm,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  chain,
  clipByGlobalNorm,
  clipByValue,
  conv2d,
  conv2dTranspose,
  createTrainer,
  dense,
  dropout,
  elu,
  flatten,
  gaussianNll,
  gaussianNoise,
  globalAvgPool,
  halfSquaredError,
  imageAutoencoder,
  imageVae,
  key,
  klGaussians,
  type Layer,
  layerNorm,
  leakyRelu,
  lectures,
  maskPatches,
  maxPool2d,
  type Model,
  movingAverage,
  type Optimizer,
  ops,
  parallel,
  random,
  reshape,
  residual,
  resizeConv2d,
  rmsprop,
  saltAndPepper,
  schedules,
  sequential,
  sgd,
  type Shape,
  silu,
  softmax,
  squaredError,
  tensor,
  type TrainerOptions,
  type Tree,
  upsampleNearest,
  vae,
  vjp,
} from "../../src/index.js";
import { type GoldenCase, realsOf } from "./goldenOps.js";

/** Trains for some steps; the losses, their terms, and all parameters and state behind the last step. */
function trained(model: Model, steps: number, batch: number, options: Partial<TrainerOptions> = {}): unknown {
  const trainer = createTrainer(model, { key: key(11), ...options });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const result = trainer.step(random.uniform(key(20 + step), [batch, ...model.inputShape]));
    losses.push(result.loss, ...Object.values(result.terms), result.gradientNorm);
  }
  const images = random.uniform(key(90), [batch + 1, ...model.inputShape]);
  losses.push(trainer.evaluate(images).loss);
  const params = trainer.params();
  return {
    losses: tensor(losses),
    params,
    seen: model.reconstruct(params, images),
    rest: trainer.state().optimizer,
  };
}

const models: readonly GoldenCase[] = [
  ["lectures.linear", () => trained(lectures.linear(), 5, 10)],
  ["lectures.shallow", () => trained(lectures.shallow(), 3, 32)],
  ["lectures.stacked", () => trained(lectures.stacked(), 3, 32)],
  ["lectures.convolutional", () => trained(lectures.convolutional(), 1, 2)],
  ["lectures.strided", () => trained(lectures.strided(), 2, 8)],
  ["lectures.denseVae", () => trained(lectures.denseVae(), 2, 16)],
  ["lectures.convVae", () => trained(lectures.convVae(), 2, 4)],
  ["imageVae", () => trained(imageVae({ inputShape: [12, 12, 3], channels: [4, 8], features: 32 }), 3, 8)],
  [
    "imageVae, Gaussian per pixel",
    () =>
      trained(
        imageVae({ inputShape: [10, 9, 1], likelihood: { type: "gaussian", gamma: "perPixel" }, beta: 2 }),
        3,
        5,
      ),
  ],
  [
    "imageAutoencoder",
    () => trained(imageAutoencoder({ inputShape: [12, 12, 3], channels: [4, 8], features: 32 }), 3, 8),
  ],
  [
    "vae, learned gamma and free bits",
    () =>
      trained(
        vae({
          inputShape: [9],
          latentSize: 3,
          encoder: dense(7, { activation: "tanh" }),
          decoder: dense(9),
          likelihood: { type: "gaussian", gamma: "learned" },
          freeBits: { perDimension: 0.1 },
        }),
        4,
        6,
      ),
  ],
];

/** An autoencoder whose only hidden layer is of a kind. */
const small = () =>
  autoencoder({ inputShape: [8], encoder: dense(5, { activation: "elu" }), decoder: dense(8) });
const OPTIMIZERS: Record<string, () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.1, weightDecay: 0.01 }),
  "sgd, momentum": () => sgd({ momentum: 0.9 }),
  "sgd, nesterov": () =>
    sgd({ momentum: 0.9, nesterov: true, learningRate: schedules.cosineDecay({ from: 0.1, steps: 9 }) }),
  adam: () => adam({ weightDecay: 0.1 }),
  "adam, epsilon hat": () => adam({ epsilonHat: true, epsilon: 0.01 }),
  adamw: () => adamw({ weightDecay: 0.1 }),
  adagrad: () => adagrad(),
  "adagrad, epsilon inside": () => adagrad({ epsilonInsideRoot: true, epsilon: 0.1 }),
  rmsprop: () => rmsprop({ epsilonInsideRoot: true }),
  "rmsprop, centered, momentum": () => rmsprop({ centered: true, momentum: 0.5 }),
  "clipped by norm": () => chain(clipByGlobalNorm(0.1), adam()),
  "clipped by value": () => chain(clipByValue(0.01), sgd({ learningRate: 0.5 })),
  accumulated: () => accumulateGradients(sgd({ learningRate: 0.2 }), 2),
};
const optimizers: readonly GoldenCase[] = [
  ...Object.entries(OPTIMIZERS).map(([name, make]): GoldenCase => [
    name,
    () => trained(small(), 5, 7, { optimizer: make() }),
  ]),
  [
    "movingAverage",
    () => {
      const trainer = createTrainer(small(), {
        key: key(1),
        optimizer: movingAverage(adam(), 0.9),
      });
      for (let step = 0; step < 4; step++) trainer.step(realsOf([5, 8], step));
      return averageOf(trainer.state().optimizer as never, trainer.params().weights);
    },
  ],
];

const ACTIVATIONS: readonly ActivationName[] = [
  ...(["linear", "relu", "leakyRelu", "elu", "gelu", "geluTanh"] as const),
  ...(["silu", "sigmoid", "tanh", "softplus", "softmax"] as const),
];
const INITIALIZERS = [
  "glorotUniform",
  "glorotNormal",
  "heUniform",
  "heNormal",
  "orthogonal",
  "zeros",
] as const;

const IMAGE: Shape = [6, 6, 3];
/** Layers with the shape of one input. */
const LAYERS: readonly (readonly [string, Layer<never, never>, Shape])[] = [
  ...ACTIVATIONS.map(
    (activation) => [`dense, ${activation}`, dense(9, { activation, alpha: 0.3 }), [7]] as const,
  ),
  ...ACTIVATIONS.map(
    (activation) => [`conv2d, ${activation}`, conv2d(5, { kernel: 3, activation }), IMAGE] as const,
  ),
  ...INITIALIZERS.map(
    (kernelInitializer) =>
      [`dense, ${kernelInitializer}`, dense(6, { kernelInitializer, useBias: false }), [9]] as const,
  ),
  ["conv2dTranspose", conv2dTranspose(4, { kernel: 3, stride: 2, activation: "leakyRelu" }), IMAGE],
  ["resizeConv2d", resizeConv2d(4, { kernel: 3 }), IMAGE],
  ["depthwise", conv2d(3, { kernel: 3, groups: 3, activation: "elu" }), IMAGE],
  ["upsampleNearest", upsampleNearest(2), IMAGE],
  ["maxPool2d", maxPool2d(2), IMAGE],
  ["avgPool2d", avgPool2d(3, { stride: 2 }), IMAGE],
  ["globalAvgPool", globalAvgPool(), IMAGE],
  ["batchNorm", batchNorm({ momentum: 0.8 }), IMAGE],
  ["batchNorm, unbiased", batchNorm({ runningVariance: "unbiased" }), [5]],
  ["layerNorm", layerNorm(), IMAGE],
  [
    "noise",
    sequential(gaussianNoise(0.2), saltAndPepper(0.1), dropout(0.3), maskPatches({ size: 2, ratio: 0.4 })),
    IMAGE,
  ],
  [
    "combined",
    sequential(
      residual(dense(7)),
      leakyRelu({ alpha: 0.1 }),
      elu(),
      silu(),
      softmax(),
      reshape([7, 1]),
      flatten(),
    ),
    [7],
  ],
] as never;

/** A layer's output, its new state, and the gradients by its parameters and its input. */
function applied(layer: Layer<never, never>, inputShape: Shape): unknown {
  const { params, state } = layer.init(key(3), inputShape);
  const input = realsOf([4, ...inputShape], 8);
  const context = { training: true, key: key(6) };
  const run = (all: { params: never; input: typeof input }) =>
    layer.apply(all.params, state, all.input, context);
  const { output, state: next } = run({ params, input });
  const calm = layer.apply(params, state, input).output;
  const { grads } = vjp((all: { params: never; input: typeof input }) => run(all).output)(
    realsOf(output.shape, 9),
    { params, input },
  );
  return { params, output, next, calm, grads } as Tree;
}

const layers = LAYERS.map(([name, layer, shape]): GoldenCase => [
  `layer ${name}`,
  () => applied(layer, shape),
]);

const SHAPE: Shape = [13, 3, 3, 1];
const REDUCTIONS = ["mean", "sum", "perExample", "none"] as const;
const LOSSES: Record<string, (reduction: (typeof REDUCTIONS)[number]) => unknown> = {
  squaredError: (reduction) => gradientsOf((x) => squaredError(x, realsOf(SHAPE, 2), { reduction })),
  halfSquaredError: (reduction) => gradientsOf((x) => halfSquaredError(x, realsOf(SHAPE, 2), { reduction })),
  binaryCrossEntropy: (reduction) =>
    gradientsOf((x) => binaryCrossEntropy(x, realsOf(SHAPE, 2, 0, 1), { reduction }), 0, 1),
  binaryCrossEntropyWithLogits: (reduction) =>
    gradientsOf((x) => binaryCrossEntropyWithLogits(x, realsOf(SHAPE, 2, 0, 1), { reduction }), -20, 20),
  gaussianNll: (reduction) =>
    gradientsOf((x) => gaussianNll(x, { mean: realsOf(SHAPE, 2), logVar: realsOf(SHAPE, 3) }, { reduction })),
  klGaussians: (reduction) =>
    gradientsOf((x) =>
      klGaussians(
        { mean: x, logVar: x },
        { mean: realsOf(SHAPE, 2), logVar: realsOf(SHAPE, 3) },
        { reduction },
      ),
    ),
};

function gradientsOf(
  f: (x: ReturnType<typeof realsOf>) => ReturnType<typeof realsOf>,
  low = -1,
  high = 1,
): unknown {
  const x = realsOf(SHAPE, 1, low, high);
  const value = f(x);
  return { value, grads: vjp(f)(ops.scale(realsOf(value.shape, 5), 1), x).grads };
}

const losses = Object.entries(LOSSES).map(([name, of]): GoldenCase => [name, () => REDUCTIONS.map(of)]);

const others: readonly GoldenCase[] = [
  [
    "parallel",
    () => {
      const heads = parallel({ a: dense(3), b: dense(2) });
      const { params, state } = heads.init(key(1), [4]);
      return { params, output: heads.apply(params, state, realsOf([5, 4])).output };
    },
  ],
  [
    "batchNorm of long channels",
    () =>
      vjp((all: ReturnType<typeof realsOf>[]) => {
        const [x, gamma, beta] = all;
        return ops.batchNorm(x!, gamma!, beta!, realsOf([19], 4), realsOf([19], 5, 0.5, 1), {
          training: true,
        }).output;
      })(realsOf([2000, 19], 9), [realsOf([2000, 19]), realsOf([19], 2), realsOf([19], 3)]) as Tree,
  ],
];

/** Every model, optimizer, layer and loss. */
export const trainingCases: readonly GoldenCase[] = [
  ...models,
  ...optimizers,
  ...layers,
  ...losses,
  ...others,
];
