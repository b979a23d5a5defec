// A small training that a runtime's smoke tests share: what is trained, with which settings, and a sum of bytes.

import { chain, clipByGlobalNorm, adam, fit, imageVae, key, schedules } from "reparam";
import { shapes } from "reparam/data";

export const model = imageVae({ inputShape: [16, 16, 1], latentSize: 2, channels: [8, 16], features: 32 });
export const { images } = shapes({ count: 72, size: 16, key: key(1) });

/** Trains for 40 steps: shuffling, noise, a batch that is not full, clipping, a schedule. */
export const train = (options = {}) => {
  const learningRate = schedules.cosineDecay({ from: 3e-3, steps: 40 });
  const optimizer = chain(clipByGlobalNorm(100), adam({ learningRate }));
  return fit(model, images, { key: key(2), batchSize: 16, steps: 40, optimizer, ...options });
};

/** A short name of bytes: others that have the same are the same. */
export async function checksum(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
