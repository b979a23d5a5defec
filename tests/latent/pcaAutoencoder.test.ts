// Laws of principal components as a model.

import { describe, expect, it } from "vitest";
import {
  fold,
  key,
  type Key,
  loadModel,
  ops,
  random,
  saveModel,
  type Tensor,
  tensor,
  type Tree,
  zeros,
} from "../../src/index.js";
import { pca, pcaAutoencoder, project, unproject } from "../../src/latent/index.js";
import { mapTree } from "../../src/tensor/tree.js";
import { expectRefused } from "../support/refusals.js";

/** Images whose pixels vary by different amounts, around different means. */
const images = ops.add(
  ops.mul(
    ops.reshape(random.normal(key(1), [40, 12]), [40, 3, 4, 1]),
    tensor(Array.from({ length: 12 }, (_, i) => 1 / (i + 1)), [3, 4, 1]), // prettier-ignore
  ),
  random.uniform(key(2), [3, 4, 1]),
);
const farthest = (a: Tensor, b: Tensor) =>
  ops.sub(a, b).data.reduce((most, difference) => Math.max(most, Math.abs(difference)), 0);
const errorOf = (a: Tensor, b: Tensor) => ops.mean(ops.square(ops.sub(a, b))).data[0]!;

describe("pcaAutoencoder", () => {
  const { model, params, basis } = pcaAutoencoder(images, { latentSize: 3 });

  it("encodes by projection, decodes by the components, and scores by squared error", () => {
    const known = pca(images, { components: 3 });
    const codes = model.encode(params, images);
    expect(farthest(codes, project(known, images))).toBeLessThan(1e-5);
    expect(farthest(model.decode(params, codes), unproject(known, codes))).toBeLessThan(1e-5);
    expect(basis).toEqual(known);
    const errors = ops.square(ops.sub(images, model.reconstruct(params, images)));
    expect(farthest(model.score(params, images), ops.sum(errors, { axis: [1, 2, 3] }))).toBeLessThan(1e-5);
  });

  it("loses less than with any other parameters near to its own", () => {
    const best = errorOf(model.reconstruct(params, images), images);
    for (let seed = 0; seed < 20; seed++) {
      const near = (tree: Tree, own: Key): Tree =>
        mapTree(tree, (t) => ops.add(t, random.normal(fold(own, t.size), t.shape, { deviation: 0.02 })));
      const { encoder, decoder } = params.weights;
      const weights = {
        encoder: near(encoder!, fold(key(seed), 0)),
        decoder: near(decoder!, fold(key(seed), 1)),
      };
      expect(errorOf(model.reconstruct({ ...params, weights }, images), images)).toBeGreaterThan(best);
    }
  });

  it("gives everything back with as many components as there are pixels", () => {
    const whole = pcaAutoencoder(images, { latentSize: 12 });
    expect(farthest(whole.model.reconstruct(whole.params, images), images)).toBeLessThan(1e-5);
  });

  it("is saved and loaded like any model, to the bit", () => {
    const loaded = loadModel(saveModel(model, params));
    expect(loaded.model.spec).toEqual(model.spec);
    const again = loaded.model.reconstruct(loaded.params, images);
    expect(again.data).toEqual(model.reconstruct(params, images).data);
  });

  it("refuses more components than examples or pixels, and what is no batch", () => {
    const refused = (inputs: Tensor, latentSize: number, argument: string) =>
      expectRefused(() => pcaAutoencoder(inputs, { latentSize }), RangeError, `pcaAutoencoder: ${argument}`);
    refused(images, 13, "latentSize");
    refused(ops.slice(images, 0, 2), 3, "latentSize");
    refused(images, 0, "latentSize");
    refused(zeros([4]), 1, "inputs.shape");
  });
});
