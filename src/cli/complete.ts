// reparam complete: images whose lower rows are drawn from the upper ones.

import { key } from "../random/keys.js";
import { type Command, fail, Options } from "./command.js";
import { isBuiltIn } from "./effects.js";
import { fromModel } from "./form.js";
import { INPUT_OPTIONS, readInput } from "./input.js";
import { checkApart, checkOutput, labelled, writeValues } from "./output.js";
import { say } from "./terminal.js";

/** Options of images: there is nothing that labels or columns of tables would change. */
const { labels: _, header: __, separator: ___, ...OF_IMAGES } = INPUT_OPTIONS;
/** Options that say nothing of the data; a seed does so of built-in images. */
const OF_DRAWING = ["rows", "temperature", "out"];

export const complete: Command = {
  name: "complete",
  takes: "MODEL DATA",
  summary:
    "Draws the lower rows of images from their upper ones, with a model of pixels. MODEL is a file or the folder of a run.",
  options: {
    rows: { type: "string", value: "N", help: "upper rows that are kept (default: half of them)" },
    temperature: {
      type: "string",
      value: "T",
      help: "what logits are divided by (default 1); at 0 every pixel is the likeliest",
    },
    ...OF_IMAGES,
    seed: { type: "string", value: "N", help: "the same seed draws the same (default 1)" },
    out: { type: "string", value: "FILE", help: "completions.png (default), a .npy or a .csv" },
  },
  async run({ positionals: [path, source], options }) {
    const out = options.text("out") ?? "completions.png";
    checkOutput(out, [".png", ".npy", ".csv"]);
    await checkApart(out, source);
    const rows = options.integer("rows", 0);
    const temperature = options.number("temperature", 0) ?? 1;
    const seed = key(options.integer("seed", 0) ?? 1);
    const ofData = Object.entries(options.all()).filter(
      ([name]) => !OF_DRAWING.includes(name) && (name !== "seed" || isBuiltIn(source)),
    );
    const own = new Options(Object.fromEntries(ofData));
    const { model, params, info, data, values } = await readInput(path, source, own);
    if (model.type !== "pixelRnn" && model.type !== "pixelCnn") {
      fail(
        `only models of pixels complete images (--model pixel-rnn or pixel-cnn); this one is of the type ${model.type}`,
      );
    }
    const [height] = model.inputShape;
    if (rows !== undefined && rows > height)
      fail(`--rows must be at most ${height}, the height, got ${rows}`);
    const drawn = model.complete(params, values, {
      key: seed,
      temperature,
      ...(rows !== undefined && { rows }),
    });
    const completed = fromModel(drawn, info.form);
    // On its way to the model and back a value may lose its last bit: what is given is taken from the data.
    const [count, , width, channels] = data.values.shape;
    const kept = (rows ?? Math.floor(height / 2)) * width * channels;
    for (let i = 0; i < count; i++) {
      const start = i * height * width * channels;
      completed.data.set(data.values.data.subarray(start, start + kept), start);
    }
    await writeValues(out, completed, labelled(info.form, data.names));
    say(`${values.shape[0]} completions: ${out}`);
    return 0;
  },
};
