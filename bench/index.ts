// Runs the benchmarks: `npm run bench -- [--filter TEXT] [--binary simd|relaxed|both] [--threads N] [--direct]
// [--json[=FILE]] [--time MS]`.
//
// Kernels run on the heap, operands in place and output reused; rows that say "outside a scope" also copy both,
// as an operation by itself does. Median and interquartile range of the runs that fit in --time milliseconds
// (default 500), at least ten. One thread and several (default: all cores) take turns. --direct
// leaves Winograd's filtering out. The share is the share of the roofline: for GFLOP/s of multiply-adds in
// registers, for GB/s of a copy that moves as many bytes (read plus written).

import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { configure } from "../src/index.js";
import { CASES } from "./cases.js";
import { type Binary, chooseBinary, measure, measureRoofline, type Row } from "./support.js";

/** Bytes, read and written, of the copy that the heading names. */
const LARGE_COPY = 32 << 20;
const TITLE_WIDTH = Math.max(...CASES.map(({ title }) => title.length));

const { values: options } = parseArgs({
  args: process.argv.slice(2).map((argument) => (argument === "--json" ? "--json=-" : argument)),
  options: {
    filter: { type: "string", default: "" },
    binary: { type: "string", default: "both" },
    json: { type: "string" },
    direct: { type: "boolean", default: false },
    time: { type: "string", default: "500" },
    threads: { type: "string", default: String(Math.min(8, availableParallelism())) },
  },
});

/** `3x3` finds `3×3`. */
const wanted = options.filter.toLowerCase().replace(/(?<=\d)x(?=\d)/g, "×");
const time = Number(options.time);
const threads = Number(options.threads);
configure({ threads, winograd: !options.direct });
// Where standard output is to be JSON, the table goes beside it.
const print = options.json === "-" ? console.error : console.log;

function binariesOf(choice: string): Binary[] {
  if (choice === "both") return ["simd", "relaxed"];
  if (choice === "simd" || choice === "relaxed") return [choice];
  throw new RangeError(`--binary must be simd, relaxed or both, got ${choice}`);
}

function line(row: Row): string {
  const {
    title,
    milliseconds,
    spread,
    rate,
    unit,
    nanosecondsPerElement,
    nanosecondsPerOperation,
    share,
    shared,
  } = row;
  return [
    title.padEnd(TITLE_WIDTH),
    `${milliseconds.toPrecision(4)} ms`.padStart(11),
    `${(100 * spread).toFixed(1)} %`.padStart(8),
    `${rate.toFixed(1)} ${unit}`.padStart(14),
    `${(100 * share).toFixed(0)} %`.padStart(7),
    shared === undefined ? "" : `${shared.milliseconds.toPrecision(4)} ms`.padStart(12),
    shared === undefined ? "" : `${(milliseconds / shared.milliseconds).toFixed(2)}×`.padStart(8),
    nanosecondsPerElement === undefined ? "" : `  ${nanosecondsPerElement.toFixed(2)} ns per element`,
    nanosecondsPerOperation === undefined ? "" : `  ${nanosecondsPerOperation.toFixed(0)} ns per operation`,
  ].join("");
}

const HEADING = [
  "".padEnd(TITLE_WIDTH),
  "median".padStart(11),
  "spread".padStart(8),
  "rate".padStart(14),
  "share".padStart(7),
  threads === 1 ? "" : `${threads} threads`.padStart(12) + "speed-up".padStart(10),
].join("");

const machine = {
  processor: cpus()[0].model,
  runtime: `Node ${process.versions.node}`,
  platform: `${process.platform} ${process.arch}`,
};
print(`${machine.processor}, ${machine.runtime}, one thread${threads === 1 ? "" : ` and ${threads}`}\n`);

const rows: Row[] = [];
const rooflines: { binary: Binary; multiplyAdd: number; copy: number }[] = [];
for (const binary of binariesOf(options.binary)) {
  if (!chooseBinary(binary)) {
    if (options.binary === binary) throw new Error(`this runtime has no ${binary} binary`);
    continue;
  }
  const roofline = measureRoofline(time);
  const { multiplyAdd } = roofline;
  const copy = roofline.copy(LARGE_COPY);
  rooflines.push({ binary, multiplyAdd, copy });
  print(`${binary}: ${multiplyAdd.toFixed(1)} GFLOP/s in registers, ${copy.toFixed(1)} GB/s copying 16 MB`);
  print(HEADING);
  for (const one of CASES.filter(({ title }) => title.toLowerCase().includes(wanted))) {
    const row = measure(one, binary, roofline, time, threads);
    rows.push(row);
    print(line(row));
  }
  print("");
}

if (options.json !== undefined) {
  const text = `${JSON.stringify({ machine, rooflines, rows }, null, 2)}\n`;
  if (options.json === "-") process.stdout.write(text);
  else writeFileSync(options.json, text);
}
