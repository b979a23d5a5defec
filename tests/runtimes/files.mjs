// Uses the installed reparam/node once, on whatever runtime this is. Needs to read and write the folder that it is given.

import { equals, loadModel, runtimeInfo, saveModel, writeCheckpoint } from "reparam";
import { writeNpy } from "reparam/data";
import { checkpointFolder, loadData, writeFileAtomic } from "reparam/node";
import { checksum, images, model, train } from "./training.mjs";

const folder = globalThis.process.argv[2];
const { save, load } = checkpointFolder(`${folder}/checkpoints`);

/** Refuses to go on when something does not hold. */
function expect(claim, holds) {
  if (!holds) throw new Error(`not so: ${claim}`);
}

await train({ checkpoint: { every: 10, save }, steps: 20 });
const half = await load();
expect("a checkpoint holds a model", loadModel(writeCheckpoint(half)).model.spec.type === "vae");
const resumed = await train({ resume: half });
const whole = await train();
const sums = await Promise.all([resumed, whole].map(({ params }) => checksum(saveModel(model, params))));
expect("a training that is resumed ends with the same parameters", sums[0] === sums[1]);

await writeFileAtomic(`${folder}/images.npy`, writeNpy(images));
expect("a file holds what was written", equals((await loadData(`${folder}/images.npy`)).inputs, images));
console.log(runtimeInfo().binary, sums[0]);
