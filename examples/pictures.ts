// Makes the README's pictures from a run: `npm start && npx tsx examples/pictures.ts run`. Each pixel becomes 3 × 3, so
// that browsers which smooth what they enlarge show it as it is.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPng, writePng } from "../src/images/index.js";
import { ops } from "../src/index.js";

const run = process.argv[2] ?? "run";
const folder = fileURLToPath(new URL("pictures", import.meta.url));

for (const name of ["reconstructions", "samples", "interpolations", "factor-smile", "factor-yaw"]) {
  const picture = readPng(new Uint8Array(await readFile(join(run, `${name}.png`))));
  const enlarged = ops.upsampleNearest(ops.reshape(picture, [1, ...picture.shape]), 3);
  await writeFile(join(folder, `${name}.png`), writePng(enlarged));
}
