// Sections of pictures: reconstructions, samples, and the average of each label.

import { fitMixture } from "../statistics/fitMixture.js";
import { sampleMixture } from "../distributions/mixture.js";
import { averageCode } from "../latent/attributes.js";
import * as ops from "../ops/index.js";
import { fold } from "../random/keys.js";
import { tensor, type Tensor } from "../tensor/tensor.js";
import { gatherRows } from "../training/source.js";
import type { Album } from "./album.js";
import { REPORT_DRAWS } from "./draws.js";
import type { Markup } from "./markup.js";
import { beside, counted, section } from "./section.js";
import type { Study } from "./study.js";

/** Images side by side. */
const COLUMNS = 8;
/** Codes longer than this are too many numbers for a mixture, and for one row of pictures each. */
export const LONGEST_CODE = 512;
/** Fewest examples per Gaussian of a mixture. */
const EXAMPLES_PER_COMPONENT = 8;

/** Originals with their reconstructions below them. */
export function reconstructions({ images, reconstructions }: Study, album: Album): Markup {
  const count = Math.min(2 * COLUMNS, images.shape[0]);
  const rows: Tensor[] = [];
  for (let start = 0; start < count; start += COLUMNS) {
    const end = Math.min(start + COLUMNS, count);
    // A row that is not full would let the next one slip into it.
    const places = Uint32Array.from({ length: Math.min(COLUMNS, count) }, (_, i) =>
      Math.min(start + i, end - 1),
    );
    rows.push(gatherRows(images, places), gatherRows(reconstructions, places));
  }
  const names = rows.map((_, i) => (i % 2 === 0 ? "original" : "decoded"));
  return section(
    "reconstructions",
    "What comes back",
    "Each image passes through its code and back. What the code has no room for, or what the decoder cannot draw, is lost: fine detail first.",
    album.show(ops.concat(rows), {
      name: "reconstructions",
      columns: Math.min(COLUMNS, count),
      description: "Images in rows, each above what the model gives back for it",
      rowNames: names,
    }),
  );
}

/** Decoded codes of a mixture that was fitted to the examples' codes. */
export function fromMixture({ codes, vae, params, images, key, known, decode }: Study, count: number) {
  const components = Math.min(10, Math.floor(codes.shape[0] / EXAMPLES_PER_COMPONENT));
  if (components < 1 || codes.shape[1] > LONGEST_CODE) return undefined;
  const points = vae
    ? vae.sampleLatent(params, images, { ...known, key: fold(key, REPORT_DRAWS.posterior) })
    : codes;
  const { mixture } = fitMixture(fold(key, REPORT_DRAWS.mixtureFit), points, {
    components,
    minVariance: 1e-4,
  });
  return {
    components,
    examples: decode(sampleMixture(fold(key, REPORT_DRAWS.mixtureSamples), mixture, { count })),
  };
}

/** New examples: from the prior, and from where the examples' codes are. */
export function samples(study: Study, album: Album): Markup | undefined {
  const { vae, params, key, usualClass, classNote } = study;
  const count = 24;
  const known = usualClass === undefined ? {} : { labels: usualClass };
  const layout = { columns: 6, width: 440 };
  const prior =
    vae &&
    album.show(vae.generate(params, { count, ...known, key: fold(key, REPORT_DRAWS.priorSamples) }), {
      ...layout,
      name: "samples",
      description: "Images decoded from random codes of the prior",
      caption: "From the prior: codes of independent standard normal numbers.",
    });
  const mixed = fromMixture(study, count);
  const fitted =
    mixed &&
    album.show(mixed.examples, {
      ...layout,
      name: "mixtureSamples",
      description: "Images decoded from random codes of a fitted mixture",
      caption: `From a mixture of ${counted(mixed.components, "Gaussian")} fitted to the codes of the images.`,
    });
  if (prior === undefined && fitted === undefined) return undefined;
  return section(
    "samples",
    "What it imagines",
    vae
      ? `New images, decoded from random codes. If samples of the prior look worse than those of the mixture, the codes do not fill the prior: it has holes where nothing was learned.${classNote}`
      : "A plain autoencoder has no prior to draw codes from; a mixture of Gaussians fitted to its codes stands in for one.",
    beside(prior, fitted),
  );
}

/** The average of each label: of pixels, and of codes. */
export function averages(
  { images, codes, labels, labelNames, decode }: Study,
  album: Album,
): Markup | undefined {
  if (labels === undefined) return undefined;
  const kinds = [...new Set(labels)].sort((a, b) => a - b).slice(0, 10);
  const indices = kinds.map((kind) =>
    Uint32Array.from(labels.keys()).filter((example) => labels[example] === kind),
  );
  const mean = (rows: Tensor) => ops.mean(rows, { axis: 0, keepDims: true });
  const pixels = indices.map((rows) => mean(gatherRows(images, rows)));
  const averaged = ops.concat(indices.map((rows) => averageCode(gatherRows(codes, rows))));
  const decoded = decode(averaged, tensor(kinds));
  return section(
    "averages",
    "The average of each label",
    "An average of pixels is a double exposure. The average of codes, decoded, is an image again: the more so, the better codes stand for what is in the images.",
    album.show(ops.concat([...pixels, decoded]), {
      name: "averages",
      columns: kinds.length,
      description: "For each label the average image, and the decoded average of the codes",
      rowNames: ["pixels", "codes"],
      columnNames: kinds.map((kind) => labelNames[kind] ?? kind),
    }),
  );
}
