// Matrix products, convolutions, poolings and upsamplings with their definitions in float64, drawn over their option
// spaces, for the gradient law.

import * as fc from "fast-check";
import { type Conv2dGeometry, ops, type Shape, type Tensor, tensor } from "../../src/index.js";
import {
  convolution,
  type ConvolutionCase,
  integers,
  pooling,
  poolingGeometry,
  reals,
  seed,
  shuffled,
} from "./arbitraries.js";
import type { Definition } from "./differentiable.js";
import { type Sample, type Samples, upTo } from "./gradientCases.js";
import * as naive from "./naive.js";
import { filterShape, naiveGeometry, outputShape } from "./naiveGeometry.js";
import * as pools from "./naivePooling.js";
import { sigmoid } from "./specialFunctions.js";

/** A fused activation and whether a bias is added. */
const epilogues = fc.record({
  activation: fc.constantFrom("linear", "relu", "leakyRelu", "elu", "sigmoid", "tanh"),
  alpha: fc.option(fc.constantFrom(0, 0.3, 2), { nil: undefined }),
  hasBias: fc.boolean(),
});
type Epilogue = typeof epilogues extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const optionsOf = ({ activation, alpha }: Epilogue) => ({
  activation,
  ...(alpha === undefined ? {} : { alpha }),
});
const isSmooth = ({ activation }: Epilogue) => ["linear", "sigmoid", "tanh"].includes(activation);

function activate(z: number, { activation, alpha }: Epilogue): number {
  if (activation === "relu") return Math.max(z, 0);
  if (activation === "leakyRelu") return z > 0 ? z : (alpha ?? 0.01) * z;
  if (activation === "elu") return z > 0 ? z : (alpha ?? 1) * Math.expm1(z);
  if (activation === "sigmoid") return sigmoid(z);
  return activation === "tanh" ? Math.tanh(z) : z;
}

/** Most terms of a sum before a kink: sums of whole numbers lie half from it then, and cannot cross. */
const MOST_TERMS = 20;

/** Two factors and a bias, where there is one: activations with a kink see whole numbers and a half. */
function factors(
  shapes: readonly [Shape, Shape],
  channels: number,
  epilogue: Epilogue,
  at: number,
): Tensor[] {
  const [left, right] = shapes.map((shape, i) =>
    isSmooth(epilogue) ? reals(shape, at + i) : integers(shape, at + i, 2),
  );
  if (!epilogue.hasBias) return [left, right];
  const whole = integers([channels], at + 2, 3);
  return [left, right, tensor(whole.data.map((x) => x + 0.5))];
}

/** Adds the bias and applies the activation. */
function finished(products: naive.Sums, bias: Float64Array | undefined, epilogue: Epilogue): Float64Array {
  const channels = products.shape[products.shape.length - 1];
  return products.data.map((z, i) => activate(z + (bias?.[i % channels] ?? 0), epilogue));
}

/** Kinks need the bias that keeps them away. */
const safely = fc
  .record({ epilogue: epilogues })
  .map(({ epilogue }) => (isSmooth(epilogue) ? epilogue : { ...epilogue, hasBias: true }));

const withBias = (bias: Tensor | undefined) => (bias ? { bias } : {});

const matmul: Samples = fc
  .record({
    m: upTo(9),
    n: upTo(9),
    k: upTo(MOST_TERMS),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    scale: fc.constantFrom(1, 1, -2, 3),
    epilogue: safely,
    seed,
  })
  .map(({ m, n, k, transposeA, transposeB, scale, epilogue, seed }): Sample => {
    const shapes = [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]] as const;
    const options = { transposeA, transposeB, scale, ...optionsOf(epilogue) };
    const definition: Definition = (a, b, bias) => {
      const [left, right] = [a, b].map((data, i) => ({ shape: shapes[i], data }));
      const product = naive.matmul(left, right, transposeA, transposeB);
      return finished(
        naive.map(product, (z) => scale * z),
        bias,
        epilogue,
      );
    };
    const f = (a: Tensor, b: Tensor, bias?: Tensor) => ops.matmul(a, b, { ...options, ...withBias(bias) });
    return { options: { shapes, options }, f, definition, inputs: factors(shapes, n, epilogue, seed), seed };
  });

