// reparam reconstruct: data as the model gives them back.

import type { Command } from "./command.js";
import { fromModel } from "./form.js";
import { INPUT_OPTIONS, readInput } from "./input.js";
import { checkApart, checkOutput, labelled, writeValues } from "./output.js";
import { say } from "./terminal.js";
import { counted } from "../report/section.js";

export const reconstruct: Command = {
  name: "reconstruct",
  takes: "MODEL DATA",
  summary: "Writes data as the model gives them back. MODEL is a file or the folder of a run.",
  options: {
    ...INPUT_OPTIONS,
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
    const { model, params, info, data, values, known } = await readInput(path, source, options);
    const output = fromModel(model.reconstruct(params, values, known), info.form);
    await writeValues(out, output, labelled(info.form, data.names));
    say(`${counted(values.shape[0], "reconstruction")}: ${out}`);
    return 0;
  },
};
