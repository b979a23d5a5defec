// A whole call of the command line: finds the command, runs it, and turns errors into words and an exit code.

import { classifyCommand } from "./classify.js";
import { type Command, columnsOf, fail, helpOf, meant, parse } from "./command.js";
import { compare } from "./compare.js";
import { complete } from "./complete.js";
import { compressCommand } from "./compress.js";
import { decompressCommand } from "./decompress.js";
import { encode } from "./encode.js";
import { estimators } from "./estimators.js";
import { failureOf, MISTAKE } from "./failure.js";
import { generate } from "./generate.js";
import { info } from "./info.js";
import { mixtureCommand } from "./mixture.js";
import { reconstruct } from "./reconstruct.js";
import { reportCommand } from "./report.js";
import { score } from "./score.js";
import { configure } from "../wasm/configure.js";
import { say, tell } from "./terminal.js";
import { train } from "./train.js";

/** All commands, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [
  train,
  reconstruct,
  encode,
  generate,
  complete,
  score,
  classifyCommand,
  compressCommand,
  decompressCommand,
  mixtureCommand,
  estimators,
  reportCommand,
  compare,
  info,
];

const NAMES = COMMANDS.map(({ name }) => name);

function overview(): string {
  return [
    "Usage: reparam COMMAND …",
    "",
    "Trains and runs autoencoders, variational autoencoders and models of pixels.",
    "",
    ...columnsOf(COMMANDS.map(({ name, summary }) => [name, summary.split(/\.(?: |$)/)[0]])),
    "",
    "reparam COMMAND --help tells more.",
  ].join("\n");
}

async function run([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    say(overview());
    return name === undefined ? MISTAKE : 0;
  }
  const command = COMMANDS.find((command) => command.name === name);
  if (command === undefined) {
    return fail(`there is no command ${JSON.stringify(name)}${meant(name, NAMES)}; see reparam --help`);
  }
  const given = parse(command, rest);
  if (given !== undefined) {
    const threads = given.options.integer("threads", 1);
    if (threads !== undefined) configure({ threads });
    return command.run(given);
  }
  say(helpOf(command));
  return 0;
}

/** Tells of an error of `reparam args…`; returns the exit code. */
export function tellFailure(error: unknown, args: readonly string[]): number {
  const { text, code } = failureOf(error, args, NAMES);
  tell(text);
  return code;
}

/** Runs `reparam args…`; returns the exit code. */
export const commandLine = (args: readonly string[]): Promise<number> =>
  run(args).catch((error: unknown) => tellFailure(error, args));
