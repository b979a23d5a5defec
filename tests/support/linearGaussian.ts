// The linear-Gaussian model x = W z + b + γ·noise as a public VAE, and in float64 what is known of it in closed form.

import {
  dense,
  type DiagonalGaussian,
  flatten,
  key,
  type Layer,
  type ModelParams,
  sequential,
  tensor,
  type Tensor,
  vae,
  type Vae,
} from "../../src/index.js";
import { uniforms } from "./arbitraries.js";

type Vector = readonly number[];
/** Rows of columns. */
type Matrix = readonly Vector[];

/** W is `[size, latentSize]`. */
export interface LinearGaussian {
  readonly W: Matrix;
  readonly b: Vector;
  readonly gamma: number;
}

/** The exact posterior of one example. */
export interface Posterior {
  readonly mean: Vector;
  readonly variance: Vector;
}

const LOG_TWO_PI = Math.log(2 * Math.PI);
const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const column = (matrix: Matrix, j: number): Vector => matrix.map((row) => row[j]);
const f32 = (values: Vector): number[] => values.map(Math.fround);

/** Random W and b; with `orthogonal`, W's columns are, and the posterior of every example is diagonal. */
export function randomModel(seed: number, size: number, latentSize: number, orthogonal: boolean) {
  const next = uniforms(seed);
  const random = (count: number) => f32(Array.from({ length: count }, () => 2 * next() - 1));
  const columns: number[][] = [];
  for (let j = 0; j < latentSize; j++) {
    let own = random(size);
    for (const other of orthogonal ? columns : []) {
      const share = dot(own, other) / dot(other, other);
      own = own.map((value, i) => value - share * other[i]);
    }
    columns.push(f32(own));
  }
  const W = Array.from({ length: size }, (_, i) => columns.map((own) => own[i]));
  return { W, b: random(size), gamma: 0.5 } satisfies LinearGaussian;
}

/** The lower triangle L of A = L Lᵀ. */
function cholesky(A: Matrix): number[][] {
  const L = A.map((row) => row.map(() => 0));
  for (let i = 0; i < A.length; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = A[i][j] - dot(L[i].slice(0, j), L[j].slice(0, j));
      L[i][j] = i === j ? Math.sqrt(rest) : rest / L[j][j];
    }
  }
  return L;
}

/** log N(x; b, W Wᵀ + γ² I). */
export function logEvidence({ W, b, gamma }: LinearGaussian, x: Vector): number {
  const covariance = W.map((row, i) => W.map((other, j) => dot(row, other) + (i === j ? gamma ** 2 : 0)));
  const L = cholesky(covariance);
  const whitened: number[] = [];
  for (let i = 0; i < x.length; i++) {
    whitened.push((x[i] - b[i] - dot(L[i].slice(0, i), whitened)) / L[i][i]);
  }
  const logDeterminant = L.reduce((sum, row, i) => sum + 2 * Math.log(row[i]), 0);
  return -0.5 * (dot(whitened, whitened) + logDeterminant + x.length * LOG_TWO_PI);
}

/** p(z | x) where W's columns are orthogonal: variance 1 / (1 + |W_j|² / γ²), mean variance · W_jᵀ (x − b) / γ². */
export function exactPosterior({ W, b, gamma }: LinearGaussian, x: Vector): Posterior {
  const columns = W[0].map((_, j) => column(W, j));
  const variance = columns.map((own) => 1 / (1 + dot(own, own) / gamma ** 2));
  const centred = x.map((value, i) => value - b[i]);
  return { mean: columns.map((own, j) => (variance[j] * dot(own, centred)) / gamma ** 2), variance };
}

/** −E_q[log p(x | z)] for any diagonal q: ½ (|x − W m − b|² + Σ v_j |W_j|²) / γ² + n log γ + ½ n log 2π. */
export function reconstructionTerm(
  { W, b, gamma }: LinearGaussian,
  x: Vector,
  { mean, variance }: Posterior,
): number {
  const distance = x.reduce((sum, value, i) => sum + (value - b[i] - dot(W[i], mean)) ** 2, 0);
  const spread = variance.reduce((sum, own, j) => sum + own * dot(column(W, j), column(W, j)), 0);
  return (0.5 * (distance + spread)) / gamma ** 2 + x.length * (Math.log(gamma) + 0.5 * LOG_TWO_PI);
}

/** KL(q ‖ N(0, I)). */
export function klTerm({ mean, variance }: Posterior): number {
  return mean.reduce((sum, m, j) => sum + 0.5 * (m ** 2 + variance[j] - 1 - Math.log(variance[j])), 0);
}

/** Rows of a tensor `[n, columns]`. */
export function rowsOf({ shape, data }: Tensor): number[][] {
  const [count, width] = shape;
  return Array.from({ length: count }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
}

/** A batch of posteriors, one by one. */
export function posteriorsOf(q: DiagonalGaussian): Posterior[] {
  const variances = rowsOf(q.logVar);
  return rowsOf(q.mean).map((mean, i) => ({ mean, variance: variances[i].map(Math.exp) }));
}

/** Examples of the model. */
export function examplesOf({ W, b, gamma }: LinearGaussian, count: number, seed: number): Tensor {
  const next = uniforms(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const rows = Array.from({ length: count }, () => {
    const z = W[0].map(normal);
    return b.map((own, i) => own + dot(W[i], z) + gamma * normal());
  });
  return tensor(rows);
}

/** A VAE of that model, with its decoder as a layer. */
export interface LinearVae {
  readonly model: Vae;
  readonly decoder: Layer;
  readonly params: ModelParams;
}

/**
 * The model as a VAE whose heads see the example itself: they give the exact posterior, where W's columns are
 * orthogonal, or with `isBad` one that is displaced and too wide.
 */
export function linearVae(linear: LinearGaussian, isBad = false): LinearVae {
  const { W, b, gamma } = linear;
  const [size, latentSize] = [W.length, W[0].length];
  const decoder: Layer = sequential(dense(size));
  const likelihood = { type: "gaussian", gamma } as const;
  const model = vae({ inputShape: [size], latentSize, encoder: flatten(), decoder, likelihood });
  const { variance } = exactPosterior(linear, b);
  const kernel = W.map((row) => row.map((value, j) => (variance[j] * value) / gamma ** 2));
  const bias = variance.map((_, j) => -dot(column(kernel, j), b) + (isBad ? 0.5 : 0));
  const { weights, state } = model.init(key(0));
  const zero = W.map((row) => row.map(() => 0));
  return {
    model,
    decoder,
    params: {
      state,
      weights: {
        ...weights,
        posterior: {
          mean: { kernel: tensor(kernel), bias: tensor(bias) },
          logVar: {
            kernel: tensor(zero),
            bias: tensor(variance.map((v) => Math.log(v) + (isBad ? 0.8 : 0))),
          },
        },
        decoder: [{ kernel: tensor(W[0].map((_, j) => [...column(W, j)])), bias: tensor([...b]) }],
      },
    },
  };
}

/** Mean over examples. */
export const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
