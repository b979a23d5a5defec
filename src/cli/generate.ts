// reparam generate: new examples, from a VAE's prior or pixel by pixel.

import type { Condition, LabelOptions } from "../models/vae/condition.js";
import { key } from "../random/keys.js";
import { tensor } from "../tensor/tensor.js";
import { type Command, fail } from "./command.js";
import { classNames, classOf } from "./condition.js";
import { fromModel } from "./form.js";
import { openGiven } from "./input.js";
import { checkOutput, labelled, writeValues } from "./output.js";
import { say } from "./terminal.js";
import { counted } from "../report/section.js";

/** The classes to generate: one, or all in as many rows. */
function labelsOf(label: string | undefined, count: number, condition: Condition | undefined): LabelOptions {
  if (condition === undefined) {
    return label === undefined
      ? {}
      : fail("--label is for models that know classes (reparam train --condition)");
  }
  if (label !== undefined) return { labels: classOf("label", label, condition) };
  const classes = classNames(condition).length;
  return {
    labels: tensor(Float32Array.from({ length: count }, (_, i) => Math.floor((i * classes) / count))),
  };
}

export const generate: Command = {
  name: "generate",
  takes: "MODEL",
  summary: "Draws new examples from a VAE or a model of pixels. MODEL is a file or the folder of a run.",
  options: {
    count: { type: "string", value: "N", help: "how many (default 64)" },
    seed: { type: "string", value: "N", help: "the same seed gives the same examples (default 1)" },
    label: {
      type: "string",
      value: "CLASS",
      help: "name or number, of a model with --condition (default: all classes, one after the other)",
    },
    temperature: {
      type: "string",
      value: "T",
      help: "deviation of the latents, or what logits of pixels are divided by (default 1)",
    },
    out: { type: "string", value: "FILE", help: "samples.png (default for images), a .npy or a .csv" },
  },
  async run({ positionals: [path], options }) {
    const { model, params, info } = await openGiven(path);
    const { form } = info;
    const out = options.text("out") ?? (form.dataShape.length === 3 ? "samples.png" : "samples.csv");
    checkOutput(out, [".png", ".npy", ".csv"]);
    if (model.type === "autoencoder" || model.type === "vqVae")
      fail("a plain autoencoder has no prior to draw from: train a VAE (--model conv-vae)");
    const count = options.integer("count", 1) ?? 64;
    const temperature = options.number("temperature", 0) ?? 1;
    const seed = key(options.integer("seed", 0) ?? 1);
    const known = labelsOf(options.text("label"), count, model.condition);
    const samples = model.generate(params, { count, key: seed, temperature, ...known });
    await writeValues(out, fromModel(samples, form), labelled(form));
    say(`${counted(count, "sample")}: ${out}`);
    return 0;
  },
};
