// The section on compression: what codes cost as files and how much they lose, beside principal components.

import { compress } from "../coding/compress.js";
import { bestOf, decibelsOf, type RatePoint, ratePoints } from "../coding/rateDistortion.js";
import { fittedSteps } from "../coding/steps.js";
import { codesOf } from "../models/fromSpec.js";
import { pca, project, unproject } from "../statistics/pca.js";
import * as ops from "../ops/index.js";
import { curves } from "./chart.js";
import type { Markup } from "./markup.js";
import { chartFigure, section, swatch } from "./section.js";
import type { Study } from "./study.js";

/** Fewer examples make tables that cost more than codes. */
const FEWEST = 40;
/** Examples that principal components are taken of: their cost grows with the cube. */
const MOST_FITTED = 300;
/** Longer codes take too long to try. */
const LONGEST_CODE = 4096;
const BITS = [4, 6, 8, 10, 12, 14, 16];
/** Of principal components fewer bits reach as far. */
const BITS_OF_COMPONENTS = [3, 4, 5, 6, 7, 8];

/** Bits per value against decibels. */
export function rates({ model, params, images, valueRange: range }: Study): Markup | undefined {
  const count = images.shape[0];
  const latents = model.codeShape.reduce((product, size) => product * size, 1);
  // Files hold no labels.
  if (count < FEWEST || latents > LONGEST_CODE || model.condition) return undefined;
  // Components are taken of one half and measured, as the model is, on the other.
  const half = Math.floor(count / 2);
  const fitted = ops.slice(images, 0, Math.min(half, MOST_FITTED));
  const examples = ops.slice(images, half, count);
  const codes = codesOf(model, params, examples);
  const own: readonly RatePoint[] =
    model.type === "vqVae"
      ? [
          {
            bits: Math.log2(model.codebook),
            bitsPerValue: (8 * compress(model, params, examples).length) / examples.size,
            psnr: decibelsOf(model.decode(params, codes), examples, range),
          },
        ]
      : ratePoints(
          "createReport",
          {
            codes,
            examples,
            decode: (z) => model.decode(params, z),
            steps: fittedSteps("createReport", model, params, codes),
            range,
          },
          BITS,
        );
  const components = componentPoints(fitted, examples, range);
  if (
    ![...own, ...components].every(
      ({ bitsPerValue, psnr }) => Number.isFinite(bitsPerValue) && Number.isFinite(psnr),
    )
  ) {
    return undefined;
  }
  const lineOf = (list: readonly RatePoint[]) =>
    list.map(({ bitsPerValue, psnr }) => [bitsPerValue, psnr] as const);
  const most = 1.5 * Math.max(...own.map(({ bitsPerValue }) => bitsPerValue));
  const others = bestOf(components).filter((point) => point.bitsPerValue <= most);
  const chart = curves(
    { description: "Decibels of reconstructions against bits per value", x: "bits per value", y: "PSNR, dB" },
    [
      { points: lineOf(own), tone: 0, hasDots: true },
      { points: lineOf(others), tone: 1, hasDots: true },
    ],
  );
  const which =
    model.type === "vqVae"
      ? "the numbers of its vectors"
      : `its codes in equal steps, with ${BITS[0]} to ${BITS[BITS.length - 1]} bits for the widest`;
  return section(
    "rates",
    "What a code costs",
    "An entropy coder writes codes with as few bits as their distribution allows. Fewer and larger steps make a smaller file and a larger error; where one line lies above another, it shows more for the same room.",
    chartFigure(chart, [
      swatch(0),
      ` the model: ${which}; `,
      swatch(1),
      " principal components by the same coder, the best number of them at each rate.",
    ]),
  );
}

/** Every number of components with every number of bits. */
function componentPoints(
  fitted: Study["images"],
  examples: Study["images"],
  range: Study["valueRange"],
): RatePoint[] {
  const basis = pca(fitted);
  const [all] = basis.components.shape;
  const counts = [2, 4, 8, 16, 32, 64, 128, 256].filter((components) => components < all);
  return [...counts, all].flatMap((components) => {
    const some = { ...basis, components: ops.slice(basis.components, 0, components) };
    const steps = new Float64Array(components).fill(1);
    const decode = (codes: Study["images"]) => unproject(some, codes);
    return ratePoints(
      "createReport",
      { codes: project(some, examples), examples, decode, steps, range },
      BITS_OF_COMPONENTS,
    );
  });
}
