// reparam reconstruct: data as the model gives them back.

import type { Command } from "./command.js";
import { DATA_OPTIONS, readData } from "./data.js";
import { dataKey } from "./effects.js";
import { checkFits, fromModel, toModel } from "./form.js";
import { checkApart, checkOutput, labelled, writeValues } from "./output.js";
import { openModel } from "./run.js";
import { say } from "./terminal.js";

export const reconstruct: Command = {
  name: "reconstruct",
  takes: "MODEL DATA",
  summary: "Writes data as the model gives them back. MODEL is a file or the folder of a run.",
  options: {
    ...DATA_OPTIONS,
    seed: { type: "string", value: "N", help: "of built-in images (default 1)" },
    out: {
      type: "string",
      value: "FILE",
      help: "reconstructions.npy (default), a .csv, or a .png of all images",
    },
  },
  async run({ positionals: [path, source], options }) {
    const out = options.text("out") ?? "reconstructions.npy";
    checkOutput(out, [".npy", ".csv", ".png"]);
    await checkApart(out, source, options.text("labels"));
    const { model, params, info } = await openModel(path);
    const data = await readData(source, options, dataKey(source, options), "columns");
    checkFits(source, data, info.form);
    const output = model.reconstruct(params, toModel(data.values, info.form, model));
    await writeValues(out, fromModel(output, info.form), labelled(info.form, data.names));
    say(`${data.values.shape[0]} reconstructions: ${out}`);
    return 0;
  },
};
