// reparam info: what is in a model's file.

import { say } from "./terminal.js";
import { layerFromSpec } from "../layers/fromSpec.js";
import { summary } from "../layers/summary.js";
import { tensorsOf } from "../tree.js";
import type { Command } from "./command.js";
import { openModel } from "./run.js";

export const info: Command = {
  name: "info",
  takes: "MODEL",
  summary: "Shows the layers, sizes and settings of a model. MODEL is a file or the folder of a run.",
  options: {},
  async run({ positionals: [path] }) {
    const { model, params, info } = await openModel(path);
    const { spec } = model;
    const count = tensorsOf(params.weights).reduce((sum, { size }) => sum + size, 0);
    const encoder = layerFromSpec(spec.encoder);
    const code = "codeShape" in model ? model.codeShape : [model.latentSize];
    const options = Object.entries({ ...spec.options, ...info.settings.options });
    const lines = [
      `${spec.type} for ${info.form.dataShape.join("×")}, ${count.toLocaleString("en")} parameters`,
      ...options.map(
        ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
      ),
      "",
      "encoder",
      summary(encoder, model.inputShape),
      "",
      "decoder",
      summary(layerFromSpec(spec.decoder), code),
    ];
    say(lines.join("\n"));
    return 0;
  },
};
