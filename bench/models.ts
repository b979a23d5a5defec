// Benchmarks of whole models: training steps (loss, all gradients, Adam, checks for NaN) and inference. Multiply-adds
// of a training step are those of the forward pass, three times.

import {
  type EncodingModel,
  createTrainer,
  key,
  lectures,
  random,
  trace,
  type Vae,
  zeros,
} from "../src/index.js";
import { multiplyAddsOf } from "../src/autodiff/trace.js";
import type { Case } from "./support.js";

const MODELS: readonly { readonly title: string; readonly model: EncodingModel; readonly batch: number }[] = [
  { title: "convolutional VAE (V), batch 128", model: lectures.convVae(), batch: 128 },
  { title: "convolutional autoencoder (C), batch 32", model: lectures.convolutional(), batch: 32 },
  { title: "shallow autoencoder 784-32-784 (D), batch 256", model: lectures.shallow(), batch: 256 },
  { title: "stacked autoencoder 784-128-64-32 (S), batch 256", model: lectures.stacked(), batch: 256 },
  { title: "strided autoencoder (P), batch 128", model: lectures.strided(), batch: 128 },
];

/** Multiply-adds of encoder and decoder for one example; a VAE's two heads belong to the encoder. */
function workOf(model: EncodingModel): { readonly encoder: number; readonly decoder: number } {
  const params = model.init(key(1));
  return {
    encoder: multiplyAddsOf(trace(model.encode, params, zeros([1, ...model.inputShape]))),
    decoder: multiplyAddsOf(trace(model.decode, params, zeros([1, ...model.codeShape]))),
  };
}

const trainStepCases = MODELS.map(({ title, model, batch }): Case => {
  const { encoder, decoder } = workOf(model);
  return {
    title: `training step, ${title}`,
    work: { flops: (encoder + decoder) * 2 * 3 * batch },
    outsideScope: true,
    prepare() {
      const trainer = createTrainer(model, { key: key(1) });
      const images = random.uniform(key(2), [batch, ...model.inputShape]);
      return {
        run: () => {
          trainer.step(images);
          return images;
        },
      };
    },
  };
});

/** V's encoder and decoder, as a server calls them: parameters and images in ordinary arrays. */
function inferenceCases(model: Vae, batch: number): Case[] {
  const { encoder, decoder } = workOf(model);
  const prepared = () => ({
    params: model.init(key(1)),
    images: random.uniform(key(2), [batch, ...model.inputShape]),
    codes: random.normal(key(3), [batch, model.latentSize]),
  });
  return [
    {
      title: `encode, convolutional VAE (V), batch ${batch}`,
      work: { flops: encoder * 2 * batch },
      outsideScope: true,
      prepare() {
        const { params, images } = prepared();
        return { run: () => model.encode(params, images).mean };
      },
    },
    {
      title: `decode, convolutional VAE (V), batch ${batch}`,
      work: { flops: decoder * 2 * batch },
      outsideScope: true,
      prepare() {
        const { params, codes } = prepared();
        return { run: () => model.decode(params, codes) };
      },
    },
  ];
}

export const modelCases: readonly Case[] = [
  ...trainStepCases,
  ...[1, 128].flatMap((batch) => inferenceCases(lectures.convVae(), batch)),
];
