// What codes cost as files, and what they lose: `npm run bench:learning -- --data FOLDER --compression`. Models learn on
// the training images; bits and decibels are those of the test images.

import { gzipSync } from "node:zlib";
import { compressLossless, decompressLossless } from "../../src/coding/index.js";
import { compress } from "../../src/coding/compress.js";
import {
  bestOf,
  decibelsAt,
  decibelsOf,
  type RatePoint,
  ratePoints,
} from "../../src/coding/rateDistortion.js";
import { fittedSteps } from "../../src/coding/steps.js";
import {
  adam,
  bitsPerDimension,
  codebookUsage,
  conv2d,
  dense,
  fit,
  flatten,
  imageVqVae,
  key,
  type Layer,
  type ModelParams,
  ops,
  reshape,
  residual,
  schedules,
  sequential,
  tensor,
  type Tensor,
  vae,
  type Vae,
  zeros,
} from "../../src/index.js";
import { pca, type PrincipalComponents, project, unproject } from "../../src/latent/index.js";
import type { Images } from "./systems.js";

const PIXELS = 784;
const RANGE = [0, 1] as const;
const BATCH = 64;
const asVectors = (t: Tensor) => ops.reshape(t, [t.shape[0], PIXELS]);
const asImages = (t: Tensor) => ops.reshape(t, [t.shape[0], 28, 28, 1]);

const RELU = { activation: "relu", kernelInitializer: "heUniform" } as const;
const ZEROS = { kernelInitializer: "zeros" } as const;

/** A layer beside which its input goes on as it is; it gives 0 at the start. */
const beside = (...layers: Layer[]) => residual(sequential(...layers));

/** Linear maps, and networks beside them that add nothing at the start. */
function linearAtFirst(latentSize: number, gamma: number): Vae {
  return vae({
    inputShape: [28, 28, 1],
    latentSize,
    likelihood: { type: "gaussian", gamma },
    encoder: sequential(flatten(), beside(dense(256, RELU), dense(PIXELS, ZEROS))),
    decoder: sequential(
      dense(PIXELS),
      beside(dense(512, RELU), dense(PIXELS, ZEROS)),
      reshape([28, 28, 1]),
      beside(
        conv2d(16, { kernel: 3, ...RELU }),
        conv2d(16, { kernel: 3, ...RELU }),
        conv2d(1, { kernel: 3, ...ZEROS }),
      ),
    ),
  });
}

/**
 * Parameters with which such a VAE is probabilistic principal components (Tipping & Bishop 1999): the best linear one
 * with that γ, from which training can only gain.
 */
function principalStart(
  model: Vae,
  { mean, components, variance }: PrincipalComponents,
  gamma: number,
): ModelParams {
  const fresh = model.init(key(1));
  const { latentSize } = model;
  const noise = gamma ** 2;
  const [toCode, toPixels] = [new Float32Array(PIXELS * latentSize), new Float32Array(PIXELS * latentSize)];
  const [offset, logVar] = [new Float32Array(latentSize), new Float32Array(latentSize)];
  for (let j = 0; j < latentSize; j++) {
    const weight = Math.sqrt(Math.max(variance.data[j] - noise, 1e-3 * noise));
    const whole = weight ** 2 + noise;
    for (let i = 0; i < PIXELS; i++) {
      const direction = components.data[j * PIXELS + i];
      toCode[i * latentSize + j] = (direction * weight) / whole;
      toPixels[j * PIXELS + i] = direction * weight;
      offset[j] -= (mean.data[i] * direction * weight) / whole;
    }
    logVar[j] = Math.log(noise / whole);
  }
  const heads = {
    mean: { kernel: tensor(toCode, [PIXELS, latentSize]), bias: tensor(offset) },
    logVar: { kernel: zeros([PIXELS, latentSize]), bias: tensor(logVar) },
  };
  const [, ...others] = fresh.weights.decoder as readonly never[];
  const first = { kernel: tensor(toPixels, [latentSize, PIXELS]), bias: ops.reshape(mean, [PIXELS]) };
  return { ...fresh, weights: { ...fresh.weights, posterior: heads, decoder: [first, ...others] } };
}

/** Adam with a short warm-up and a rate that falls as a cosine. */
function falling(from: number, epochs: number, count: number) {
  const steps = epochs * Math.ceil(count / BATCH);
  const next = schedules.cosineDecay({ from, steps: steps - 100 });
  return adam({ learningRate: schedules.linearWarmup({ steps: 100, next }) });
}

/** Numbers of components with numbers of bits: the best at each rate, and lines between them. */
function componentPoints(basis: PrincipalComponents, test: Tensor): RatePoint[] {
  const examples = asVectors(test);
  const points = [4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 200, 250, 300].flatMap((count) => {
    const some = { ...basis, components: ops.slice(basis.components, 0, count) };
    const coded = {
      codes: project(some, examples),
      examples,
      decode: (codes: Tensor) => unproject(some, codes),
      steps: new Float32Array(count).fill(1),
      range: RANGE,
    };
    return ratePoints("compression", coded, [2, 3, 4, 5, 6, 7, 8]);
  });
  return bestOf(points);
}

