// The head of a report: title, settings, the result in numbers, and warnings.

import { peakSignalToNoise } from "../images/peakSignalToNoise.js";
import { bitsPerDimension } from "../distributions/discretizedLogistic.js";
import { latentUsage, usageWarnings } from "../models/vae/latentUsage.js";
import * as ops from "../ops/index.js";
import { fold } from "../random/keys.js";
import { sizeOf, type Tensor } from "../tensor/tensor.js";
import { REPORT_DRAWS } from "./draws.js";
import { type Markup, markup } from "./markup.js";
import { type Fact, headOf } from "./page.js";
import { fixedNumber, shortNumber } from "./scale.js";
import { counted } from "./section.js";
import type { Study, Subject } from "./study.js";

/** Decibels of the mean, of all examples: one that is perfect would make a mean of decibels infinite. */
function decibelsOf({ images, reconstructions, valueRange: [low, high] }: Study): number {
  const asOne = (t: Tensor) => ops.reshape(t, [1, 1, t.size, 1]);
  return peakSignalToNoise(asOne(images), asOne(reconstructions), { peak: high - low }).data[0];
}

function factsOfVae(study: Study): readonly Fact[] {
  const { vae, posterior, params, images, key, known } = study;
  if (vae === undefined || posterior === undefined) return [];
  const bound = vae.elbo(params, images, { ...known, key: fold(key, REPORT_DRAWS.bound) });
  const { activeUnits } = latentUsage(posterior);
  return [
    {
      name: "ELBO",
      value: shortNumber(bound.elbo),
      note: `nats per example: at most ${known.labels ? "log p(x | y)" : "log p(x)"}; more is better`,
    },
    {
      name: "Reconstruction",
      value: shortNumber(bound.reconstruction),
      note: `nats to describe an example, given its code${bound.reconstruction < 0 ? "; below 0, for densities can exceed 1" : ""}`,
    },
    { name: "KL", value: shortNumber(bound.kl), note: "nats that a code holds about its example" },
    {
      name: "Active latents",
      value: markup`${activeUnits}<small> of ${vae.latentSize}</small>`,
      note: "dimensions whose mean varies between examples",
    },
  ];
}

function factsOfAutoencoder({ model, params, images, codes }: Study): readonly Fact[] {
  if (model.type !== "autoencoder") return [];
  const { loss, reduction } = model.spec.options;
  const scores = model.score(params, images).data;
  const words =
    loss === "custom" ? "own function" : String(loss).replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
  const [inputs, latents] = [sizeOf(model.inputShape), codes.shape[1]];
  return [
    {
      name: "Loss",
      value: shortNumber(scores.reduce((sum, value) => sum + value, 0) / scores.length),
      note: `${words}, ${reduction === "mean" ? "averaged over values" : "summed over an example"}; less is better`,
    },
    {
      name: "Code",
      value: markup`${latents}<small> of ${inputs}</small>`,
      note: "numbers that stand for those of an example",
    },
  ];
}

/** What is worth a warning in the use of latents, judged by the weight of KL that training was for. */
function warningsOf({ vae, posterior }: Study): readonly string[] {
  if (vae === undefined || posterior === undefined) return [];
  return usageWarnings(latentUsage(posterior), { beta: Number(vae.spec.options.beta) });
}

/** What a model of pixels needs for an example. */
function factsOfPixels({ model, params, images }: Subject): readonly Fact[] {
  const nats = model.score(params, images).data.reduce((sum, value) => sum + value / images.shape[0], 0);
  return [
    {
      name: "Negative log-likelihood",
      value: shortNumber(nats),
      note: "nats per example, exact; less is better",
    },
    {
      name: "Bits per dimension",
      value: shortNumber(bitsPerDimension(nats, model.inputShape)),
      note: `of the log₂ ${String(model.spec.options.levels)} = ${shortNumber(Math.log2(Number(model.spec.options.levels)))} that a value takes of which nothing is known`,
    },
  ];
}

/** Title, settings and facts of a model of pixels. */
export const pixelHeader = (subject: Subject): Markup => head(subject, factsOfPixels(subject), []);

/** Title, settings, facts and warnings. */
export function header(study: Study): Markup {
  const facts: readonly Fact[] = [
    ...factsOfVae(study),
    ...factsOfAutoencoder(study),
    {
      name: "PSNR",
      value: markup`${fixedNumber(decibelsOf(study), 1)}<small> dB</small>`,
      note: "how near reconstructions are; 3 dB more is half the squared error",
    },
  ];
  return head(study, facts, warningsOf(study));
}

function head(
  { title, settings, images, isHeldOut }: Subject,
  facts: readonly Fact[],
  warned: readonly string[],
): Markup {
  const warnings = warned.map((warning) => markup`<p class="warning" role="note">${warning}</p>`);
  const source = `Measured on ${counted(images.shape[0], isHeldOut ? "held-out example" : "example")}.`;
  return headOf(title, settings, facts, markup`<p class="source">${source}</p>`, warnings);
}