const dense: Samples = fc
  .record({ m: upTo(9), n: upTo(9), k: upTo(MOST_TERMS), epilogue: safely, seed })
  .map(({ m, n, k, epilogue, seed }): Sample => {
    const shapes: [Shape, Shape] = [
      [m, k],
      [k, n],
    ];
    const options = optionsOf(epilogue);
    return {
      options: { shapes, options },
      f: (x, w, bias?: Tensor) => ops.dense(x, w, { ...options, ...withBias(bias) }),
      definition: (a, b, bias) => {
        const [x, w] = [a, b].map((data, i) => ({ shape: shapes[i], data }));
        return finished(naive.matmul(x, w), bias, epilogue);
      },
      inputs: factors(shapes, n, epilogue, seed),
      seed,
    };
  });

/** A convolution's geometry by the references, and how many terms its sums have, forward and transposed. */
function planOf({ input, filter, options }: ConvolutionCase) {
  const g: Conv2dGeometry = naiveGeometry(input, filter, options);
  const taps = filter[0] * filter[1];
  return { g, terms: taps * filter[2], termsBack: (taps * filter[3]) / options.groups };
}

/** Convolutions of at most this many products: their definition runs six times per case. */
const small = convolution.filter(({ input, filter, options }) => {
  const { batch, outHeight, outWidth } = naiveGeometry(input, filter, options);
  return filter.reduce((product, size) => product * size, batch * outHeight * outWidth) <= 20_000;
});

type Kind = "conv2d" | "conv2dTranspose";

/** Convolutions with an epilogue; before a kink only those of few terms. */
const finishedConvolutions = (kind: Kind) =>
  fc
    .record({ drawn: small, epilogue: safely })
    .map((one) => ({ ...one, ...planOf(one.drawn) }))
    .filter(({ epilogue, terms, termsBack }) => {
      return isSmooth(epilogue) || (kind === "conv2d" ? terms : termsBack) <= MOST_TERMS;
    });

const values = (shape: Shape, data: ArrayLike<number>) => ({ shape, data });

const conv2d: Samples = finishedConvolutions("conv2d").map(({ drawn, epilogue, g }): Sample => {
  const { input, filter, seed } = drawn;
  const options = { ...drawn.options, ...optionsOf(epilogue) };
  return {
    options: { input, filter, options },
    f: (x, w, bias?: Tensor) => ops.conv2d(x, w, { ...options, ...withBias(bias) }),
    definition: (x, w, bias) =>
      finished(naive.conv2d(values(input, x), values(filter, w), g), bias, epilogue),
    inputs: factors([input, filter], g.outChannels, epilogue, seed),
    seed,
  };
});

const resizeConv2d: Samples = fc
  .record({ one: finishedConvolutions("conv2d"), factor: fc.tuple(upTo(2), upTo(3)) })
  .map(({ one: { drawn, epilogue }, factor }): Sample => {
    const { input, filter, seed } = drawn;
    const [batch, height, width, channels] = input;
    const enlarged = [batch, height * factor[0], width * factor[1], channels] as typeof input;
    const g = naiveGeometry(enlarged, filter, drawn.options);
    const options = { ...drawn.options, ...optionsOf(epilogue) };
    return {
      options: { input, filter, factor, options },
      f: (x, w, bias?: Tensor) => ops.resizeConv2d(x, w, { factor, ...options, ...withBias(bias) }),
      definition: (x, w, bias) => {
        const grown = pools.upsampleNearest(values(input, x), factor);
        return finished(naive.conv2d(grown, values(filter, w), g), bias, epilogue);
      },
      inputs: factors([input, filter], g.outChannels, epilogue, seed),
      seed,
    };
  });

const conv2dTranspose: Samples = finishedConvolutions("conv2dTranspose").map(
  ({ drawn, epilogue, g }): Sample => {
    const { filter, seed } = drawn;
    const options = { ...drawn.options, outputShape: [g.inHeight, g.inWidth], ...optionsOf(epilogue) };
    return {
      options: { input: outputShape(g), filter, options },
      f: (y, w, bias?: Tensor) => ops.conv2dTranspose(y, w, { ...options, ...withBias(bias) }),
      definition: (y, w, bias) =>
        finished(naive.conv2dInputGradient(values(outputShape(g), y), values(filter, w), g), bias, epilogue),
      inputs: factors([outputShape(g), filter], g.inChannels, epilogue, seed),
      seed,
    };
  },
);

