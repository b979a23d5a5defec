#!/usr/bin/env node
// The command line: finds the command, runs it, and turns mistakes into one line and an exit code.

import { describeFileError, isFileError } from "../node/fileErrors.js";
import { type Command, columnsOf, fail, helpOf, parse, UsageError } from "./command.js";
import { encode } from "./encode.js";
import { generate } from "./generate.js";
import { info } from "./info.js";
import { reconstruct } from "./reconstruct.js";
import { reportCommand } from "./report.js";
import { score } from "./score.js";
import { say, tell } from "./terminal.js";
import { train } from "./train.js";

const COMMANDS: readonly Command[] = [train, reconstruct, encode, generate, score, reportCommand, info];

function overview(): string {
  return [
    "Usage: reparam COMMAND …",
    "",
    "Trains and runs autoencoders and variational autoencoders.",
    "",
    ...columnsOf(COMMANDS.map(({ name, summary }) => [name, summary.split(/\.(?: |$)/)[0]])),
    "",
    "reparam COMMAND --help tells more.",
  ].join("\n");
}

/** Whether an error tells of wrong input: worded by the library's checks, or of the file system. */
function isMistake(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof RangeError || error instanceof TypeError) return true;
  return error instanceof Error && typeof (error as { code?: unknown }).code === "string";
}

async function main([name, ...rest]: string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    say(overview());
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.find((command) => command.name === name);
  try {
    if (command === undefined) fail(`there is no command ${JSON.stringify(name)}; see reparam --help`);
    const given = parse(command, rest);
    if (given !== undefined) return await command.run(given);
    say(helpOf(command));
    return 0;
  } catch (error) {
    if (!isMistake(error)) throw error;
    const where = command === undefined ? "reparam" : `reparam ${command.name}`;
    tell(`${where}: ${isFileError(error) ? describeFileError(error) : error.message.split("\n")[0]}`);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
