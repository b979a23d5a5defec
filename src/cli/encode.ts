// reparam encode: the codes of data, to a file.

import { Tensor } from "../tensor.js";
import type { Command } from "./command.js";
import { DATA_OPTIONS, readData } from "./data.js";
import { dataKey } from "./effects.js";
import { checkFits, toModel } from "./form.js";
import { checkApart, checkOutput, writeValues } from "./output.js";
import { openModel } from "./run.js";
import { say } from "./terminal.js";

export const encode: Command = {
  name: "encode",
  takes: "MODEL DATA",
  summary:
    "Writes the codes of data: of a VAE the posterior's means. MODEL is a file or the folder of a run.",
  options: {
    ...DATA_OPTIONS,
    seed: { type: "string", value: "N", help: "of built-in images (default 1)" },
    out: { type: "string", value: "FILE", help: "codes.npy (default) or a .csv" },
  },
  async run({ positionals: [path, source], options }) {
    const out = options.text("out") ?? "codes.npy";
    checkOutput(out, [".npy", ".csv"]);
    await checkApart(out, source, options.text("labels"));
    const { model, params, info } = await openModel(path);
    const data = await readData(source, options, dataKey(source, options), "columns");
    checkFits(source, data, info.form);
    const codes = model.encode(params, toModel(data.values, info.form, model));
    const values = codes instanceof Tensor ? codes : codes.mean;
    await writeValues(out, values, { columns: "z", names: data.names });
    say(`${data.values.shape[0]} codes: ${out}`);
    return 0;
  },
};
