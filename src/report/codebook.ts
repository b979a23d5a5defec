// The section on a codebook: how often its vectors are used, over all examples.

import { codebookUsage } from "../models/codebook.js";
import { bars } from "./chart.js";
import { type Markup, markup } from "./markup.js";
import { shortNumber } from "./scale.js";
import { chartFigure, counted, section } from "./section.js";
import type { Study } from "./study.js";

/** Bars at most; neighbours in the order of use are taken together. */
const MOST_BARS = 128;

/** How often vectors are used; nothing for models without a codebook. */
export function codebook({ model, params, images }: Study): Markup | undefined {
  if (model.type !== "vqVae") return undefined;
  const { perplexity, dead, shares } = codebookUsage(model.indices(params, images), model.codebook);
  const ranked = Float64Array.from(shares).sort().reverse();
  const width = Math.ceil(ranked.length / MOST_BARS);
  const values = Array.from({ length: Math.ceil(ranked.length / width) }, (_, i) => {
    const part = ranked.subarray(i * width, (i + 1) * width);
    return { name: String(i * width), value: part.reduce((a, b) => a + b, 0) / part.length, tone: 0 };
  });
  const chart = bars(
    { description: `Use of ${model.codebook} vectors`, x: "vector, by use", y: "share of all places" },
    values,
  );
  return section(
    "codebook",
    "How the codebook is used",
    markup`Every place of the code has one of ${model.codebook} vectors. Their perplexity, the exponential of the entropy of their use, tells how many it would be if all were used equally often: <b>${shortNumber(perplexity)}</b>. ${counted(dead, "vector")} ${dead === 1 ? "is" : "are"} not used at all.`,
    chartFigure(
      chart,
      `Counted over ${counted(images.shape[0], "example")}: single batches are too small to use all.`,
    ),
  );
}
