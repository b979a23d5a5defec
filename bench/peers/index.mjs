// Runs every workload on every contestant, refuses outputs that disagree, and prints the times side by side:
// `npm run bench:peers -- [--filter TEXT] [--time MS] [--json[=FILE]] [--markdown]`.

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { onnx } from "./onnx.mjs";
import { contestants, magnitudeOf } from "./reparam.mjs";
import { tensorflow } from "./tensorflow.mjs";
import { checkAgreement, workloads } from "./workloads.mjs";

const { values: options } = parseArgs({
  args: process.argv.slice(2).map((argument) => (argument === "--json" ? "--json=-" : argument)),
  options: {
    filter: { type: "string", default: "" },
    time: { type: "string", default: "500" },
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
  },
});
const time = Number(options.time);
const wanted = options.filter.toLowerCase().replace(/(?<=\d)x(?=\d)/g, "×");
// Standard output is for the last table or JSON; the way there is told beside it.
const tell = options.json === "-" || options.markdown ? console.error : console.log;

const own = contestants();
const all = [...own, await tensorflow(), onnx()];
const peers = all.slice(own.length).map(({ name }) => name);
const fastest = own[Math.max(0, own.length - 2)].name;
const names = all.map(({ name }) => name);
const titleWidth = Math.max(...workloads.map(({ title }) => title.length));

/** How many times faster than the best peer the faster binary is, operands in place. */
const lead = ({ milliseconds }) =>
  Math.min(...peers.map((name) => milliseconds[name])) / milliseconds[fastest];
const show = (number) => number.toPrecision(3);

const machine = { processor: cpus()[0].model, runtime: `Node ${process.versions.node}` };
tell(`${machine.processor}, ${machine.runtime}, one thread, milliseconds (median)\n`);
tell(["".padEnd(titleWidth), ...names.map((name) => name.padStart(18)), "lead".padStart(8)].join(""));

const rows = [];
for (const workload of workloads.filter(({ id, title }) => `${id} ${title}`.toLowerCase().includes(wanted))) {
  const row = { id: workload.id, title: workload.title, milliseconds: {}, spread: {} };
  const magnitude = workload.terms > 0 ? magnitudeOf(workload) : undefined;
  let truth;
  for (const { name, measure } of all) {
    const { output, milliseconds, spread } = await measure(workload, time);
    truth ??= output;
    checkAgreement(workload, truth, magnitude, output, name);
    row.milliseconds[name] = milliseconds;
    row.spread[name] = spread;
  }
  rows.push(row);
  const columns = names.map((name) => show(row.milliseconds[name]).padStart(18));
  tell([row.title.padEnd(titleWidth), ...columns, `${lead(row).toFixed(1)}×`.padStart(8)].join(""));
}
tell("\nAll outputs agree within the bounds of rounding.\n");

function markdown() {
  const cells = rows.map((row) => [
    row.title,
    ...names.map((name) => show(row.milliseconds[name])),
    `${lead(row).toFixed(1)}×`,
  ]);
  const table = [
    ["milliseconds", ...names, "ahead of the best peer"],
    ["---", ...Array.from({ length: names.length + 1 }, () => "---:")],
    ...cells,
  ];
  return table.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

if (options.markdown) console.log(markdown());
if (options.json !== undefined) {
  const text = `${JSON.stringify({ machine, rows }, null, 2)}\n`;
  if (options.json === "-") process.stdout.write(text);
  else writeFileSync(options.json, text);
}
