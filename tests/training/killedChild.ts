// The process that kill.test.ts kills: it trains with checkpoints in a folder, tells every step, and writes at its end
// the parameters that it came to. Tests nothing.

import { mkdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { adam, chain, clipByGlobalNorm, fit, key, movingAverage, writeTree } from "../../src/index.js";
import { checkpointFolder } from "../../src/node/index.js";
import { imagesFor, smallVae } from "../support/training.js";

const [path = ""] = process.argv.slice(2);
const model = smallVae();
const folder = checkpointFolder(join(path, "checkpoints"), {
  onSkip: ({ name }) => writeSync(1, `skipped ${name}\n`),
});
const { params, history } = await fit(model, imagesFor(model, 50), {
  key: key(5),
  epochs: 8,
  batchSize: 8,
  validation: 0.2,
  earlyStopping: { patience: 8 },
  optimizer: movingAverage(chain(clipByGlobalNorm(1), adam({ learningRate: 0.01 })), 0.9),
  checkpoint: { every: 2, save: folder.save },
  resume: await folder.load(),
  onStep: ({ step }) => void writeSync(1, `step ${step}\n`),
});
const { steps } = history;
mkdirSync(path, { recursive: true });
writeFileSync(join(path, "result"), writeTree({ params, losses: steps.map(({ loss }) => loss) }));