/** An operation that takes a geometry, of two inputs that are multiplied. */
function bilinear(
  call: (a: Tensor, b: Tensor, g: Conv2dGeometry) => Tensor,
  of: typeof naive.conv2dInputGradient,
  shapesOf: (drawn: ConvolutionCase, g: Conv2dGeometry) => [Shape, Shape],
): Samples {
  return small.map((drawn): Sample => {
    const { g } = planOf(drawn);
    const shapes = shapesOf(drawn, g);
    return {
      options: drawn,
      f: (a, b) => call(a, b, ops.conv2dGeometry(drawn.input, drawn.filter, drawn.options)),
      definition: (a, b) => of(values(shapes[0], a), values(shapes[1], b), g).data,
      inputs: shapes.map((shape, i) => reals(shape, drawn.seed + i)),
      seed: drawn.seed,
    };
  });
}

/** An operation on one image that has a geometry without groups. */
function unrolled(
  call: (x: Tensor, g: Conv2dGeometry) => Tensor,
  of: typeof naive.im2col,
  shapeOf: (g: Conv2dGeometry) => Shape,
): Samples {
  const ungrouped = small.filter(({ options }) => options.groups === 1);
  return ungrouped.map((drawn): Sample => {
    const { g } = planOf(drawn);
    return {
      options: drawn,
      f: (x) => call(x, ops.conv2dGeometry(drawn.input, drawn.filter, drawn.options)),
      definition: (x) => of(values(shapeOf(g), x), g).data,
      inputs: [reals(shapeOf(g), drawn.seed)],
      seed: drawn.seed,
    };
  });
}

const maxPool2d: Samples = pooling.map((drawn): Sample => {
  const { input, poolSize, options, seed } = drawn;
  const g = poolingGeometry(drawn);
  return {
    options: { input, poolSize, options },
    f: (x) => ops.maxPool2d(x, poolSize, options),
    definition: (x) => pools.maxPool2d(values(input, x), g).data,
    // Whole numbers, each once: no two change places.
    inputs: [shuffled(input, seed)],
    seed,
  };
});

const avgPool2d: Samples = fc.record({ drawn: pooling, countIncludePad: fc.boolean() }).map((one): Sample => {
  const { drawn, countIncludePad } = one;
  const { input, poolSize, options, seed } = drawn;
  const g = poolingGeometry(drawn);
  return {
    options: { input, poolSize, options, countIncludePad },
    f: (x) => ops.avgPool2d(x, poolSize, { ...options, countIncludePad }),
    definition: (x) => pools.avgPool2d(values(input, x), g, countIncludePad).data,
    inputs: [reals(input, seed)],
    seed,
  };
});

const upsampleNearest: Samples = fc
  .record({ input: fc.tuple(upTo(2), upTo(5), upTo(5), upTo(9)), factors: fc.tuple(upTo(3), upTo(3)), seed })
  .map(({ input, factors, seed }): Sample => ({
    options: { input, factors },
    f: (x) => ops.upsampleNearest(x, factors),
    definition: (x) => pools.upsampleNearest(values(input, x), factors).data,
    inputs: [reals(input, seed)],
    seed,
  }));

/** By the operations' names. */
export const productCases: Record<string, Samples> = {
  matmul,
  dense,
  conv2d,
  resizeConv2d,
  conv2dTranspose,
  conv2dInputGradient: bilinear(ops.conv2dInputGradient, naive.conv2dInputGradient, (drawn, g) => [
    outputShape(g),
    drawn.filter,
  ]),
  conv2dFilterGradient: bilinear(ops.conv2dFilterGradient, naive.conv2dFilterGradient, (drawn, g) => [
    drawn.input,
    outputShape(g),
  ]),
  im2col: unrolled(ops.im2col, naive.im2col, (g) => [g.batch, g.inHeight, g.inWidth, g.inChannels]),
  col2im: unrolled(ops.col2im, naive.col2im, (g) => {
    const [kernelHeight, kernelWidth, channels] = filterShape(g);
    return [g.batch * g.outHeight * g.outWidth, kernelHeight * kernelWidth * channels];
  }),
  maxPool2d,
  avgPool2d,
  upsampleNearest,
};
