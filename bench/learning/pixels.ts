// Models of one pixel after the other beside a VAE, in bits per dimension: `npm run bench:learning -- --data FOLDER --pixels`.
// Images are averaged to 14×14 and 8 levels. Models learn on the training images; bits are those of the test images.

import { gzipSync } from "node:zlib";
import { compressLossless } from "../../src/coding/index.js";
import {
  adam,
  bitsPerDimension,
  chain,
  clipByGlobalNorm,
  dense,
  fit,
  flatten,
  key,
  ops,
  pixelCnn,
  pixelRnn,
  reshape,
  sequential,
  tensor,
  type Tensor,
  vae,
} from "../../src/index.js";
import type { Images } from "./systems.js";

const SHAPE = [14, 14, 1] as const;
const SIZE = 196;
const LEVELS = 8;

/** Images of 28×28 averaged to 14×14, each value on the nearest level. */
function onLevels(images: Tensor): Tensor {
  const averaged = ops.avgPool2d(ops.reshape(images, [images.shape[0], 28, 28, 1]), 2);
  const values = averaged.data.map((value) => Math.round(value * (LEVELS - 1)) / (LEVELS - 1));
  return tensor(values, [images.shape[0], ...SHAPE]);
}

const mean = ({ data }: Tensor) => data.reduce((sum, value) => sum + value / data.length, 0);
const seconds = (start: number) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

function row(name: string, nats: number | undefined, bits: number, ...more: readonly string[]): void {
  const cost = nats === undefined ? "" : `${nats.toFixed(1)} nats`;
  console.log(
    `  ${name.padEnd(34)}${cost.padStart(12)}${bits.toFixed(3).padStart(9)} bits  ${more.join(", ")}`,
  );
}

/** Every pixel by itself: how often each level was at its place, one added to each count. */
function byItself(train: Tensor, test: Tensor): number {
  const counts = new Float64Array(SIZE * LEVELS).fill(1);
  const levelOf = (value: number) => Math.round(value * (LEVELS - 1));
  train.data.forEach((value, i) => counts[(i % SIZE) * LEVELS + levelOf(value)]++);
  const total = train.shape[0] + LEVELS;
  const nats = test.data.reduce(
    (sum, value, i) => sum - Math.log(counts[(i % SIZE) * LEVELS + levelOf(value)] / total),
    0,
  );
  return nats / test.shape[0];
}

async function measureVae(train: Tensor, test: Tensor): Promise<void> {
  const components = 5;
  const model = vae({
    inputShape: SHAPE,
    latentSize: 20,
    likelihood: { type: "discretizedLogistic", levels: LEVELS, components },
    encoder: sequential(flatten(), dense(500, { activation: "tanh" })),
    decoder: sequential(
      dense(500, { activation: "tanh" }),
      dense(3 * components * SIZE),
      reshape([14, 14, 3 * components]),
    ),
  });
  const start = performance.now();
  const optimizer = adam({ learningRate: 2e-3 });
  const { params } = await fit(model, train, { key: key(1), epochs: 20, batchSize: 128, optimizer });
  const trained = seconds(start);
  const nats = -model.elbo(params, test).elbo;
  const drawing = performance.now();
  model.generate(params, { count: 64, key: key(2) });
  row(
    "VAE, five logistics mixed (−ELBO)",
    nats,
    bitsPerDimension(nats, SHAPE),
    `trained in ${trained}`,
    `64 images in ${seconds(drawing)}`,
  );
  const file = compressLossless(model, params, test);
  row("its lossless file", undefined, (8 * file.length) / test.size);
}

const MODELS = [
  { name: "PixelRNN, 32 numbers, 1 layer", model: pixelRnn({ inputShape: SHAPE, levels: LEVELS }) },
  { name: "PixelCNN, 32 channels, 5 layers", model: pixelCnn({ inputShape: SHAPE, levels: LEVELS }) },
];

async function measurePixels(train: Tensor, test: Tensor, seeds: number): Promise<void> {
  for (const { name, model } of MODELS) {
    for (let seed = 1; seed <= seeds; seed++) {
      const start = performance.now();
      const optimizer = chain(clipByGlobalNorm(5), adam({ learningRate: 2e-3 }));
      const { params } = await fit(model, train, { key: key(seed), epochs: 10, batchSize: 64, optimizer });
      const trained = seconds(start);
      const nats = mean(model.score(params, test));
      const drawing = performance.now();
      model.generate(params, { count: 64, key: key(2) });
      row(
        `${name}, seed ${seed}`,
        nats,
        bitsPerDimension(nats, SHAPE),
        `trained in ${trained}`,
        `64 images in ${seconds(drawing)}`,
      );
    }
  }
}

/** Prints what models of pixels, a VAE and files take for an image. */
export async function measurePixelModels({ train, test }: Images, seeds: number): Promise<void> {
  const [fitted, judged] = [onLevels(train), onLevels(test)];
  console.log("\nFashion-MNIST averaged to 14×14 and 8 levels, of the test images:");
  const alone = byItself(fitted, judged);
  row("every pixel by itself", alone, bitsPerDimension(alone, SHAPE));
  const bytes = Uint8Array.from(judged.data, (value) => Math.round(value * (LEVELS - 1)));
  row("gzip", undefined, (8 * gzipSync(bytes, { level: 9 }).length) / judged.size);
  await measureVae(fitted, judged);
  await measurePixels(fitted, judged, seeds);
}
