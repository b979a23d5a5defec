// Principal component analysis as a model: the linear autoencoder of least squared error, computed and not trained.

import { checkInteger, checkOptions, refuseValue } from "../check/check.js";
import { sequential } from "../layers/combine.js";
import { dense } from "../layers/dense.js";
import { flatten, reshape } from "../layers/shape.js";
import { type Autoencoder, autoencoder } from "../models/autoencoder.js";
import type { ModelParams } from "../models/model.js";
import * as ops from "../ops/index.js";
import { key } from "../random/keys.js";
import { pca, type PrincipalComponents } from "../statistics/pca.js";
import { scope } from "../tensor/scope.js";
import type { Tree } from "../tensor/tree.js";
import { checkTensor, type Shape, sizeOf, type Tensor } from "../tensor/tensor.js";

/** A linear autoencoder, and the principal components that are its parameters. */
export interface PcaAutoencoder {
  readonly model: Autoencoder;
  readonly params: ModelParams;
  readonly basis: PrincipalComponents;
}

/** features → latentSize → features without activations, for inputs of any shape; squared error of each example. */
export function linearAutoencoder(inputShape: Shape, latentSize: number): Autoencoder {
  return autoencoder({
    inputShape,
    encoder: sequential(flatten(), dense(latentSize)),
    decoder: sequential(dense(sizeOf(inputShape)), reshape(inputShape)),
    reduction: "perExample",
  });
}

/**
 * Principal components as an autoencoder: codes are (x − mean) · Cᵀ, reconstructions code · C + mean. No linear
 * autoencoder has a smaller squared error on the inputs; none needs to be trained for that. A model like any other
 * otherwise: it encodes, scores, compresses, and is saved.
 *
 * @param inputs - examples along the first axis, `[n, ...inputShape]`
 * @param options.latentSize - components, from 1 to the smaller of examples and features
 * @returns the model, its parameters, and mean, components, variance and ratio as {@link pca} gives them
 * @throws {TypeError} when `inputs` is not a tensor or an option unknown
 * @throws {RangeError} when `latentSize` or the size of `inputs` is out of range, or a value is not finite
 * @example
 * const images = random.uniform(key(1), [20, 4, 4, 1]);
 * const { model, params, basis } = pcaAutoencoder(images, { latentSize: 3 });
 * model.encode(params, images).shape; // [20, 3]
 * basis.components.shape; // [3, 4, 4, 1]
 * @see Baldi & Hornik, "Neural networks and principal component analysis" (1989)
 */
export function pcaAutoencoder(inputs: Tensor, options: { readonly latentSize: number }): PcaAutoencoder {
  const where = "pcaAutoencoder";
  checkTensor(where, "inputs", inputs);
  checkOptions(where, options, ["latentSize"]);
  if (inputs.shape.length < 2) refuseValue(where, "inputs.shape", "be [n, ...inputShape]", inputs.shape);
  const [count, ...inputShape] = inputs.shape;
  const { latentSize } = options;
  checkInteger(where, "latentSize", latentSize, 1, Math.min(count, sizeOf(inputShape)));
  const basis = pca(inputs, { components: latentSize });
  const model = linearAutoencoder(inputShape, latentSize);
  const { state, weights } = model.init(key(0));
  const [encoder, decoder] = scope(() => {
    const rows = ops.reshape(basis.components, [latentSize, -1]);
    const mean = ops.reshape(basis.mean, [1, -1]);
    const offset = ops.matmul(mean, rows, { transposeB: true });
    return [
      { kernel: ops.transpose(rows), bias: ops.reshape(ops.scale(offset, -1), [latentSize]) },
      { kernel: rows, bias: ops.reshape(mean, [-1]) },
    ];
  });
  // Layers without parameters stay as they are, before the one and after the other.
  const [flat] = weights.encoder as readonly Tree[];
  const [, shaped] = weights.decoder as readonly Tree[];
  return {
    model,
    params: { state, weights: { encoder: [flat, encoder], decoder: [decoder, shaped] } },
    basis,
  };
}
