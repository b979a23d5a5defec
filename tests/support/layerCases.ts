// Every layer with random options, an input shape that it takes, and the parameters and state that it must make.

import * as fc from "fast-check";
import {
  type ActivationName,
  type ActivationOptions,
  avgPool2d,
  batchNorm,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  elu,
  flatten,
  gaussianNoise,
  gelu,
  geluTanh,
  globalAvgPool,
  type KernelOptions,
  type Layer,
  layerNorm,
  leakyRelu,
  maskPatches,
  mish,
  maxPool2d,
  type Pair,
  relu,
  reshape,
  residual,
  resizeConv2d,
  saltAndPepper,
  sequential,
  type Shape,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
  upsampleNearest,
} from "../../src/index.js";
import { convolution, pooling } from "./arbitraries.js";
import { naiveGeometry, outputShape } from "./naiveGeometry.js";

/** A layer, an input shape without the batch, and the shapes of its parameters and state by name. */
export interface LayerCase {
  readonly layer: Layer;
  readonly inputShape: Shape;
  readonly params: unknown;
  readonly state: unknown;
}

const upTo = (max: number, min = 1) => fc.integer({ min, max });
/** Shapes of one input with any number of axes. */
export const inputShapes = fc.array(upTo(6), { minLength: 1, maxLength: 3 });
export const imageShapes = fc.tuple(upTo(9), upTo(9), upTo(9));

export const ACTIVATIONS = [
  ...(["linear", "relu", "leakyRelu", "elu", "gelu", "geluTanh"] as const),
  ...(["silu", "sigmoid", "tanh", "softplus", "softsign", "mish", "softmax"] as const),
] satisfies ActivationName[];

export const activationOptions: fc.Arbitrary<ActivationOptions> = fc.record(
  { activation: fc.constantFrom(...ACTIVATIONS), alpha: fc.constantFrom(0, 0.1, 0.5, 2) },
  { requiredKeys: [] },
);

