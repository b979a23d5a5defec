// Shows that memory stays flat: `npm run bench:soak` makes a thousand mixed convolution calls, half of them in a
// scope, with their gradients, and prints what the library and the process hold on the way.

import { ops, runtimeInfo, scope, type Tensor } from "../src/index.js";
import { randomTensor } from "./support.js";

const CALLS = 1000;
const PRINTED_EVERY = 200;
const MEGABYTE = 2 ** 20;

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

function print(calls: number): void {
  const { used, peak, reserved } = runtimeInfo().memory;
  const bytes = { used, peak, reserved, process: process.memoryUsage.rss() };
  const columns = Object.entries(bytes).map(([name, size]) => `${name} ${(size / MEGABYTE).toFixed(1)} MB`);
  console.log([`${calls} calls`.padEnd(10), ...columns.map((column) => column.padStart(18))].join(""));
}

print(0);
for (let call = 1; call <= CALLS; call++) {
  const layer = LAYERS[call % LAYERS.length];
  if (call % 2 === 0) scope(() => pass(layer));
  else pass(layer);
  if (call === LAYERS.length || call % PRINTED_EVERY === 0) print(call);
}
