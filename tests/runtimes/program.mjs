// A small program, as users write them, for every bundler and page: an operation, a training, a model saved and loaded.

import {
  adam,
  configure,
  equals,
  fit,
  imageVae,
  key,
  loadModel,
  ops,
  runtimeInfo,
  saveModel,
  tensor,
} from "reparam";
import { shapes } from "reparam/data";

/** Runs on a platform and says what came out, always the same words; throws where something does not hold. */
export async function run({ module } = {}) {
  configure({ relaxedSimd: false, module });
  const forward = ops.conv2d(tensor([1, 2, 3, 4], [1, 2, 2, 1]), tensor([1, 2, 3, 4], [2, 2, 1, 1]));
  const model = imageVae({ inputShape: [16, 16, 1], latentSize: 2, channels: [4, 8], features: 16 });
  const { images } = shapes({ count: 32, size: 16, key: key(1) });
  const options = { key: key(2), batchSize: 16, steps: 12, optimizer: adam({ learningRate: 3e-3 }) };
  const { params, history } = await fit(model, images, options);
  if (!(history.steps.at(-1).loss < history.steps[0].loss)) throw new Error("the loss must fall");
  const loaded = loadModel(saveModel(model, params));
  const rebuilt = loaded.model.reconstruct(loaded.params, images);
  if (!equals(model.reconstruct(params, images), rebuilt)) throw new Error("a loaded model must be the same");
  const sum = rebuilt.data.reduce((sum, value) => sum + value, 0);
  return `${runtimeInfo().binary} ${forward.data[0]} ${sum.toFixed(4)}`;
}
