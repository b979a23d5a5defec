// Runs the installed library once, on whatever runtime this is, against stored values. Needs no permission.

import { configure, equals, loadModel, ops, runtimeInfo, saveModel, scope, tensor } from "reparam";
import { checksum, images, model, train } from "./training.mjs";

const mode = globalThis.process.argv[2];
if (mode !== "default") configure({ relaxedSimd: mode === "relaxed" });

/** Compares a tensor with the values wanted, exactly unless a tolerance is given. */
function expectTensor(name, { data, shape }, wantedShape, wanted, tolerance = 0) {
  const near = wanted.every((value, index) => Math.abs(data[index] - value) <= tolerance * Math.abs(value));
  if (`${shape}` === `${wantedShape}` && data.length === wanted.length && near) return;
  throw new Error(`${name}: wanted ${wantedShape}: ${wanted}\ngot ${shape}: ${data}`);
}

// By hand.
const filter = tensor([1, 2, 3, 4], [2, 2, 1, 1]);
const image = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
const small = tensor([1, 2, 3, 4], [1, 2, 2, 1]);
const valid = { padding: "valid" };
expectTensor("conv2d", ops.conv2d(image, filter, valid), [1, 2, 2, 1], [37, 47, 67, 77]);
expectTensor(
  "conv2dTranspose",
  ops.conv2dTranspose(small, filter, valid),
  [1, 3, 3, 1],
  [1, 4, 4, 6, 20, 16, 9, 24, 16],
);
expectTensor(
  "conv2dTranspose by 2",
  ops.conv2dTranspose(small, filter, { ...valid, stride: 2 }),
  [1, 4, 4, 1],
  [1, 2, 2, 4, 3, 4, 6, 8, 3, 6, 4, 8, 9, 12, 12, 16],
);

// By the definition in float64, with sizes that no vector width divides. All terms are positive, so nothing
// cancels and the relative error stays near that of a single product.
const [height, width, inputs, outputs, stride] = [9, 11, 5, 7, 2];
const [outHeight, outWidth] = [4, 5];
const ramp = (length, step) => Float32Array.from({ length }, (_, index) => 0.1 + ((index * step) % 97) / 97);
const x = ramp(2 * height * width * inputs, 31);
const w = ramp(3 * 3 * inputs * outputs, 17);
const wanted = [];
for (let batch = 0; batch < 2; batch++)
  for (let row = 0; row < outHeight; row++)
    for (let column = 0; column < outWidth; column++)
      for (let output = 0; output < outputs; output++) {
        let sum = 0;
        for (let tap = 0; tap < 9 * inputs; tap++) {
          const input = tap % inputs;
          const y = row * stride + Math.floor(tap / (3 * inputs));
          const z = column * stride + (Math.floor(tap / inputs) % 3);
          sum += x[((batch * height + y) * width + z) * inputs + input] * w[tap * outputs + output];
        }
        wanted.push(sum);
      }
expectTensor(
  "conv2d by 2",
  ops.conv2d(tensor(x, [2, height, width, inputs]), tensor(w, [3, 3, inputs, outputs]), { ...valid, stride }),
  [2, outHeight, outWidth, outputs],
  wanted,
  1e-5,
);

const series = tensor([-2, -1, 0, 1, 2]);
expectTensor("exp", ops.exp(series), [5], [-2, -1, 0, 1, 2].map(Math.exp), 3e-7);
expectTensor(
  "tanh",
  scope(() => ops.tanh(series)),
  [5],
  [-2, -1, 0, 1, 2].map(Math.tanh),
  3e-7,
);
expectTensor(
  "matmul",
  ops.matmul(
    tensor([
      [1, 2],
      [3, 4],
    ]),
    tensor([[1], [1]]),
  ),
  [2, 1],
  [3, 7],
);
expectTensor("maxPool2d", ops.maxPool2d(small, 2), [1, 1, 1, 1], [4]);
expectTensor(
  "upsampleNearest",
  ops.upsampleNearest(tensor([7], [1, 1, 1, 1]), 2),
  [1, 2, 2, 1],
  [7, 7, 7, 7],
);

// Trained, saved and loaded again: the file of the same training is the same wherever the same binary runs.
const { params, history } = await train();
const [first, last] = [history.steps[0].loss, history.steps.at(-1).loss];
if (!(last < 0.8 * first)) throw new Error(`training: the loss went from ${first} to ${last}`);
const file = saveModel(model, params);
const loaded = loadModel(file);
const [before, after] = [model.reconstruct(params, images), loaded.model.reconstruct(loaded.params, images)];
if (!equals(before, after))
  throw new Error("loadModel: reconstructs otherwise than the model that was saved");

const { binary } = runtimeInfo();
if (mode !== "default" && binary !== mode) throw new Error(`asked for the ${mode} binary, got ${binary}`);
console.log(binary, await checksum(file));
