// A run that goes on: with the settings that it began with, from a checkpoint that is whole, and never in silence.

import { join, resolve } from "node:path";
import { newestCheckpoint } from "../node/checkpoints.js";
import type { Skipped } from "../node/imageFolder.js";
import type { Checkpoint } from "../training/checkpoint.js";
import { type Arguments, fail } from "./command.js";
import type { Destination } from "./claim.js";
import { exists, historyOf, RUN, type Settings, settingsOf } from "./run.js";
import { tell } from "./terminal.js";
import { DEFAULTS } from "./trainOptions.js";

/** Options that say what to do with a folder; they are no settings of the run. */
const OF_FOLDERS = ["resume", "overwrite"];

/** What a command asks for: a new training, or that one goes on. Nothing is written. */
export async function destinationOf({ positionals, options }: Arguments): Promise<Destination> {
  const folder = options.text("resume");
  const isOverwriting = options.flag("overwrite");
  const given = Object.fromEntries(
    Object.entries(options.all()).filter(([name]) => !OF_FOLDERS.includes(name)),
  );
  if (folder === undefined) {
    const settings = { data: positionals[0] ?? "faces", options: given };
    return { out: options.text("out") ?? "run", settings, isOverwriting };
  }
  if (isOverwriting) fail("give either --resume or --overwrite: who goes on with a run keeps it");
  const before = await settingsOf(folder);
  if (positionals.length > 0 && positionals[0] !== before.data) {
    fail(`--resume goes on with ${before.data}; for ${positionals[0]} begin a new run`);
  }
  if (given.out !== undefined && resolve(String(given.out)) !== resolve(folder)) {
    fail(`--out ${given.out} contradicts --resume ${folder}: a run goes on in its own folder`);
  }
  for (const [name, value] of Object.entries(given)) checkAgrees(folder, before, name, value);
  const epochs = options.integer("epochs", 1);
  await checkUnfinished(folder, before, epochs);
  const more = epochs === undefined ? {} : { epochs: String(epochs) };
  return {
    out: folder,
    settings: { data: before.data, options: { ...before.options, ...more } },
    before,
    isOverwriting,
  };
}

const epochsOf = ({ options }: Settings) => Number(options.epochs ?? DEFAULTS.epochs);

/** Refuses an option that says something else than the run began with; epochs may be added. */
function checkAgrees(folder: string, before: Settings, name: string, value: string | boolean): void {
  if (name === "out") return;
  const stored = before.options[name] ?? DEFAULTS[name];
  const isSame = stored === value || (stored !== undefined && Number(stored) === Number(value));
  if (isSame || (name === "epochs" && Number(value) > epochsOf(before))) return;
  const begun =
    stored === undefined ? `without --${name}` : `with --${name}${stored === true ? "" : ` ${stored}`}`;
  const asked = value === true ? `--${name}` : `--${name} ${value}`;
  const cure = name === "epochs" ? "epochs can only be added" : "for another begin a new run with --out";
  fail(`${asked} contradicts ${folder}, which began ${begun}: ${cure}`);
}

/** Refuses a run whose epochs are done, unless there shall be more. */
async function checkUnfinished(folder: string, before: Settings, asked: number | undefined): Promise<void> {
  const epochs = epochsOf(before);
  if (asked !== undefined && asked > epochs) return;
  const found = await Promise.all(
    [RUN.model, RUN.history, RUN.report].map((name) => exists(join(folder, name))),
  );
  if (!found.every(Boolean)) return;
  const history = await historyOf(folder);
  if ((history?.epochs.length ?? 0) < epochs) return;
  fail(
    `${folder} is finished, ${epochs === 1 ? "its epoch is" : `all its ${epochs} epochs are`} done: ` +
      `to train on, add epochs (--resume ${folder} --epochs ${2 * epochs}), or begin a new run with --out`,
  );
}

/** The checkpoint that a run goes on from; what is found is told. */
export async function checkpointOf({ out, settings }: Destination): Promise<Checkpoint> {
  const folder = join(out, RUN.checkpoints);
  const damaged: Skipped[] = [];
  const found = await newestCheckpoint(folder, (skipped) => damaged.push(skipped));
  if (found === undefined) {
    const facts = damaged.map(({ name, reason }) => `${join(folder, name)} is damaged (${reason})`);
    const what = facts.length > 0 ? facts.join(", ") : `there is none in ${folder}`;
    return fail(
      `${out} has no checkpoint to go on from, ${what}; ` +
        `begin again with its options: reparam train ${settings.data} … --out ${out} --overwrite`,
    );
  }
  for (const { name, reason } of damaged) tell(`${join(folder, name)} is damaged (${reason})`);
  tell(`going on from step ${found.trainer.step}`);
  return found;
}
