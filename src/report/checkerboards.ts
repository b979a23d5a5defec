// The section on checkerboards: how unevenly the decoder's transposed convolutions write, and whether it shows.

import { checkerboardEnergy, overlapCount } from "../images/checkerboard.js";
import { layerFromSpec } from "../layers/fromSpec.js";
import type { Layer } from "../layers/layer.js";
import { given } from "../layers/checks.js";
import type { Conv2dTransposeLayerOptions } from "../layers/convolution.js";
import * as ops from "../ops/index.js";
import type { Shape, Tensor } from "../tensor/tensor.js";
import type { Tree } from "../tensor/tree.js";
import { fold } from "../random/keys.js";
import type { Album } from "./album.js";
import { demonstration } from "./demonstration.js";
import { REPORT_DRAWS } from "./draws.js";
import { type Markup, markup } from "./markup.js";
import { percent } from "./scale.js";
import { section } from "./section.js";
import { type Study, toPictures } from "./study.js";

/** A transposed convolution in its place. */
interface Transposed {
  readonly inputShape: Shape;
  readonly options: Options;
}

/** The options of a transposed convolution, as its spec holds them. */
type Options = Conv2dTransposeLayerOptions & {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
};

/** The transposed convolutions of a layer and of those inside it. */
function transposedIn(layer: Layer<Tree, Tree, unknown>, inputShape: Shape): Transposed[] {
  const { spec, children } = layer;
  if (spec.type === "conv2dTranspose") {
    return [{ inputShape, options: spec.args[1] as Options }];
  }
  let shape = inputShape;
  return (children?.parts ?? []).flatMap(({ layer: child }) => {
    const found = transposedIn(child, shape);
    if (children?.joined === "sequence") shape = child.outputShape(shape);
    return found;
  });
}

/** Those that enlarge: with stride 1 all pixels but the border's are written equally often. */
function enlargingIn(study: Study): Transposed[] {
  const { model } = study;
  let decoder: Layer;
  try {
    decoder = layerFromSpec(model.spec.decoder);
  } catch {
    // Layers of the caller's own, which a spec does not hold.
    return [];
  }
  return transposedIn(decoder, model.codeShape).filter(({ options: { stride } }) => Math.max(...stride) > 1);
}

/** Times that pixels are written, one picture per layer; white is most. */
function countFigure({ inputShape, options }: Transposed, index: number, album: Album): Markup {
  const { kernel, stride, dilation, padding, outputShape, outputPadding } = options;
  const window = given({ dilation, padding, outputShape, outputPadding });
  const counts = overlapCount({ inputSize: [inputShape[0], inputShape[1]], kernel, stride, ...window });
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
  const period = Math.max(...last.options.stride);
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
