// The section on linear models: the directions that the latents stand for, as pictures, and what each of them explains.

import type { LayerSpec } from "../layers/layer.js";
import * as ops from "../ops/index.js";
import { adoptArray, sizeOf, type Tensor, zeros } from "../tensor/tensor.js";
import type { Album } from "./album.js";
import { curves, type Point } from "./chart.js";
import { type Markup, markup } from "./markup.js";
import { percent } from "./scale.js";
import { beside, chartFigure, counted, section, swatch } from "./section.js";
import type { Study } from "./study.js";

/** Directions shown, and side by side. */
const [MOST_SHOWN, COLUMNS] = [31, 8];
/** Latents of which it is computed what they explain. */
const MOST_LATENTS = 256;
/** What the products of orthonormal rows stray by at most, in float32. */
const ROUNDING = 1e-3;

/** Whether a layer is linear, but for an offset. */
function isLinear({ type, args }: LayerSpec): boolean {
  if (type === "sequential") return (args as readonly LayerSpec[]).every(isLinear);
  if (type === "dense") {
    const { activation = "linear" } = (args[1] ?? {}) as { activation?: string | null };
    return activation === "linear" || activation === null;
  }
  return type === "flatten" || type === "reshape";
}

/** What each latent adds to the output when it grows by 1: `[latents, ...inputShape]`; and the output of code 0. */
function directionsOf(
  { decode }: Study,
  latents: number,
): { readonly rows: Tensor; readonly origin: Tensor } {
  const ones = new Float32Array(latents * latents);
  for (let i = 0; i < latents; i++) ones[i * latents + i] = 1;
  const origin = decode(zeros([1, latents]));
  return { rows: ops.sub(decode(adoptArray(ones, [latents, latents])), origin), origin };
}

/** Whether rows are as principal components are. */
function isOrthonormal(rows: Tensor): boolean {
  const count = rows.shape[0];
  const flat = ops.reshape(rows, [count, -1]);
  const { data } = ops.matmul(flat, flat, { transposeB: true });
  return data.every((value, i) => Math.abs(value - Number(i % (count + 1) === 0)) < ROUNDING);
}

/** The share of the examples' variance that the first 1, 2, … latents explain, counted around the model's mean. */
function shares({ images, codes, reconstructions }: Study, origin: Tensor): Point[] {
  const [count, latents] = codes.shape;
  const squares = (t: Tensor) => t.data.reduce((sum, value) => sum + value * value, 0);
  const total = squares(ops.sub(images, origin));
  if (total === 0) return [];
  // What is left after all latents, and what each of them takes away: rows are orthonormal.
  const left = squares(ops.sub(images, reconstructions));
  const own = Array.from({ length: latents }, (_, latent) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += codes.data[i * latents + latent] ** 2;
    return sum;
  });
  let rest = left + own.reduce((sum, value) => sum + value, 0);
  return own.map((square, i): Point => {
    rest -= square;
    return [i + 1, 1 - Math.max(0, rest) / total];
  });
}

/** Each direction with its own greatest value white or black; grey where it changes nothing. */
function tinted(rows: Tensor): Tensor {
  const size = rows.size / rows.shape[0];
  const values = new Float32Array(rows.size);
  for (let start = 0; start < rows.size; start += size) {
    const row = rows.data.subarray(start, start + size);
    const most = row.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
    values.set(
      row.map((value) => 0.5 + (0.5 * value) / most),
      start,
    );
  }
  return adoptArray(values, rows.shape);
}

/** The directions of a linear model; nothing for others. */
export function components(study: Study, album: Album | undefined): Markup | undefined {
  const { model, codes, images, pictureShape } = study;
  const { encoder, decoder } = model.spec;
  const latents = sizeOf(model.codeShape);
  if (model.type !== "autoencoder" || model.codeShape.length !== 1 || latents > MOST_LATENTS)
    return undefined;
  if (!isLinear(encoder) || !isLinear(decoder) || model.spec.options.loss !== "squaredError")
    return undefined;
  const { rows, origin } = directionsOf(study, latents);
  const isPca = isOrthonormal(rows);
  const curve = isPca ? shares(study, origin) : [];
  const shown = Math.min(MOST_SHOWN, latents);
  const pictures =
    album && pictureShape
      ? album.showImages(
          ops.reshape(
            ops.concat([
              ops.clip(tonesOf(study, origin), 0, 1),
              ops.reshape(tinted(ops.slice(rows, 0, shown)), [shown, ...model.inputShape]),
            ]),
            [1 + shown, ...pictureShape],
          ),
          {
            name: "components",
            columns: Math.min(COLUMNS, 1 + shown),
            description: "What the model draws for a code of zeros, and what each latent adds to it",
            caption: `First what a code of zeros is decoded to${isPca ? ", the mean" : ""}; then what each latent adds: white more, black less, grey nothing.`,
          },
        )
      : undefined;
  const chart =
    curve.length > 0
      ? chartFigure(
          curves(
            {
              description: "Share of variance explained by the first components",
              x: "components",
              y: "explained",
            },
            [{ points: [[0, 0], ...curve], tone: 0, hasDots: curve.length <= 32 }],
            [0, 1],
          ),
          markup`${swatch(0)} On these ${counted(images.shape[0], "example")}, ${counted(codes.shape[1], "component")} explain <b>${percent(curve[curve.length - 1][1], 1)}</b> of the variance around the mean.`,
        )
      : undefined;
  if (chart === undefined && pictures === undefined) return undefined;
  return section(
    "components",
    isPca ? "Principal components" : "What each latent adds",
    isPca
      ? "The model is linear, and its latents are the directions along which the training examples vary most, in falling order and at right angles to each other. No linear model loses less."
      : "The model is linear: its output is a sum of one picture for each latent. At its best it spans the same plane as principal components do, though not by the same directions.",
    beside(pictures, chart),
  );
}

/** An output as a picture, from 0 to 1. */
const tonesOf = ({ valueRange: [low, high] }: Study, output: Tensor): Tensor =>
  ops.scale(ops.sub(output, low), 1 / (high - low));
