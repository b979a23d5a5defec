// Shows that memory stays flat: `npm run bench:soak` makes a thousand mixed convolution calls, half of them in a
// scope, with their gradients, then a thousand training steps, and prints on the way what the library and the process
// hold once garbage is gone.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  adam,
  createTrainer,
  gaussianNoise,
  key,
  lectures,
  movingAverage,
  ops,
  runtimeInfo,
  scope,
  type Tensor,
} from "../src/index.js";
import { randomTensor } from "./support.js";

const CALLS = 1000;
const PRINTED_EVERY = 200;
const MEGABYTE = 2 ** 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

interface Layer {
  readonly image: Tensor;
  readonly filter: Tensor;
  readonly stride: number;
}

const LAYERS: readonly Layer[] = [
  [64, 28, 1, 32, 2],
  [64, 14, 32, 64, 2],
  [16, 14, 64, 128, 1],
  [16, 7, 128, 256, 1],
  [8, 28, 64, 1, 1],
].map(([batch, size, channels, outChannels, stride]) => ({
  image: randomTensor(1, [batch, size, size, channels]),
  filter: randomTensor(2, [3, 3, channels, outChannels]),
  stride,
}));

/** A layer forward, backward by both arguments, and through the transposed convolution. */
function pass({ image, filter, stride }: Layer): Tensor {
  const options = { stride, padding: "same" } as const;
  const geometry = ops.conv2dGeometry(image.shape, filter.shape, options);
  const output = ops.conv2d(image, filter, { ...options, activation: "relu" });
  ops.conv2dTranspose(output, filter, { ...options, outputShape: image.shape });
  ops.conv2dInputGradient(output, filter, geometry);
  return ops.conv2dFilterGradient(image, output, geometry);
}

function print(calls: number, unit: string): void {
  collectGarbage();
  const { used, peak, reserved } = runtimeInfo().memory;
  const { rss, heapUsed, external } = process.memoryUsage();
  const bytes = { used, peak, reserved, process: rss, objects: heapUsed + external };
  const columns = Object.entries(bytes).map(([name, size]) => `${name} ${(size / MEGABYTE).toFixed(2)} MB`);
  console.log([`${calls} ${unit}`.padEnd(12), ...columns.map((column) => column.padStart(20))].join(""));
}

/** Makes the calls, and prints before them, after the first few, and then now and again. */
function soak(unit: string, first: number, call: (i: number) => void): void {
  print(0, unit);
  for (let i = 1; i <= CALLS; i++) {
    call(i);
    if (i === first || i % PRINTED_EVERY === 0) print(i, unit);
  }
}

soak("calls", LAYERS.length, (i) => {
  const layer = LAYERS[i % LAYERS.length];
  if (i % 2 === 0) scope(() => pass(layer));
  else pass(layer);
});

const trainer = createTrainer(lectures.denseVae(), {
  key: key(1),
  optimizer: movingAverage(adam(), 0.99),
  corrupt: gaussianNoise(0.1, { clip: [0, 1] }),
});
const images = Array.from({ length: 4 }, (_, i) => ops.sigmoid(randomTensor(i, [128 - i, 784])));
soak("steps", 5, (i) => {
  trainer.step(images[i % images.length]);
  if (i % 10 === 0) trainer.evaluate(images[0]);
});
