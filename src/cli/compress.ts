// reparam compress: data as a file of codes, or of everything that they are.

import { compress, decompress } from "../coding/compress.js";
import { compressLossless } from "../coding/lossless.js";
import { decibelsOf } from "../coding/rateDistortion.js";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import { type Command, fail } from "./command.js";
import { INPUT_OPTIONS, readInput, withCodes } from "./input.js";
import { checkApart, checkOutput } from "./output.js";
import { showNumber } from "./progress.js";
import { say } from "./terminal.js";
import { counted } from "../report/section.js";

const STEPS = ["fitted", "range"] as const;

export const compressCommand: Command = {
  name: "compress",
  takes: "MODEL DATA",
  summary:
    "Writes data as a small file of codes, which decompress reads with the same model. MODEL is a file or the folder " +
    "of a run.",
  options: {
    bits: {
      type: "string",
      value: "N",
      help: "of the widest dimension of the code, 2 to 16 (default 6); a VQ-VAE has none",
    },
    steps: {
      type: "string",
      value: "HOW",
      help: "fitted (default) to what each dimension changes in the output, or over the range of each",
    },
    lossless: {
      type: "boolean",
      help: "keep every bit: for VAEs that were trained with --likelihood discretizedLogistic",
    },
    ...INPUT_OPTIONS,
    out: { type: "string", value: "FILE", help: "default codes.rpz" },
  },
  async run({ positionals: [path, source], options }) {
    const out = options.text("out") ?? "codes.rpz";
    checkOutput(out, [".rpz"]);
    await checkApart(out, source, options.text("labels"));
    const bits = options.integer("bits", 2);
    const steps = options.choice("steps", STEPS);
    const isLossless = options.flag("lossless");
    const surplus = bits !== undefined ? "bits" : steps !== undefined ? "steps" : undefined;
    if (isLossless && surplus !== undefined) fail(`--${surplus} has no effect with --lossless`);
    const { model: given, params, info, values } = await readInput(path, source, options, false);
    const model = withCodes(given);
    if (model.type === "vqVae" && surplus !== undefined) {
      fail(`--${surplus} has no effect on a VQ-VAE: its codes are numbers of vectors`);
    }
    if (isLossless) {
      if (model.type !== "vae")
        fail("--lossless is for VAEs (reparam train --likelihood discretizedLogistic)");
      const file = compressLossless(model, params, values);
      await writeFileAtomic(out, file);
      say(`${counted(values.shape[0], "example")}, every bit of them: ${out}\n${roomOf(file, values.size)}`);
      return 0;
    }
    const file = compress(model, params, values, {
      ...(bits !== undefined && { bits }),
      ...(steps !== undefined && { steps }),
    });
    await writeFileAtomic(out, file);
    const { range } = info.form;
    const loss = range
      ? `, PSNR ${showNumber(decibelsOf(decompress(model, params, file), values, range))} dB`
      : "";
    say(`${counted(values.shape[0], "example")}: ${out}\n${roomOf(file, values.size)}${loss}`);
    return 0;
  },
};

/** How much room a file of so many values takes. */
const roomOf = ({ length }: Uint8Array, values: number) =>
  `${length} bytes, ${showNumber((8 * length) / values)} bits per value`;
