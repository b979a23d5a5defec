// reparam estimators: how far two estimators of a gradient stray, on a problem whose gradient is known.

import { join } from "node:path";
import { makeFolder } from "../node/makeFolder.js";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import { key } from "../random/keys.js";
import { ESTIMATORS, estimatorsPage, studyEstimators } from "../report/estimators.js";
import { tensor } from "../tensor/tensor.js";
import { columnsOf, type Command, fail, type Options } from "./command.js";
import { toCsv } from "./output.js";
import { showNumber } from "./progress.js";
import { say } from "./terminal.js";

/** So many take seconds. */
const [MOST_DIMENSIONS, MOST_SAMPLES] = [1024, 100_000];

/** Numbers separated by commas, in rising order. */
function listOption(options: Options, name: string, usual: string, least: number, most: number): number[] {
  const text = options.text(name) ?? usual;
  const list = text.split(",").map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : NaN));
  const isRising = list.every((value, i) => i === 0 || value > list[i - 1]);
  if (!list.every((value) => value >= least && value <= most) || !isRising) {
    const rule = `rising integers from ${least} to ${most}, separated by commas`;
    fail(`--${name} must be ${rule}, got ${JSON.stringify(text)}`);
  }
  return list;
}

const DIMENSIONS = "1,2,4,8,16,32,64";
const SAMPLES = "10,100,1000,10000";

export const estimators: Command = {
  name: "estimators",
  takes: "",
  summary:
    "Compares the reparameterized gradient with the score function's: variance by dimensions and error by samples, on " +
    "a problem whose gradient is known, as a page and tables.",
  options: {
    dimensions: { type: "string", value: "LIST", help: `dimensions to measure in (default ${DIMENSIONS})` },
    samples: {
      type: "string",
      value: "LIST",
      help: `samples to average over (default ${SAMPLES}); variances are of the last`,
    },
    seed: { type: "string", value: "N", help: "the same seed gives the same numbers (default 1)" },
    out: { type: "string", value: "DIR", help: "where results go (default estimators)" },
  },
  async run({ options }) {
    const out = options.text("out") ?? "estimators";
    const dimensions = listOption(options, "dimensions", DIMENSIONS, 1, MOST_DIMENSIONS);
    const samples = listOption(options, "samples", SAMPLES, 2, MOST_SAMPLES);
    const study = studyEstimators(key(options.integer("seed", 0) ?? 1), { dimensions, samples });
    const { out: _, ...asked } = options.all();
    const names = Object.keys(ESTIMATORS);
    const csv = (first: string, rows: (typeof study)["errors"]) =>
      toCsv([first, ...names], tensor(rows.map(({ at, values }) => [at, ...values])));
    const files: Readonly<Record<string, string>> = {
      "variances.csv": csv("dimensions", study.variances),
      "errors.csv": csv("samples", study.errors),
      "estimators.html": estimatorsPage(study, "Two estimators of a gradient", asked),
    };
    await makeFolder(out);
    for (const [name, content] of Object.entries(files)) {
      await writeFileAtomic(join(out, name), new TextEncoder().encode(content));
    }
    const lines = study.variances.map(
      ({ at, values }) => [`${at}`, values.map(showNumber).join(", ")] as const,
    );
    say(
      [
        `variance of one sample's gradient by dimensions (${names.join("; ")}):`,
        ...columnsOf(lines),
        `page: ${join(out, "estimators.html")}`,
      ].join("\n"),
    );
    return 0;
  },
};
