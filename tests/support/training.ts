// What tests of training share: models that are small and have everything, and trees compared bit by bit.

import {
  autoencoder,
  batchNorm,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  flatten,
  key,
  type Model,
  ops,
  random,
  reshape,
  sequential,
  type Shape,
  Tensor,
  tensor,
  vae,
} from "../../src/index.js";
import { leavesOf, mapTree, showPath } from "../../src/tensor/tree.js";

/** A VAE of 6 × 6 images with batch norm and dropout. */
export const smallVae = () =>
  vae({
    inputShape: [6, 6, 1],
    latentSize: 2,
    encoder: sequential(
      conv2d(3, { kernel: 3, stride: 2, activation: "relu" }),
      batchNorm(),
      dropout(0.25),
      flatten(),
    ),
    decoder: sequential(dense(27), reshape([3, 3, 3]), conv2dTranspose(1, { kernel: 3, stride: 2 })),
  });

/** An autoencoder of vectors with batch norm. */
export const smallAutoencoder = () =>
  autoencoder({
    inputShape: [8],
    encoder: sequential(dense(4, { activation: "tanh" }), batchNorm()),
    decoder: dense(8, { activation: "sigmoid" }),
  });

/** Images for a model, from 0 to 1. */
export const imagesFor = (model: Model, count: number, seed = 7): Tensor =>
  random.uniform(key(seed), [count, ...model.inputShape]);

/** Every tensor of a tree: its path, its shape, its bits. */
export const bitsOf = (tree: unknown) =>
  leavesOf(tree).map(({ path, tensor }) => [
    showPath(path),
    [...tensor.shape],
    Buffer.from(new Float32Array(tensor.data).buffer).toString("hex"),
  ]);

/** A tree in a form that tells all of it apart, but for the times that it holds. */
export const wholeOf = (tree: unknown): unknown => {
  const timeless = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(timeless);
    if (typeof value !== "object" || value === null || "storage" in value) return value;
    const entries = Object.entries(value).filter(([name]) => name !== "imagesPerSecond");
    return Object.fromEntries(entries.map(([name, entry]) => [name, timeless(entry)]));
  };
  const kept = timeless(tree);
  return { rest: mapTree(kept, ({ shape }) => shape as never), bits: bitsOf(kept) };
};

/** A call of the loss of a {@link recorder}. */
export interface Seen {
  readonly input: readonly number[];
  readonly target: readonly number[];
  readonly hidden: readonly number[] | undefined;
  readonly training: boolean;
  readonly step: number | undefined;
}

/** A model written by hand: one weight, one counted state, and a note of every batch that it is shown. */
export function recorder(inputShape: Shape = [1], lossOf = (x: Tensor, w: Tensor) => ops.mul(x, w)) {
  const seen: Seen[] = [];
  const model: Model = {
    spec: { type: "recorder", inputShape, encoder: NO_LAYER, decoder: NO_LAYER, options: {} },
    inputShape,
    init: () => ({ weights: { w: tensor([0.5]) }, state: { uses: tensor([0]) } }),
    loss({ weights, state }, batch, { hidden, training = false, step } = {}) {
      const { inputs, targets: target = inputs } = batch instanceof Tensor ? { inputs: batch } : batch;
      seen.push({
        input: [...inputs.data],
        target: [...target.data],
        hidden: hidden && [...hidden.data],
        training,
        step,
      });
      const loss = ops.mean(lossOf(target, weights.w as Tensor));
      const uses = training ? ops.add(state.uses as Tensor, 1) : (state.uses as Tensor);
      return { loss, terms: { reconstruction: loss }, state: { uses } };
    },
    reconstruct: (_, images) => images,
  };
  return { model, seen };
}

const NO_LAYER = { type: "none", args: [] };

/** 0, 1, 2, … as examples of one number each. */
export const counting = (count: number): Tensor =>
  tensor(
    Float32Array.from({ length: count }, (_, i) => i),
    [count, 1],
  );

/** Gradient descent, written as a user would write an optimizer: pure, without the library's in-place path. */
export function pureSgd(rate = 0.1) {
  return {
    init: (params: unknown) => ({ previous: params, count: 0 }),
    update: <Params>(grads: Params, state: unknown, params: Params): [Params, unknown] => {
      const steps = leavesOf(grads).values();
      const next = mapTree(params, (p) => ops.sub(p, ops.scale(steps.next().value!.tensor, rate)));
      return [next, { previous: params, count: (state as { count: number }).count + 1 }];
    },
  };
}
