// reparam score: how unusual each example is.

import { bitsPerDimension } from "../distributions/discretizedLogistic.js";
import { isEncoding } from "../models/fromSpec.js";
import { classify } from "../models/vae/classify.js";
import * as ops from "../ops/index.js";
import { say } from "./terminal.js";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import { type Command, fail } from "./command.js";
import { INPUT_OPTIONS, readInput } from "./input.js";
import { checkApart, checkOutput, toCsv } from "./output.js";
import { showNumber } from "./progress.js";
import { counted } from "../report/section.js";

const WAYS = ["elbo", "reconstruction", "logLikelihood", "joint"] as const;

export const score: Command = {
  name: "score",
  takes: "MODEL DATA",
  summary: "Writes how unusual each example is: higher for outliers. MODEL is a file or the folder of a run.",
  options: {
    by: {
      type: "string",
      value: "WAY",
      help: "of a VAE: elbo (default), reconstruction or logLikelihood, all in nats with a minus; joint is over all classes, without labels",
    },
    ...INPUT_OPTIONS,
    out: { type: "string", value: "FILE", help: "default scores.csv" },
  },
  async run({ positionals: [path, source], options }) {
    const out = options.text("out") ?? "scores.csv";
    checkOutput(out, [".csv"]);
    await checkApart(out, source, options.text("labels"));
    const by = options.choice("by", WAYS);
    const { model, params, data, values, known } = await readInput(path, source, options, by !== "joint");
    if (by === "joint" && model.condition === undefined) {
      fail("--by joint is for models that know classes (reparam train --condition)");
    }
    if (by !== undefined && model.type !== "vae") fail("--by is for VAEs; other models score by their loss");
    const scores =
      model.type !== "vae"
        ? model.score(params, values)
        : by === "joint"
          ? ops.scale(classify(model, params, values).logEvidence, -1)
          : model.score(params, values, { ...known, ...(by && { by }) });
    const names = data.names ?? Array.from({ length: scores.size }, (_, i) => String(i));
    await writeFileAtomic(out, new TextEncoder().encode(toCsv(["score"], scores, names)));
    const order = [...scores.data.keys()].sort((a, b) => scores.data[b] - scores.data[a]);
    const most = order.slice(0, 5).map((i) => `${names[i]} (${showNumber(scores.data[i])})`);
    const nats = scores.data.reduce((sum, value) => sum + value / scores.size, 0);
    const bits = showNumber(bitsPerDimension(nats, model.inputShape));
    const cost = isEncoding(model)
      ? ""
      : `\n${showNumber(nats)} nats per example, ${bits} bits per dimension`;
    say(`${counted(scores.size, "score")}: ${out}${cost}\nmost unusual: ${most.join(", ")}`);
    return 0;
  },
};
