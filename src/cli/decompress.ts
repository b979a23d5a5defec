// reparam decompress: the data of a compressed file.

import { readFile } from "node:fs/promises";
import { isRefusal } from "../check/check.js";
import { decompress } from "../coding/compress.js";
import { readFile as readCompressed } from "../coding/byteFile.js";
import { decompressLossless } from "../coding/lossless.js";
import { namingFile } from "../node/fileErrors.js";
import { type Command, fail } from "./command.js";
import { fromModel } from "./form.js";
import { openGiven, withCodes } from "./input.js";
import { checkApart, checkOutput, labelled, writeValues } from "./output.js";
import { say } from "./terminal.js";
import { counted } from "../report/section.js";

export const decompressCommand: Command = {
  name: "decompress",
  takes: "MODEL FILE",
  summary: "Writes the data of a file that compress wrote, with the same model.",
  options: {
    start: { type: "string", value: "N", help: "the first example that is wanted, from 0 (default 0)" },
    end: { type: "string", value: "N", help: "the one behind the last (default: all that there are)" },
    out: {
      type: "string",
      value: "FILE",
      help: "decompressed.npy (default), a .csv, or a .png of all images",
    },
  },
  async run({ positionals: [path, source], options }) {
    const out = options.text("out") ?? "decompressed.npy";
    checkOutput(out, [".npy", ".csv", ".png"]);
    await checkApart(out, source);
    const [start, end] = [options.integer("start", 0), options.integer("end", 1)];
    const { model: given, params, info } = await openGiven(path, source);
    const model = withCodes(given);
    const bytes = await namingFile(source, () => readFile(source));
    const range = { ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
    let values;
    try {
      const { kind } = readCompressed("decompress", bytes);
      if (kind === "lossless" && model.type !== "vae") {
        fail(`${source} was written with --lossless, by a VAE, which the model of ${path} is not`);
      }
      values =
        kind === "lossless" && model.type === "vae"
          ? decompressLossless(model, params, bytes, range)
          : decompress(model, params, bytes, range);
    } catch (error) {
      return isRefusal(error) ? fail(`${source}: ${error.message}`) : Promise.reject(error);
    }
    await writeValues(out, fromModel(values, info.form), labelled(info.form));
    say(`${counted(values.shape[0], "example")}: ${out}`);
    return 0;
  },
};
