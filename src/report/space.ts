// Sections on the latent space as a place: its plane or dimensions in pictures, and the ways between codes.

import { averageCode } from "../latent/attributes.js";
import { latentGrid } from "../latent/grid.js";
import { interpolate } from "../latent/interpolate.js";
import { moveAlong, traverse } from "../latent/traverse.js";
import { latentUsage } from "../models/vae/latentUsage.js";
import * as ops from "../ops/index.js";
import { adoptArray, type Tensor, zeros } from "../tensor/tensor.js";
import type { Album } from "./album.js";
import { LONGEST_CODE } from "./images.js";
import { type Markup, markup } from "./markup.js";
import { fixedNumber } from "./scale.js";
import { section } from "./section.js";
import type { Study } from "./study.js";

/** Codes per side of the plane. */
const PLANE = 12;
/** Rows of dimensions at most. */
const MOST_DIMENSIONS = 16;
/** Codes per row, and how far they reach: in deviations of the prior or of the codes. */
const STEPS = 9;
const REACH = 3;
/** Pairs of images that are led into each other, and steps of each. */
const PAIRS = 4;
const WAY = 8;

const reachNames = Array.from({ length: STEPS }, (_, i) => {
  const multiple = (2 * REACH * i) / (STEPS - 1) - REACH;
  return i % 2 === 0 ? `${multiple > 0 ? "+" : ""}${fixedNumber(multiple, 1).replace(".0", "")}` : "";
});

/** Name of a dimension; its number is its index, as in arrays and files of codes. */
export const dimensionName = (dimension: number) => markup`z<sub>${dimension}</sub>`;

/** The dimensions, those that carry most first, with what they carry. */
function rankedDimensions({ codes, posterior }: Study): readonly { dimension: number; carries: number }[] {
  const carried = posterior ? latentUsage(posterior).klPerDimension : deviationsOf(codes);
  return carried
    .map((carries, dimension) => ({ dimension, carries }))
    .sort((a, b) => b.carries - a.carries || a.dimension - b.dimension);
}

/** The standard deviation of each number of codes. */
function deviationsOf(codes: Tensor): number[] {
  const [count, latentSize] = codes.shape;
  const mean = averageCode(codes).data;
  const squares = Array.from(mean, () => 0);
  codes.data.forEach((value, i) => (squares[i % latentSize] += (value - mean[i % latentSize]) ** 2 / count));
  return squares.map(Math.sqrt);
}

/** The plane of two latents, or a row of pictures per dimension. */
export function dimensions(study: Study, album: Album): Markup | undefined {
  const { codes, vae, decode, classNote } = study;
  const latentSize = codes.shape[1];
  if (latentSize > LONGEST_CODE) return undefined;
  if (vae && latentSize === 2) {
    return section(
      "manifold",
      "The plane of its codes",
      `All images that the two latents can say, each place as likely as any other under the prior. Neighbours look alike where the space is smooth.${classNote}`,
      album.show(decode(latentGrid(zeros([1, 2]), { size: PLANE })), {
        name: "manifold",
        columns: PLANE,
        description: "Decoded images on a grid over the plane of the two latents",
        caption: markup`${dimensionName(0)} grows to the right, ${dimensionName(1)} upwards; in equal steps of the prior’s probability.`,
      }),
    );
  }
  const ranked = rankedDimensions(study).slice(0, MOST_DIMENSIONS);
  const chosen = ranked.map(({ dimension }) => dimension);
  const average = averageCode(codes);
  const rows = vae
    ? traverse(average, { dimensions: chosen, from: -REACH, to: REACH, steps: STEPS })
    : moveAlong(average, axesOf(ranked, latentSize), { from: -REACH, to: REACH, steps: STEPS });
  const unit = vae ? " nats" : "";
  return section(
    "dimensions",
    "What each latent means",
    vae
      ? `One latent is moved from −3 to 3 while the others stay at the average. Latents with much KL change the image; those with none leave it as it is.${classNote}`
      : "One number of the code is moved from three of its standard deviations below the average to three above. Nothing made these numbers independent of each other, so they seldom have a meaning of their own.",
    album.show(decode(rows), {
      name: "dimensions",
      columns: STEPS,
      width: 620,
      description: "For each latent dimension a row of decoded images in which only that dimension changes",
      rowNames: ranked.map(
        ({ dimension, carries }) =>
          markup`${dimensionName(dimension)} <small>${vae ? "" : "± "}${fixedNumber(carries, 2)}${unit}</small>`,
      ),
      columnNames: reachNames,
      caption:
        latentSize > ranked.length
          ? `The ${ranked.length} of ${latentSize} latents that ${vae ? "hold most KL" : "vary most"}.`
          : undefined,
    }),
  );
}

/** One direction per dimension, one deviation long. */
function axesOf(
  ranked: readonly { readonly dimension: number; readonly carries: number }[],
  latentSize: number,
): Tensor {
  const axes = new Float32Array(ranked.length * latentSize);
  ranked.forEach(({ dimension, carries }, row) => (axes[row * latentSize + dimension] = carries));
  return adoptArray(axes, [ranked.length, latentSize]);
}

const meanLength = (codes: Tensor) => ops.mean(ops.sqrt(ops.sum(ops.square(codes), { axis: 1 }))).data[0];

/** Ways from one image to another, straight and on a sphere. */
export function interpolations({ codes, decode, vae, classNote }: Study, album: Album): Markup | undefined {
  const pairs = Math.min(PAIRS, Math.floor(codes.shape[0] / 2));
  if (pairs === 0) return undefined;
  const [starts, ends] = [ops.slice(codes, 0, pairs), ops.slice(codes, pairs, 2 * pairs)];
  const kinds = ["straight", "spherical"] as const;
  const ways = kinds.map((kind) => interpolate(starts, ends, { steps: WAY, kind }));
  const rows = Array.from({ length: pairs }, (_, pair) =>
    ways.map((way) => ops.slice(way, pair * WAY, (pair + 1) * WAY)),
  ).flat();
  // Steps are even in number: the middle itself is not among them.
  const middles = kinds.map((kind) => interpolate(starts, ends, { steps: 3, kind }));
  const [straight, spherical] = middles.map((codes) =>
    fixedNumber(meanLength(ops.concat(middleRows(codes, pairs))), 2),
  );
  const latentSize = codes.shape[1];
  const prior = vae
    ? ` Codes of the prior are about √${latentSize} = ${fixedNumber(Math.sqrt(latentSize), 2)} long.`
    : "";
  return section(
    "interpolations",
    "From one image to another",
    `Codes on the way between two images, decoded. In a smooth latent space each step is an image of its own, halfway in form; where the space has holes, images fade over each other instead.${classNote}`,
    album.show(decode(ops.concat(rows)), {
      name: "interpolations",
      columns: WAY,
      width: 620,
      description: "Rows of decoded images that lead from one image to another",
      rowNames: rows.map((_, i) => kinds[i % 2]),
      caption: `Halfway, codes on the straight line are ${straight} long on average, on the sphere ${spherical}.${prior}`,
    }),
  );
}

/** The second of every three codes. */
const middleRows = (codes: Tensor, pairs: number) =>
  Array.from({ length: pairs }, (_, pair) => ops.slice(codes, 3 * pair + 1, 3 * pair + 2));
