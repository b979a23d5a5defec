// reparam compare: runs on the same held-out data, in numbers, curves and pictures, on one page.

import { basename, join, resolve } from "node:path";
import { writeFileAtomic } from "../node/writeFileAtomic.js";
import { makeFolder } from "../node/makeFolder.js";
import { fold, key } from "../random/keys.js";
import { type ComparedModel, comparisonOf } from "../report/comparison.js";
import type { Condition } from "../models/vae/condition.js";
import type { History } from "../training/history.js";
import { type Command, fail, Options } from "./command.js";
import { type Data, DATA_OPTIONS, divide, pick, readData } from "./data.js";
import { classNames, knownOf, withClasses } from "./condition.js";
import { COMPARISON_DRAWS, RUN_DRAWS } from "./draws.js";
import { effectiveOn, isBuiltIn } from "./effects.js";
import { checkFinite } from "./finite.js";
import { checkFits, toModel } from "./form.js";
import { type Opened, openGiven, withCodes } from "./input.js";
import { leadsToModel } from "./kinds.js";
import { checkApart } from "./output.js";
import { HELD_OUT } from "./plan.js";
import { showNumber } from "./progress.js";
import { CHOOSING } from "./report.js";
import { exists, historyOf, RUN } from "./run.js";
import { say } from "./terminal.js";

/** A run, and what it is called. */
interface Run extends Opened {
  readonly path: string;
  readonly name: string;
  readonly history: History | undefined;
}

type Given = Readonly<Record<string, string | boolean>>;

/** Examples that no run has seen, and others that principal components are computed of. */
interface Examples {
  readonly source: string;
  readonly measured: Data;
  readonly fitted: Data;
}

/** Which examples a run held out, in words that are the same for the same examples. */
function choiceOf({ info: { settings } }: Run): string {
  const { data, options } = settings;
  const chosen = CHOOSING.flatMap((name) => {
    const value = name === "seed" ? (options[name] ?? "1") : options[name];
    return value === undefined ? [] : [value === true ? `--${name}` : `--${name} ${value}`];
  });
  return [isBuiltIn(data) ? data : resolve(data), ...chosen].join(" ");
}

/** Labels as the classes that runs know, where some know any. */
function classified(runs: readonly Run[], source: string, data: Data): Data {
  const knowing = runs.filter(({ model }) => model.condition !== undefined);
  if (knowing.length === 0) return data;
  const [first] = knowing;
  const condition = first.model.condition as Condition;
  const names = classNames(condition).join(",");
  const other = knowing.find((run) => classNames(run.model.condition as Condition).join(",") !== names);
  if (other !== undefined) fail(`${first.path} and ${other.path} know different classes`);
  knownOf(source, data, condition);
  return withClasses(source, data, condition);
}

/** The examples that all runs held out; refused where these are not the same. */
async function ownExamples(runs: readonly Run[], given: Given): Promise<Examples> {
  const [first] = runs;
  const cure = "name data behind the runs, to compare them on these";
  for (const run of runs) {
    if (run.info.settings.data === "") fail(`${run.path} tells nothing of its data: ${cure}`);
    if (choiceOf(run) !== choiceOf(first)) {
      fail(
        `${first.path} and ${run.path} did not hold out the same examples ` +
          `(${choiceOf(first)}; ${choiceOf(run)}): ${cure}`,
      );
    }
  }
  const { data: source, options } = first.info.settings;
  const other = CHOOSING.find((name) => given[name] !== undefined && given[name] !== options[name]);
  if (other !== undefined) fail(`--${other} would change what was held out: ${cure}`);
  const labels = runs.flatMap(({ info }) => info.settings.options["labels"] ?? []);
  const own = new Options({ ...options, ...(labels.length > 0 && { labels: labels[0] }), ...given });
  const seed = key(own.integer("seed", 0) ?? 1);
  const data = classified(runs, source, await readData(source, own, fold(seed, RUN_DRAWS.data)));
  const { rest, aside } = divide(data, HELD_OUT, fold(seed, RUN_DRAWS.heldOut));
  return { source, measured: aside, fitted: rest };
}

