// Three ways to enlarge an image, side by side: decoders that have learned nothing, fed with plain surfaces. All that
// is seen is their own pattern.

import { checkerboardEnergy } from "../images/checkerboard.js";
import { sequential } from "../layers/combine.js";
import { conv2d, conv2dTranspose, upsampleNearest } from "../layers/convolution.js";
import type { Layer } from "../layers/layer.js";
import * as ops from "../ops/index.js";
import { normal } from "../random/draws.js";
import { fold, type Key } from "../random/keys.js";
import { scope } from "../tensor/scope.js";
import { adoptArray, ones, type Tensor } from "../tensor/tensor.js";
import type { Album } from "./album.js";
import { DEMONSTRATION_DRAWS } from "./draws.js";
import { type Markup, markup } from "./markup.js";
import { percent } from "./scale.js";

const WAYS: readonly { readonly name: string; readonly enlarge: (filters: number) => Layer }[] = [
  {
    name: "Transposed convolution, kernel 3, stride 2",
    enlarge: (filters) => conv2dTranspose(filters, { kernel: 3, stride: 2 }),
  },
  {
    name: "Transposed convolution, kernel 4, stride 2",
    enlarge: (filters) => conv2dTranspose(filters, { kernel: 4, stride: 2 }),
  },
  {
    name: "Nearest neighbours, then a convolution of kernel 3",
    // One after the other: resizeConv2d adds up taps beforehand, and rounds odd and even pixels apart.
    enlarge: (filters) => sequential(upsampleNearest(2), conv2d(filters, { kernel: 3 })),
  },
];

const SURFACES = 6;
const CHANNELS = 8;
const SIZE = 10;
/** Pixels at each border that are left out: there, every way of padding leaves its own mark. */
const BORDER = 4;

/** What untrained decoders make of surfaces without any detail. */
function drawings(enlarge: (filters: number) => Layer, key: Key): Tensor {
  return scope(() => {
    const tones = normal(fold(key, DEMONSTRATION_DRAWS.tones), [SURFACES, 1, 1, CHANNELS]);
    const surfaces = ops.mul(tones, ones([1, SIZE, SIZE, 1]));
    const decoder = sequential(enlarge(CHANNELS), enlarge(1));
    const { params, state } = decoder.init(fold(key, DEMONSTRATION_DRAWS.weights), [SIZE, SIZE, CHANNELS]);
    const sides = [0, BORDER, BORDER, 0].map((side): [number, number] => [side, side]);
    return ops.crop(decoder.apply(params, state, surfaces).output, sides);
  });
}

/** Every image with its own darkest place black and its brightest white; a plain one grey. */
function stretched(images: Tensor): Tensor {
  const size = images.size / images.shape[0];
  const values = new Float32Array(images.size);
  for (let start = 0; start < images.size; start += size) {
    const image = images.data.subarray(start, start + size);
    const [low, high] = [Math.min(...image), Math.max(...image)];
    const isPlain = high - low <= 1e-5 * Math.max(Math.abs(low), Math.abs(high));
    values.set(
      image.map((value) => (isPlain ? 0.5 : (value - low) / (high - low))),
      start,
    );
  }
  return adoptArray(values, images.shape);
}

/** The three ways as figures, with the share of variance that repeats every second pixel. */
export function demonstration(key: Key, album: Album): Markup {
  const figures = WAYS.map(({ name, enlarge }, i) => {
    const pictures = stretched(drawings(enlarge, key));
    const energy = checkerboardEnergy(pictures).data.reduce((sum, value) => sum + value, 0) / SURFACES;
    return album.showImages(pictures, {
      name: `enlarging${i + 1}`,
      columns: 3,
      imageWidth: 90,
      description: `Plain surfaces after two untrained layers: ${name}`,
      caption: `${name}: ${percent(energy, 0)} of the variance repeats every second pixel.`,
    });
  });
  return markup`<p>Decoders that have learned nothing, fed with plain surfaces, show their own pattern alone.</p><div class="row">${figures}</div>`;
}
