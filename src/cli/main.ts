#!/usr/bin/env node
// The program: its arguments, its exit code, and what happens to it from outside.

import { commandLine, tellFailure } from "./commandLine.js";
import { MISTAKE } from "./failure.js";

const args = process.argv.slice(2);

/** What cannot be written ends as a mistake does; but readers may leave before the end: `reparam info run | head -1`. */
let streamCode = 0;
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    streamCode = MISTAKE;
    if (stream === process.stdout) tellFailure(Object.assign(error, { path: "the output" }), args);
  });
}
process.on("exit", (code) => (process.exitCode = code || streamCode));
// Rejections that nobody awaits come here too.
process.on("uncaughtException", (error) => process.exit(tellFailure(error, args)));

process.exitCode = await commandLine(args);