/** Options of layers with a kernel, each present or absent. */
export const kernelOptions: fc.Arbitrary<KernelOptions> = fc
  .tuple(
    activationOptions,
    fc.record(
      {
        useBias: fc.boolean(),
        kernelInitializer: fc.constantFrom(
          ...(["glorotUniform", "glorotNormal", "heUniform", "heNormal", "orthogonal", "zeros"] as const),
        ),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([activation, rest]) => ({ ...activation, ...rest }));

const kernelParams = (kernel: Shape, { useBias = true }: KernelOptions, outputs: number) =>
  useBias ? { kernel, bias: [outputs] } : { kernel };

/** A case without parameters and state, for any of the shapes. */
function plain(shapes: fc.Arbitrary<Shape>, layers: fc.Arbitrary<Layer>): fc.Arbitrary<LayerCase> {
  return fc.record({
    layer: layers,
    inputShape: shapes,
    params: fc.constant({}),
    state: fc.constant({}),
  });
}

const alphas = fc.record({ alpha: fc.constantFrom(0, 0.2, 1, 3) }, { requiredKeys: [] });
const norms = (inputShape: Shape) => ({ gamma: inputShape.slice(-1), beta: inputShape.slice(-1) });

const maskOptions = fc
  .tuple(fc.constantFrom(0, 0.3, 0.75, 1), fc.record({ value: fc.constant(0.5) }, { requiredKeys: [] }))
  .map(([ratio, value]) => ({ ratio, ...value }));
const maskPatchesOf = ([size, options]: [Pair, { ratio: number; value?: number }]) =>
  maskPatches({ size, ...options });

/** The layers by their makers' names. */
export const layerCases: Record<string, fc.Arbitrary<LayerCase>> = {
  relu: plain(inputShapes, fc.constant(relu())),
  leakyRelu: plain(inputShapes, alphas.map(leakyRelu)),
  elu: plain(inputShapes, alphas.map(elu)),
  gelu: plain(inputShapes, fc.constant(gelu())),
  geluTanh: plain(inputShapes, fc.constant(geluTanh())),
  silu: plain(inputShapes, fc.constant(silu())),
  sigmoid: plain(inputShapes, fc.constant(sigmoid())),
  tanh: plain(inputShapes, fc.constant(tanh())),
  softplus: plain(inputShapes, fc.constant(softplus())),
  mish: plain(inputShapes, fc.constant(mish())),
  softsign: plain(inputShapes, fc.constant(softsign())),
  softmax: plain(inputShapes, fc.constant(softmax())),
  dropout: plain(inputShapes, fc.constantFrom(0, 0.3, 0.99).map(dropout)),
  gaussianNoise: plain(
    inputShapes,
    fc
      .tuple(
        fc.constantFrom(0, 0.5),
        fc.record({ clip: fc.constant([-0.5, 1] as const) }, { requiredKeys: [] }),
      )
      .map(([deviation, options]) => gaussianNoise(deviation, options)),
  ),
  saltAndPepper: plain(
    inputShapes,
    fc
      .tuple(
        fc.constantFrom(0, 0.4, 1),
        fc.record({ low: fc.constant(-1), high: fc.constant(2) }, { requiredKeys: [] }),
      )
      .map(([p, options]) => saltAndPepper(p, options)),
  ),
  maskPatches: fc.oneof(
    plain(
      imageShapes,
      fc.tuple(fc.oneof(upTo(5), fc.tuple(upTo(5), upTo(5))), maskOptions).map(maskPatchesOf),
    ),
    plain(
      upTo(20).map((features) => [features]),
      fc.tuple(upTo(5), maskOptions).map(maskPatchesOf),
    ),
  ),
  flatten: plain(inputShapes, fc.constant(flatten())),
  globalAvgPool: plain(imageShapes, fc.constant(globalAvgPool())),
  upsampleNearest: plain(imageShapes, fc.oneof(upTo(3), fc.tuple(upTo(3), upTo(3))).map(upsampleNearest)),
  reshape: inputShapes.chain((inputShape) => {
    const all = { minLength: inputShape.length + 1 };
    const shapes = fc.shuffledSubarray([...inputShape, 1], all);
    return plain(fc.constant(inputShape), shapes.map(reshape));
  }),
  maxPool2d: pooling.map(({ input, poolSize, options }) => ({
    layer: maxPool2d(poolSize, options),
    inputShape: input.slice(1),
    params: {},
    state: {},
  })),
  avgPool2d: fc.tuple(pooling, fc.boolean()).map(([{ input, poolSize, options }, countIncludePad]) => ({
    layer: avgPool2d(poolSize, { ...options, countIncludePad }),
    inputShape: input.slice(1),
    params: {},
    state: {},
  })),
  dense: fc.tuple(upTo(20), upTo(20), kernelOptions).map(([features, units, options]) => ({
    layer: dense(units, options),
    inputShape: [features],
    params: kernelParams([features, units], options, units),
    state: {},
  })),
  conv2d: fc.tuple(convolution, kernelOptions).map(([{ input, filter, options }, more]) => ({
    layer: conv2d(filter[3], { kernel: [filter[0], filter[1]], ...options, ...more }),
    inputShape: input.slice(1),
    params: kernelParams(filter, more, filter[3]),
    state: {},
  })),
  conv2dTranspose: fc.tuple(convolution, kernelOptions).map(([{ input, filter, options }, more]) => {
    const [kernelHeight, kernelWidth, perGroup, outputs] = filter;
    // Padding in pixels may leave no inferred size; the convolution's own input is always possible.
    const isNamed = options.padding === undefined || typeof options.padding === "string";
    const sized = isNamed ? {} : { outputShape: [input[1], input[2]] as const };
    const kernel = [kernelHeight, kernelWidth] as const;
    return {
      layer: conv2dTranspose(input[3], { kernel, ...options, ...sized, ...more }),
      inputShape: outputShape(naiveGeometry(input, filter, options)).slice(1),
      params: kernelParams([...kernel, perGroup, outputs], more, input[3]),
      state: {},
    };
  }),
  resizeConv2d: fc
    .tuple(convolution, kernelOptions, fc.record({ factor: upTo(2) }, { requiredKeys: [] }))
    .map(([{ input, filter, options }, more, factor]) => ({
      layer: resizeConv2d(filter[3], { kernel: [filter[0], filter[1]], ...options, ...more, ...factor }),
      inputShape: input.slice(1),
      params: kernelParams(filter, more, filter[3]),
      state: {},
    })),
  batchNorm: fc
    .tuple(
      inputShapes,
      fc.record(
        {
          momentum: fc.constantFrom(0, 0.9, 1),
          epsilon: fc.constantFrom(1e-5, 0.1),
          runningVariance: fc.constantFrom("biased" as const, "unbiased" as const),
        },
        { requiredKeys: [] },
      ),
    )
    .map(([inputShape, options]) => ({
      layer: batchNorm(options),
      inputShape,
      params: norms(inputShape),
      state: { movingMean: inputShape.slice(-1), movingVariance: inputShape.slice(-1) },
    })),
  layerNorm: inputShapes.map((inputShape) => ({
    layer: layerNorm({ epsilon: 1e-3 }),
    inputShape,
    params: norms(inputShape),
    state: {},
  })),
  residual: fc.tuple(upTo(12), kernelOptions).map(([features, options]) => ({
    layer: residual(dense(features, options)),
    inputShape: [features],
    params: kernelParams([features, features], options, features),
    state: {},
  })),
  sequential: imageShapes.map(([height, width, channels]) => ({
    layer: sequential(
      conv2d(5, { kernel: 3, activation: "gelu" }),
      batchNorm(),
      dropout(0.2),
      sequential(flatten(), dense(3)),
    ),
    inputShape: [height, width, channels],
    params: [
      { kernel: [3, 3, channels, 5], bias: [5] },
      { gamma: [5], beta: [5] },
      {},
      [{}, { kernel: [height * width * 5, 3], bias: [3] }],
    ],
    state: [{}, { movingMean: [5], movingVariance: [5] }, {}, [{}, {}]],
  })),
};