/** Models with the bits that their γ is for: finer steps than that tell of noise. */
const CODED = [
  { gamma: 0.4, latentSize: 64, epochs: 30, rate: 1e-3, bits: [3, 4, 5] },
  { gamma: 0.2, latentSize: 128, epochs: 30, rate: 1e-3, bits: [4, 5, 6] },
  { gamma: 0.1, latentSize: 300, epochs: 30, rate: 5e-4, bits: [5, 6, 7] },
];

const row = (cells: readonly (string | number)[]) =>
  console.log(
    `  ${cells.map((cell) => (typeof cell === "number" ? cell.toFixed(3) : cell).padStart(12)).join("")}`,
  );

async function measureCodes({ train, test }: Images): Promise<void> {
  const basis = pca(asVectors(train), { components: 300 });
  const linear = componentPoints(basis, test);
  console.log("\nprincipal components by the same coder, the best number at each rate");
  row(["bits/pixel", "PSNR, dB"]);
  for (const { bitsPerValue, psnr } of linear) row([bitsPerValue, psnr]);
  for (const { gamma, latentSize, epochs, rate, bits: allBits } of CODED) {
    const model = linearAtFirst(latentSize, gamma);
    const start = performance.now();
    const { params } = await fit(model, asImages(train), {
      key: key(1),
      params: principalStart(model, basis, gamma),
      epochs,
      batchSize: BATCH,
      optimizer: falling(rate, epochs, train.shape[0]),
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const examples = asImages(test);
    const codes = model.encode(params, examples).mean;
    const decode = (z: Tensor) => model.decode(params, z);
    const coded = {
      codes,
      examples,
      decode,
      steps: fittedSteps("compression", model, params, codes),
      range: RANGE,
    };
    console.log(`\nVAE, γ = ${gamma}, ${latentSize} latents, ${epochs} epochs (${seconds} s)`);
    row(["bits", "bits/pixel", "PSNR, dB", "PCA there", "gain, dB"]);
    for (const { bits, bitsPerValue, psnr } of ratePoints("compression", coded, allBits)) {
      const other = decibelsAt(linear, bitsPerValue);
      row([String(bits), bitsPerValue, psnr, other ?? "–", other === undefined ? "–" : psnr - other]);
    }
  }
}

const CODEBOOKS = [
  { channels: [32, 64, 64], epochs: 40 },
  { channels: [32, 64], epochs: 40 },
];

async function measureCodebooks({ train, test }: Images): Promise<void> {
  const examples = asImages(test);
  for (const { channels, epochs } of CODEBOOKS) {
    const model = imageVqVae({ inputShape: [28, 28, 1], channels });
    const start = performance.now();
    const { params } = await fit(model, asImages(train), {
      key: key(1),
      epochs,
      batchSize: BATCH,
      optimizer: falling(2e-3, epochs, train.shape[0]),
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const { perplexity, dead } = codebookUsage(model.indices(params, examples), model.codebook);
    const bits = (8 * compress(model, params, examples).length) / examples.size;
    const psnr = decibelsOf(model.reconstruct(params, examples), examples, RANGE);
    const [height, width] = model.codeShape;
    console.log(
      `\nVQ-VAE, ${height}×${width} of 512 vectors, ${epochs} epochs (${seconds} s): ${bits.toFixed(3)} bits/pixel, ` +
        `${psnr.toFixed(2)} dB, perplexity ${perplexity.toFixed(0)}, ${dead} dead`,
    );
  }
}

async function measureLossless({ train, test }: Images): Promise<void> {
  const examples = asVectors(test);
  const packed = gzipSync(
    Uint8Array.from(examples.data, (value) => Math.round(255 * value)),
    { level: 9 },
  );
  console.log(
    `\nlossless, 256 levels (gzip: ${((8 * packed.length) / examples.size).toFixed(3)} bits/pixel)`,
  );
  for (const components of [1, 5]) {
    const outputs = PIXELS * (components === 1 ? 2 : 3 * components);
    const model = vae({
      inputShape: [PIXELS],
      latentSize: 20,
      likelihood: { type: "discretizedLogistic", components },
      encoder: dense(500, { activation: "tanh" }),
      decoder: sequential(dense(500, { activation: "tanh" }), dense(outputs)),
    });
    const epochs = 20;
    const { params } = await fit(model, asVectors(train), {
      key: key(1),
      epochs,
      batchSize: 128,
      optimizer: adam({ learningRate: 2e-3 }),
    });
    const { elbo } = model.elbo(params, examples);
    const bound = bitsPerDimension(-elbo, model.inputShape);
    const start = performance.now();
    const file = compressLossless(model, params, examples);
    const written = performance.now();
    const back = decompressLossless(model, params, file);
    const read = performance.now();
    const bits = (8 * file.length) / examples.size;
    const isSame = back.data.every((value, i) => value === examples.data[i]);
    console.log(
      `  ${components} logistic: −ELBO ${bound.toFixed(3)}, file ${bits.toFixed(3)} bits/pixel ` +
        `(${(100 * (bits / bound - 1)).toFixed(2)} % more), ${isSame ? "the same" : "NOT the same"} bits back; ` +
        `${((written - start) / examples.shape[0]).toFixed(1)} ms to write an image, ` +
        `${((read - written) / examples.shape[0]).toFixed(1)} ms to read`,
    );
  }
}

/** Prints rates and distortions of codes, of codebooks, and lossless files. */
export async function measureCompression(images: Images): Promise<void> {
  await measureCodes(images);
  await measureCodebooks(images);
  await measureLossless(images);
}