/** Examples that were named: one half for principal components, the other to measure on. */
async function namedExamples(runs: readonly Run[], source: string, given: Given): Promise<Examples> {
  const fitting = await effectiveOn(source, runs[0].info.settings.options);
  const { count: _, labels: __, header: ___, separator: ____, seed: _____, ...rest } = fitting;
  const options = new Options({ ...rest, ...given });
  const seed = key(options.integer("seed", 0) ?? 1);
  const data = classified(runs, source, await readData(source, options, fold(seed, RUN_DRAWS.data)));
  checkFinite(source, data);
  const count = data.values.shape[0];
  if (count < 2) fail(`${source} needs at least 2 examples, got ${count}`);
  const half = Math.floor(count / 2);
  const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);
  return { source, fitted: pick(data, range(0, half)), measured: pick(data, range(half, count)) };
}

/** Runs by the names of their folders; where two have the same, by their paths. */
async function openRuns(paths: readonly string[]): Promise<Run[]> {
  const short = paths.map((path) => basename(resolve(path)));
  const isUnique = new Set(short).size === short.length;
  const runs: Run[] = [];
  for (const [i, path] of paths.entries()) {
    const opened = await openGiven(path);
    withCodes(opened.model);
    const history = (await exists(join(path, RUN.history))) ? await historyOf(path) : undefined;
    runs.push({ ...opened, path, name: isUnique ? short[i] : path, history });
  }
  return runs;
}

export const compare: Command = {
  name: "compare",
  takes: "RUN [RUN…] [DATA]",
  summary:
    "Compares runs on the examples that all of them held out, or on DATA: errors beside principal components, " +
    "reconstructions, samples and codes on one page.",
  options: {
    ...DATA_OPTIONS,
    seed: { type: "string", value: "N", help: "of built-in images (default: the runs')" },
    out: { type: "string", value: "DIR", help: "where results go (default comparison)" },
  },
  async run({ positionals, options }) {
    const out = options.text("out") ?? "comparison";
    const last = positionals[positionals.length - 1];
    const source = positionals.length > 1 && !(await leadsToModel(last)) ? last : undefined;
    const paths = source === undefined ? positionals : positionals.slice(0, -1);
    await checkApart(out, source, options.text("labels"), ...paths);
    const runs = await openRuns(paths);
    const { out: _, ...given } = options.all();
    const examples =
      source === undefined ? await ownExamples(runs, given) : await namedExamples(runs, source, given);
    const { measured, fitted } = examples;
    const { labels, labelNames } = measured;
    const [{ model: firstModel, info: firstInfo }] = runs;
    const models = runs.map(({ name, model, params, info: { form }, history }): ComparedModel => {
      checkFits(examples.source, measured, form);
      const { range } = form;
      const inputs = toModel(measured.values, form, model);
      return {
        name,
        model,
        params,
        inputs,
        ...(range && { valueRange: range }),
        ...(history && { history }),
      };
    });
    const { dataShape } = firstInfo.form;
    const { html, pictures, measures } = comparisonOf(models, {
      title: `${runs.length} ${runs.length === 1 ? "run" : "runs"} on ${basename(examples.source)}`,
      settings: { data: examples.source, ...given },
      fitted: toModel(fitted.values, firstInfo.form, firstModel),
      key: fold(key(1), COMPARISON_DRAWS.report),
      ...(dataShape.length === 3 && { imageShape: dataShape }),
      ...(labels && { labels: labels.data }),
      ...(labelNames && { labelNames }),
    });
    const columns = Object.keys(measures[0][1]);
    const cell = (value: number | undefined) => (value === undefined ? "" : String(value));
    const rows = measures.map(([name, own]) =>
      [JSON.stringify(name), ...Object.values(own as object).map((value) => cell(value as number))].join(","),
    );
    await makeFolder(out);
    const files: Readonly<Record<string, string | Uint8Array>> = {
      "comparison.csv": `${[["name", ...columns].join(","), ...rows].join("\n")}\n`,
      ...Object.fromEntries(Object.entries(pictures).map(([name, png]) => [`${name}.png`, png])),
      // The page last: where it is, everything is.
      "comparison.html": html,
    };
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await writeFileAtomic(join(out, name), bytes);
    }
    const lines = measures.map(([name, { squaredError, psnr, negativeElbo }]) => {
      const nats = negativeElbo === undefined ? "" : `, −ELBO ${showNumber(negativeElbo)} nats`;
      return `${name}: squared error ${squaredError.toPrecision(4)}, PSNR ${psnr.toFixed(2)} dB${nats}`;
    });
    say([...lines, `page: ${join(out, "comparison.html")}`].join("\n"));
    return 0;
  },
};
