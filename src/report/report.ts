// The report: one HTML page, with its pictures, that shows what a trained model learned.

import { type AnyModel, isEncoding } from "../models/fromSpec.js";
import type { ModelParams } from "../models/model.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Album, createAlbum } from "./album.js";
import { bottleneck } from "./bottleneck.js";
import { checkerboards } from "./checkerboards.js";
import { codebook } from "./codebook.js";
import { conditional } from "./conditional.js";
import { codeMap } from "./codeMap.js";
import { chosenOf, encodingsOf, factors } from "./factors.js";
import { components } from "./components.js";
import { header, pixelHeader } from "./header.js";
import { averages, reconstructions, samples } from "./images.js";
import { learning } from "./learning.js";
import type { Content } from "./markup.js";
import { outliers } from "./outliers.js";
import { pageOf } from "./page.js";
import { sectionsOfPixels } from "./pixels.js";
import { dimensions, interpolations } from "./space.js";
import { rates } from "./rates.js";
import { type ReportOptions, type Study, studyOf, subjectOf } from "./study.js";
import { usage } from "./usage.js";

/** What {@link createReport} makes. */
export interface Report {
  /** The page: one file, which needs nothing else. */
  readonly html: string;
  /** The page's pictures by name, each as the bytes of a PNG file. */
  readonly pictures: Readonly<Record<string, Uint8Array>>;
}

/**
 * Shows what a trained autoencoder or VAE learned: losses, reconstructions, convolutional codes, samples, the latent
 * space, known factors, outliers, what codes cost as files, and checkerboards, as far as the model and the examples have
 * them; of a model of pixels bits per dimension, samples, and images completed. The same arguments give the same bytes.
 *
 * The page needs no network and no scripts, suits light and dark screens, and explains to students what they see.
 * Of the examples the first 1000 are looked at.
 *
 * @param model - from {@link autoencoder}, {@link vae}, {@link pixelRnn} or a file
 * @param params - its parameters
 * @param inputs - held-out examples, shape `[n, ...inputShape]`
 * @param options.title - heading of the page (default: the kind of model)
 * @param options.settings - what to tell of the training, in one line: names with texts, numbers, or true or
 *   false
 * @param options.isHeldOut - whether training did not see the examples, which the page then says (default true)
 * @param options.history - from {@link fit}, for the loss curves
 * @param options.imageShape - `[height, width, 1 or 3]`, how vectors are shown: `[28, 28, 1]` for 784 numbers
 * @param options.valueRange - the values of black and white (default `[0, 1]`; `[-1, 1]` for decoders with tanh)
 * @param options.labels - an integer ≥ 0 per example; a model that knows classes needs them
 * @param options.labelNames - what the labels mean
 * @param options.factors - what the examples were made from, by name: shape `[n]` each, as {@link faces} gives them
 * @param options.readouts - functions that measure some of the factors in images `[n, height, width, channels]` with
 *   values from 0 to 1, giving `[n]` each; other factors are measured by a linear rule on pixels, if there is one
 * @param options.key - for samples (default `key(0)`)
 * @returns the page, and its pictures as PNG files
 * @throws {TypeError} when an argument is of the wrong kind or an option unknown
 * @throws {RangeError} when shapes or lengths do not fit the model, or its codes are not finite
 * @example
 * const model = lectures.denseVae({ latentSize: 2 });
 * const images = random.uniform(key(1), [4, 784]);
 * const { html, pictures } = createReport(model, model.init(key(2)), images, { imageShape: [28, 28, 1] });
 * Object.keys(pictures); // ["reconstructions", "samples", "manifold", "interpolations"]
 */
export function createReport(
  model: AnyModel,
  params: ModelParams,
  inputs: Tensor,
  options: ReportOptions = {},
): Report {
  const where = "createReport";
  const subject = subjectOf(where, model, params, inputs, options);
  // Without a shape that can be seen there are no pictures, but numbers and curves.
  const album = subject.pictureShape ? createAlbum(subject) : undefined;
  const body = isEncoding(model)
    ? sectionsOfCodes(studyOf(where, model, subject), album)
    : [
        pixelHeader(subject),
        learning(subject),
        ...(album ? sectionsOfPixels(model, subject, album) : []),
        outliers(subject, album),
      ];
  return { html: pageOf(subject.title, body), pictures: album?.files ?? {} };
}

/** The sections about a model that has codes. */
function sectionsOfCodes(study: Study, album: Album | undefined): readonly Content[] {
  const encodings = encodingsOf(study);
  const coloured = chosenOf(encodings).map(({ name }) => name);
  return [
    header(study),
    learning(study),
    album && reconstructions(study, album),
    components(study, album),
    album && bottleneck(study, album),
    album && samples(study, album),
    conditional(study, album),
    album && dimensions(study, album),
    album && interpolations(study, album),
    usage(study),
    codebook(study),
    codeMap(study, coloured.slice(0, 4)),
    album && averages(study, album),
    factors(study, encodings, album),
    album && rates(study),
    outliers(study, album),
    album && checkerboards(study, album),
  ];
}
