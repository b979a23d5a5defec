// The section on checkerboards: how unevenly the decoder's transposed convolutions write, and whether it shows.

import { trace } from "../autodiff/trace.js";
import type { Conv2dGeometry } from "../geometry/conv2d.js";
import { checkerboardEnergy, overlapCount } from "../images/checkerboard.js";
import * as ops from "../ops/index.js";
import { type Tensor, zeros } from "../tensor/tensor.js";
import { fold } from "../random/keys.js";
import type { Album } from "./album.js";
import { demonstration } from "./demonstration.js";
import { REPORT_DRAWS } from "./draws.js";
import { type Markup, markup } from "./markup.js";
import { percent } from "./scale.js";
import { section } from "./section.js";
import { type Study, toPictures } from "./study.js";

/** The transposed convolutions of a decoder that enlarge: with stride 1 all but the border is written equally often. */
function enlargingIn({ decode, codes }: Study): Conv2dGeometry[] {
  const { nodes } = trace((code: Tensor) => decode(code), zeros([1, codes.shape[1]]));
  return nodes
    .flatMap((node) =>
      node.kind === "operation" && node.name === "conv2dTranspose"
        ? [(node.options as { readonly geometry: Conv2dGeometry }).geometry]
        : [],
    )
    .filter(({ strideHeight, strideWidth }) => Math.max(strideHeight, strideWidth) > 1);
}

/** Times that pixels are written, one picture per layer; white is most. */
function countFigure(g: Conv2dGeometry, index: number, album: Album): Markup {
  const kernel = [g.kernelHeight, g.kernelWidth] as const;
  const stride = [g.strideHeight, g.strideWidth] as const;
  const counts = overlapCount({
    inputSize: [g.outHeight, g.outWidth],
    kernel,
    stride,
    dilation: [g.dilationHeight, g.dilationWidth],
    padding: [
      [g.padTop, g.padBottom],
      [g.padLeft, g.padRight],
    ],
    outputShape: [g.inHeight, g.inWidth],
  });
  const { data, shape } = counts;
  const most = data.reduce((a, b) => Math.max(a, b), 0);
  const [kernels, strides] = [kernel.join(" × "), stride.join(" × ")];
  const isEven = kernel.every((side, axis) => side % stride[axis] === 0);
  return album.showImages(ops.reshape(ops.scale(counts, 1 / most), [1, ...shape, 1]), {
    name: `overlap${index + 1}`,
    columns: 1,
    imageWidth: 160,
    description: `How often each of ${shape.join(" × ")} pixels is written to`,
    caption: `To ${shape.join(" × ")} pixels: kernel ${kernels}, stride ${strides}. ${isEven ? "Even, but for the border." : "Uneven."}`,
  });
}

const meanOf = ({ data }: Tensor) => data.reduce((sum, value) => sum + value, 0) / data.length;

/** Overlaps and the energy of checkerboards; nothing for decoders without transposed convolutions. */
export function checkerboards(study: Study, album: Album): Markup | undefined {
  const layers = enlargingIn(study);
  const last = layers.at(-1);
  if (last === undefined) return undefined;
  const period = Math.max(last.strideHeight, last.strideWidth);
  const [originals, decoded] = [study.images, study.reconstructions].map((examples) =>
    toPictures(study, examples),
  );
  const [, height, width] = originals.shape;
  const isMeasurable = Math.min(height, width) >= 2 * period;
  const shares = isMeasurable
    ? [originals, decoded].map((pictures) => percent(meanOf(checkerboardEnergy(pictures, { period })), 2))
    : [];
  const measured = isMeasurable
    ? markup` In the reconstructions, <b>${shares[1]}</b> of the variance repeats every ${period} pixels; in the originals ${shares[0]}.`
    : undefined;
  return section(
    "checkerboards",
    "Checkerboards",
    markup`A transposed convolution paints overlapping patches. Unless its stride divides its kernel, some pixels are painted more often than their neighbours, and the pattern may show in what it draws.${measured}`,
    markup`<div class="row">${layers.map((layer, i) => countFigure(layer, i, album))}</div>${demonstration(fold(study.key, REPORT_DRAWS.demonstration), album)}`,
  );
}
