// reparam classify: the most probable label of each example, by Bayes' rule.

import { type Classification, classify } from "../models/vae/classify.js";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import { accuracy, confusionMatrix } from "../statistics/classification.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Command, fail } from "./command.js";
import { classesOf, classNames } from "./condition.js";
import { INPUT_OPTIONS, readInput } from "./input.js";
import { checkApart, checkOutput, csvOf } from "./output.js";
import { showNumber } from "./progress.js";
import type { ModelInfo } from "./run.js";
import { say } from "./terminal.js";

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** The evidence below which examples are rejected: more than a share of the training examples have. */
function thresholdOf(path: string, { evidence }: ModelInfo, share: number | undefined): number | undefined {
  if (share === undefined) return undefined;
  if (evidence === undefined) {
    return fail(`--reject needs what train notes of its examples, and ${path} has nothing of these`);
  }
  const at = share * (evidence.length - 1);
  const [below, above] = [evidence[Math.floor(at)], evidence[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/** How many of each class were right, and what the others were mostly taken for. */
function resultsOf(labels: Tensor, predicted: Tensor, names: readonly string[]): string[] {
  const { data: counts } = confusionMatrix(labels, predicted, { classes: names.length });
  const width = Math.max(...names.map(({ length }) => length));
  const lines = names.flatMap((name, own) => {
    const row = [...counts.subarray(own * names.length, (own + 1) * names.length)];
    const total = row.reduce((a, b) => a + b);
    if (total === 0) return [];
    const wrong = row.map((count, other) => (other === own ? 0 : count));
    const most = Math.max(...wrong);
    const taken = most === 0 ? "" : `, ${percent(most / total)} taken for ${names[wrong.indexOf(most)]}`;
    return [`  ${name.padEnd(width)}  ${percent(row[own] / total)} right${taken}`];
  });
  return [`accuracy ${percent(accuracy(labels, predicted))}`, ...lines];
}

/** How many were rejected, and how right the others are. */
function rejectionOf(
  { rejected, labels }: Classification,
  truth: Tensor | undefined,
  reject: number,
): string {
  const marks = rejected?.data ?? new Float32Array(0);
  const count = marks.reduce((sum, mark) => sum + mark, 0);
  const kept = [...labels.data.keys()].filter((i) => marks[i] === 0);
  const known = truth && kept.length > 0;
  const of = (t: Tensor) => kept.map((i) => t.data[i]);
  const others = known ? `; accuracy of the others ${percent(accuracy(of(truth), of(labels)))}` : "";
  return `${count} rejected, with evidence below ${showNumber(reject)} nats${others}`;
}

export const classifyCommand: Command = {
  name: "classify",
  takes: "MODEL DATA",
  summary:
    "Writes the most probable class of each example, of a model with --condition. MODEL is a file or " +
    "the folder of a run.",
  options: {
    samples: { type: "string", value: "N", help: "of latents, per example and class (default 10)" },
    reject: {
      type: "string",
      value: "R",
      help: "mark examples that are less probable than this share of the training examples, such as 0.01 (default: none)",
    },
    ...INPUT_OPTIONS,
    labels: {
      type: "string",
      value: "WHICH",
      help: "the true labels, a file or a column of the table: tells how many are right",
    },
    out: { type: "string", value: "FILE", help: "default classes.csv" },
  },
  async run({ positionals: [path, source], options }) {
    const out = options.text("out") ?? "classes.csv";
    checkOutput(out, [".csv"]);
    await checkApart(out, source, options.text("labels"));
    const samples = options.integer("samples", 1);
    const share = options.number("reject", 0, 1);
    const { model, params, info, data, values } = await readInput(path, source, options, false);
    if (model.type !== "vae" || model.condition === undefined) {
      return fail("classify is for models that know classes (reparam train --condition)");
    }
    const reject = thresholdOf(path, info, share);
    const truth = classesOf(source, data, model.condition);
    const result = classify(model, params, values, {
      ...(samples !== undefined && { samples }),
      ...(reject !== undefined && { reject }),
    });
    const classes = classNames(model.condition);
    const { labels, logPosterior, logEvidence, rejected } = result;
    const rows = Array.from(labels.data, (label, i) => [
      data.names?.[i] ?? String(i),
      classes[label],
      logEvidence.data[i],
      ...(rejected ? [rejected.data[i]] : []),
      ...logPosterior.data.subarray(i * classes.length, (i + 1) * classes.length),
    ]);
    const marks = rejected ? ["rejected"] : [];
    const header = ["name", "label", "evidence", ...marks, ...classes.map((name) => `log p(${name})`)];
    await writeFileAtomic(out, new TextEncoder().encode(csvOf(header, rows)));
    const told = [
      `${labels.size} labels: ${out}`,
      ...(truth ? resultsOf(truth, labels, classes) : []),
      ...(reject === undefined ? [] : [rejectionOf(result, truth, reject)]),
    ];
    say(told.join("\n"));
    return 0;
  },
};
