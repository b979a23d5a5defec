// The section on a convolutional code: what a single filter can see in it, beside the images.

import { resizeImages, toGrey } from "../images/resize.js";
import { bottleneckProbe } from "../latent/bottleneckProbe.js";
import * as ops from "../ops/index.js";
import { scope } from "../tensor/scope.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { gatherRows } from "../training/source.js";
import type { Album } from "./album.js";
import { explained } from "./linear.js";
import { type Markup, markup } from "./markup.js";
import { percent } from "./scale.js";
import { counted, section } from "./section.js";
import { type Study, toPictures } from "./study.js";

/** Images side by side. */
const COLUMNS = 8;
/** Fewer examples train no filter and judge none. */
const FEWEST = 2 * COLUMNS;
/** Most numbers of codes that a filter is trained on: more take longer and show the same. */
const MOST_NUMBERS = 2 ** 21;

/** Pixels repeated, to the size at which they stand beside larger images. */
function enlarged(pictures: Tensor, height: number, width: number): Tensor {
  const [count, rows, columns] = pictures.shape;
  const values = new Float32Array(count * height * width);
  for (let i = 0, at = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      const row = (i * rows + Math.floor((y * rows) / height)) * columns;
      for (let x = 0; x < width; x++) values[at++] = pictures.data[row + Math.floor((x * columns) / width)];
    }
  }
  return adoptArray(values, [count, height, width, 1]);
}

/** What one filter sees in codes with a height and a width; nothing for other codes. */
export function bottleneck(study: Study, album: Album): Markup | undefined {
  const { codes, model, images } = study;
  const count = images.shape[0];
  const [codeHeight, codeWidth, channels] = model.codeShape;
  if (model.codeShape.length !== 3 || codeHeight * codeWidth === 1 || count < FEWEST) return undefined;
  const grey = ops.clip(toGrey(toPictures(study, images)), 0, 1);
  const [, height, width] = grey.shape;
  if (codeHeight > height || codeWidth > width) return undefined;
  const targets = resizeImages(grey, [codeHeight, codeWidth]);
  const maps = ops.reshape(codes, [count, ...model.codeShape]);
  const most = Math.max(1, Math.floor(MOST_NUMBERS / (codes.size / count)));
  // The first half, of which pictures are shown, is judged: the filter is trained on the other.
  const half = Math.floor(count / 2);
  const rows = (from: number, to: number) => (t: Tensor) => ops.slice(t, from, Math.min(to, from + most));
  const [judged, fitted] = [rows(0, half), rows(half, count)];
  const { kernel, bias } = bottleneckProbe(fitted(maps), fitted(targets));
  const seen = scope(() =>
    ops.conv2d(judged(maps), kernel, { bias, padding: "same", activation: "sigmoid" }),
  );
  const share = explained(judged(targets).data, seen.data);
  const shown = Uint32Array.from({ length: COLUMNS }, (_, i) => Math.min(i, seen.shape[0] - 1));
  const pictures = [grey, ...[targets, seen].map((t) => enlarged(gatherRows(t, shown), height, width))];
  const size = `${codeHeight} × ${codeWidth}`;
  return section(
    "bottleneck",
    "What the bottleneck holds",
    `A code of ${size} places with ${counted(channels, "number")} each is no picture. A convolution with one filter of 3 × 3 and a sigmoid makes one of it. It was trained after the model, on codes that stay as they are, to draw the images at the size of the codes, and is no part of the model.`,
    album.showImages(ops.concat([gatherRows(pictures[0], shown), ...pictures.slice(1)]), {
      name: "bottleneck",
      columns: COLUMNS,
      description: `Images in rows: as they are, at ${size} pixels, and what one filter sees in their codes`,
      rowNames: ["original", size, "one filter"],
      caption: markup`On images that it was not trained on, the filter explains <b>${percent(share)}</b> of the variance of the pixels. What it cannot draw, the code says in another way than by place and brightness, or not at all.`,
    }),
  );
}
