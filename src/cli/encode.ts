// reparam encode: the codes of data, to a file.

import { codesOf } from "../models/fromSpec.js";
import type { Command } from "./command.js";
import { INPUT_OPTIONS, readInput, withCodes } from "./input.js";
import { checkApart, checkOutput, writeValues } from "./output.js";
import { say } from "./terminal.js";
import { counted } from "../report/section.js";

export const encode: Command = {
  name: "encode",
  takes: "MODEL DATA",
  summary:
    "Writes the codes of data: of a VAE the posterior's means. MODEL is a file or the folder of a run.",
  options: {
    ...INPUT_OPTIONS,
    out: { type: "string", value: "FILE", help: "codes.npy (default) or a .csv" },
  },
  async run({ positionals: [path, source], options }) {
    const out = options.text("out") ?? "codes.npy";
    checkOutput(out, [".npy", ".csv"]);
    await checkApart(out, source, options.text("labels"));
    const { model, params, data, values, known } = await readInput(path, source, options);
    const codes = codesOf(withCodes(model), params, values, known);
    await writeValues(out, codes, { columns: "z", names: data.names });
    say(`${counted(values.shape[0], "code")}: ${out}`);
    return 0;
  },
};
