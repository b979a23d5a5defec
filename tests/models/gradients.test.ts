// Gradients through a model's functions, as users take them who search in latent space.

import { describe, expect, it } from "vitest";
import { autoencoder, checkGradient, dense, key, ops, random, type Tensor, vae } from "../../src/index.js";

const tanh = { activation: "tanh" } as const;
const variational = vae({ inputShape: [6], latentSize: 3, encoder: dense(5, tanh), decoder: dense(6) });
const plain = autoencoder({ inputShape: [6], encoder: dense(3, tanh), decoder: dense(6) });
const images = random.uniform(key(1), [4, 6]);
const codes = random.normal(key(2), [4, 3]);

describe("gradients flow", () => {
  const cases: readonly [string, Tensor, (x: Tensor) => Tensor][] = [
    ["vae.decode", codes, (z) => variational.decode(variational.init(key(3)), z, { batchSize: 2 })],
    ["vae.encode", images, (x) => variational.encode(variational.init(key(3)), x, { batchSize: 2 }).mean],
    ["vae.reconstruct", images, (x) => variational.reconstruct(variational.init(key(3)), x)],
    ["autoencoder.decode", codes, (z) => plain.decode(plain.init(key(3)), z, { batchSize: 2 })],
    ["autoencoder.encode", images, (x) => plain.encode(plain.init(key(3)), x, { batchSize: 2 })],
    ["autoencoder.score", images, (x) => plain.score(plain.init(key(3)), x)],
  ];

  it.each(cases)("through %s", (_, input, f) => {
    const report = checkGradient((x: Tensor) => ops.sum(ops.square(f(x))), input);
    expect(report.passed, JSON.stringify(report)).toBe(true);
  });
});
