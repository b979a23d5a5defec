// The section on KL: how much each latent of a VAE carries.

import { ACTIVE, latentUsage } from "../models/vae/latentUsage.js";
import { bars } from "./chart.js";
import { type Markup, markup } from "./markup.js";
import { shortNumber } from "./scale.js";
import { chartFigure, section, swatch } from "./section.js";
import type { Study } from "./study.js";

/** Bars at most: what stands beyond carries least. */
const MOST_BARS = 128;
/** Colours of active latents and of others. */
const [BLUE, GREY] = [0, 9];

/** KL per dimension. */
export function usage({ posterior }: Study): Markup | undefined {
  if (posterior === undefined) return undefined;
  const { klPerDimension, activity, activeUnits } = latentUsage(posterior);
  const ranked = klPerDimension
    .map((kl, dimension) => ({
      name: `${dimension}`,
      value: kl,
      tone: activity[dimension] > ACTIVE ? BLUE : GREY,
    }))
    .sort((a, b) => b.value - a.value);
  const count = klPerDimension.length;
  const total = klPerDimension.reduce((sum, kl) => sum + kl, 0);
  const bits = shortNumber(total / Math.LN2);
  const chart = bars(
    { description: `KL of each of ${count} latents`, x: "latent, by KL", y: "KL, nats" },
    ranked.slice(0, MOST_BARS),
  );
  return section(
    "usage",
    "How much each latent carries",
    markup`KL measures, in nats, how far the codes of an image stray from the prior, and so how much a latent tells about the image: ${shortNumber(total)} nats in all, which are ${bits} bits. A latent whose KL is 0 tells nothing.`,
    chartFigure(
      chart,
      markup`${swatch(BLUE)} active (${activeUnits} of ${count}), ${swatch(GREY)} not: its mean varies by less than ${ACTIVE} between images.`,
    ),
  );
}
