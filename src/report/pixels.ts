// Sections about a model of pixels: images that it draws, images that it completes, and what it expects.

import type { PixelModel } from "../models/pixels/types.js";
import * as ops from "../ops/index.js";
import { fold } from "../random/keys.js";
import type { Tensor } from "../tensor/tensor.js";
import { gatherRows } from "../training/source.js";
import type { Album } from "./album.js";
import { REPORT_DRAWS } from "./draws.js";
import type { Content } from "./markup.js";
import { section } from "./section.js";
import type { Subject } from "./study.js";

/** Images side by side, and drawn in all. */
const COLUMNS = 8;
const DRAWN = 24;
/** Times that every image is completed. */
const TIMES = 3;

/** All sections that are pictures. */
export function sectionsOfPixels(
  model: PixelModel,
  { params, images, key }: Subject,
  album: Album,
): readonly Content[] {
  const columns = Math.min(COLUMNS, images.shape[0]);
  const first = ops.slice(images, 0, columns);
  const rows = Math.floor(model.inputShape[0] / 2);
  return [
    section(
      "samples",
      "What it imagines",
      "New images, drawn from the top left to the bottom right: every pixel by its probabilities, given the pixels that have been drawn before it.",
      album.show(model.generate(params, { count: DRAWN, key: fold(key, REPORT_DRAWS.pixels) }), {
        name: "samples",
        columns: 6,
        width: 440,
        description: "Images drawn pixel by pixel",
      }),
    ),
    rows === 0
      ? undefined
      : section(
          "completions",
          "What it makes of the upper half",
          "The upper half of each image is given, the lower one is drawn, three times. Where the completions agree, the upper half tells what is below; where they differ, it leaves it open.",
          album.show(ops.concat([first, completed(model, { params, key, first, rows })]), {
            name: "completions",
            columns,
            description:
              "Images in a row, and below it three rows of the same images with their lower halves drawn anew",
            rowNames: ["original", ...Array.from({ length: TIMES }, (_, i) => `drawn ${i + 1}`)],
          }),
        ),
    section(
      "expectations",
      "What it expects",
      "The mean of every pixel, given the true pixels before it. Edges that nothing announces come a pixel late.",
      album.show(ops.concat([first, model.reconstruct(params, first)]), {
        name: "expectations",
        columns,
        description: "Images in a row, and below each the mean of every pixel as the model expects it",
        rowNames: ["original", "expected"],
      }),
    ),
  ];
}

/** Every image with its lower half drawn anew, some times. */
function completed(
  model: PixelModel,
  {
    params,
    key,
    first,
    rows,
  }: Pick<Subject, "params" | "key"> & { readonly first: Tensor; readonly rows: number },
): Tensor {
  const [count] = first.shape;
  const repeated = gatherRows(
    first,
    Uint32Array.from({ length: TIMES * count }, (_, i) => i % count),
  );
  return model.complete(params, repeated, { key: fold(key, REPORT_DRAWS.completions), rows });
}
