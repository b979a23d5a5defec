// What models learn on real images, beside PyTorch:
// `npm run bench:learning -- --data FOLDER [--filter TEXT] [--seeds 3] [--novelty] [--compression]
// [--conditional] [--pixels]`,
// and of the built-in faces `npm run bench:learning -- --faces`.
//
// FOLDER holds Fashion-MNIST's IDX files (train-images… and t10k-images…, packed with gzip or not). The first 3,615
// training and 4,443 test images are used, as for PyTorch's figures.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { key, ops, type Tensor } from "../../src/index.js";
import { loadData } from "../../src/node/index.js";
import { tensorsOf } from "../../src/tensor/tree.js";
import { measureCompression } from "./compression.js";
import { measureConditional } from "./conditional.js";
import { measureFaces } from "./faces.js";
import { measureNovelty } from "./novelty.js";
import { measurePixelModels } from "./pixels.js";
import { type Figure, type System, systems } from "./systems.js";

const TRAINING_IMAGES = 3615;
const TEST_IMAGES = 4443;

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    filter: { type: "string", default: "" },
    seeds: { type: "string", default: "3" },
    novelty: { type: "boolean", default: false },
    compression: { type: "boolean", default: false },
    conditional: { type: "boolean", default: false },
    pixels: { type: "boolean", default: false },
    faces: { type: "boolean", default: false },
  },
});
if (values.faces) {
  await measureFaces();
  process.exit();
}
if (values.data === undefined) {
  console.error("bench:learning: give the folder of Fashion-MNIST's IDX files: -- --data FOLDER");
  process.exit(2);
}

async function load(folder: string, start: string, kind: string, count: number): Promise<Tensor> {
  const name = (await readdir(folder)).find((file) => file.startsWith(start) && file.includes(kind));
  if (name === undefined) throw new Error(`bench:learning: ${folder} has no file ${start}…${kind}…`);
  return ops.slice((await loadData(join(folder, name))).inputs, 0, count);
}

const data = {
  train: await load(values.data, "train", "images", TRAINING_IMAGES),
  test: await load(values.data, "t10k", "images", TEST_IMAGES),
};
const seeds = Number(values.seeds);

/** How a mean compares with PyTorch's, in percent; above 0 is better. */
function comparison({ pytorch, isHigherBetter = false }: Figure, mean: number): string {
  if (pytorch === undefined) return "";
  const percent = ((mean - pytorch) / pytorch) * (isHigherBetter ? 100 : -100);
  return `${percent >= 0 ? "+" : "−"}${Math.abs(percent).toFixed(2)} %`;
}

const digits = (value: number) => value.toPrecision(4);

async function measure(system: System): Promise<void> {
  const runs: (readonly Figure[])[] = [];
  const start = performance.now();
  for (let seed = 1; seed <= seeds; seed++) runs.push(await system.run(data, key(seed)));
  const seconds = (performance.now() - start) / 1000 / seeds;
  const { model } = system;
  const parameters = model
    ? tensorsOf(model.init(key(0)).weights).reduce((sum, { size }) => sum + size, 0)
    : 0;
  console.log(
    `\n${system.title} (${parameters.toLocaleString("en")} parameters, ${seconds.toFixed(1)} s a run)`,
  );
  runs[0].forEach((figure, i) => {
    const own = runs.map((run) => run[i].value);
    const mean = own.reduce((a, b) => a + b) / own.length;
    const spread = `${digits(Math.min(...own))} to ${digits(Math.max(...own))}`;
    const theirs = figure.pytorch === undefined ? "" : `PyTorch ${digits(figure.pytorch)}`;
    console.log(
      `  ${figure.name.padEnd(32)}${digits(mean).padStart(9)}  (${spread})`.padEnd(66) +
        theirs.padEnd(18) +
        comparison(figure, mean),
    );
  });
}

if (values.compression) {
  await measureCompression(data);
  process.exit();
}
if (values.pixels) {
  await measurePixelModels(data, seeds);
  process.exit();
}
if (values.novelty || values.conditional) {
  const labelled = {
    ...data,
    trainLabels: await load(values.data, "train", "labels", TRAINING_IMAGES),
    testLabels: await load(values.data, "t10k", "labels", TEST_IMAGES),
  };
  if (values.novelty) await measureNovelty(labelled);
  else await measureConditional(labelled, values.filter, seeds);
  process.exit();
}
for (const system of systems.filter(({ title }) => title.includes(values.filter))) await measure(system);
