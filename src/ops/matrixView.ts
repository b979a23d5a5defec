// Convolution written as a matrix, for teaching and for tests: the unrolled matrix, and im2col with its adjoint.

import { defineOp } from "../autodiff/autodiff.js";
import { checkOptions, checkResult, checkShape, refuseValue } from "../check/check.js";
import type { Conv2dGeometry } from "../geometry/conv2d.js";
import { adoptArray, checkTensor, emptyTensor, sizeOf, Tensor } from "../tensor/tensor.js";
import * as kernels from "../wasm/generated.js";
import {
  checkFits,
  checkGeometry,
  type Conv2dWindowOptions,
  geometryOf,
  inputShapeOf,
  WINDOW_OPTIONS,
} from "./conv2dGeometry.js";

/** Most entries of an unrolled convolution, nearly all of which are 0. */
const MAX_ENTRIES = 2 ** 27;

/**
 * The matrix C of a convolution: with images and outputs flattened row-major, `y = C·x` for one image; the
 * transposed convolution is `x = Cᵀ·y`.
 *
 * @param filter - shape `[kernelHeight, kernelWidth, channels / groups, outChannels]`, or `[kernelHeight,
 *   kernelWidth]` for one channel in and out
 * @param inputShape - `[height, width, channels]` of one image, or `[height, width]` for one channel
 * @param options - stride, dilation, padding, groups, as for conv2d
 * @returns shape `[outHeight·outWidth·outChannels, height·width·channels]`
 * @throws {RangeError} when shapes do not go together, or the matrix would be too large
 * @example
 * ops.convolutionMatrix(ones([3, 3]), [4, 4]).shape; // [4, 16]
 * @see Dumoulin & Visin (2016), section 4.1
 */
export function convolutionMatrix(
  filter: Tensor,
  inputShape: readonly number[],
  options: Conv2dWindowOptions = {},
): Tensor {
  const where = "convolutionMatrix";
  const isPlain = filter instanceof Tensor && filter.shape.length === 2;
  if (!isPlain)
    checkTensor(where, "filter", filter, 4, "[kernelHeight, kernelWidth, inChannels / groups, outChannels]");
  const filterShape = isPlain ? [...filter.shape, 1, 1] : filter.shape;
  checkShape(where, "inputShape", inputShape);
  checkOptions(where, options, WINDOW_OPTIONS);
  if (inputShape.length < 2 || inputShape.length > 3) {
    refuseValue(where, "inputShape", "be [height, width, channels] or [height, width]", inputShape);
  }
  const [height, width, channels = 1] = inputShape;
  const g = geometryOf(where, [1, height, width, channels], filterShape, options);
  const rows = g.outHeight * g.outWidth * g.outChannels;
  const columns = height * width * channels;
  checkResult(where, "inputShape", inputShape, rows * columns, MAX_ENTRIES);
  const matrix = new Float32Array(rows * columns);
  fillMatrix(matrix, filter.data, g, columns);
  return adoptArray(matrix, [rows, columns]);
}

function fillMatrix(matrix: Float32Array, filter: Float32Array, g: Conv2dGeometry, columns: number): void {
  const channels = g.inChannels / g.groups;
  const outputs = g.outChannels / g.groups;
  for (let r = 0; r < g.outHeight; r++) {
    for (let c = 0; c < g.outWidth; c++) {
      for (let i = 0; i < g.kernelHeight; i++) {
        const h = r * g.strideHeight - g.padTop + i * g.dilationHeight;
        if (h < 0 || h >= g.inHeight) continue;
        for (let j = 0; j < g.kernelWidth; j++) {
          const w = c * g.strideWidth - g.padLeft + j * g.dilationWidth;
          if (w < 0 || w >= g.inWidth) continue;
          for (let o = 0; o < g.outChannels; o++) {
            const row = (r * g.outWidth + c) * g.outChannels + o;
            const first = Math.floor(o / outputs) * channels;
            for (let k = 0; k < channels; k++) {
              const column = (h * g.inWidth + w) * g.inChannels + first + k;
              const tap = ((i * g.kernelWidth + j) * channels + k) * g.outChannels + o;
              matrix[row * columns + column] = filter[tap];
            }
          }
        }
      }
    }
  }
}

function matrixShapeOf(g: Conv2dGeometry): [number, number] {
  return [g.batch * g.outHeight * g.outWidth, g.kernelHeight * g.kernelWidth * g.inChannels];
}

function gather(input: Tensor, geometry: Conv2dGeometry): Tensor {
  const columns = emptyTensor(matrixShapeOf(geometry));
  kernels.im2col({ x: input, columns, geometry });
  return columns;
}

function scatter(columns: Tensor, geometry: Conv2dGeometry): Tensor {
  const image = emptyTensor(inputShapeOf(geometry));
  kernels.col2im({ columns, x: image, geometry });
  return image;
}

const im2colOp = defineOp<readonly [Tensor], Conv2dGeometry>({
  name: "im2col",
  forward: ([input], geometry) => gather(input, geometry),
  gradients: [(gradOutput, { options: geometry }) => scatter(gradOutput, geometry)],
});

const col2imOp = defineOp<readonly [Tensor], Conv2dGeometry>({
  name: "col2im",
  forward: ([columns], geometry) => scatter(columns, geometry),
  gradients: [(gradOutput, { options: geometry }) => gather(gradOutput, geometry)],
});

/**
 * The matrix whose rows are the windows of a convolution; its product with the filter, as a matrix of
 * kernelHeight·kernelWidth·channels rows, is the convolution. (`conv2d` itself never builds it.)
 *
 * @param input - images, shape `[batch, height, width, channels]`
 * @param geometry - from conv2dGeometry, with groups 1
 * @returns shape `[batch·outHeight·outWidth, kernelHeight·kernelWidth·channels]`
 * @throws {TypeError} when `geometry` is no object
 * @throws {RangeError} when the input does not fit the geometry, or this has groups or is not one
 * @example
 * const geometry = ops.conv2dGeometry([1, 3, 3, 1], [2, 2, 1, 1]);
 * ops.im2col(ones([1, 3, 3, 1]), geometry).shape; // [4, 4]
 */
export function im2col(input: Tensor, geometry: Conv2dGeometry): Tensor {
  checkUngrouped("im2col", geometry);
  checkFits("im2col", "input", input, inputShapeOf(geometry));
  checkResult("im2col", "geometry", geometry, sizeOf(matrixShapeOf(geometry)));
  return im2colOp([input], geometry);
}

/**
 * The adjoint of {@link im2col}: adds every entry to the pixel it was read from.
 *
 * @param columns - shape `[batch·outHeight·outWidth, kernelHeight·kernelWidth·channels]`
 * @param geometry - from conv2dGeometry, with groups 1
 * @returns shape `[batch, height, width, channels]`
 * @throws {TypeError} when `geometry` is no object
 * @throws {RangeError} when the matrix does not fit the geometry, or this has groups or is not one
 * @example
 * const geometry = ops.conv2dGeometry([1, 3, 3, 1], [2, 2, 1, 1]);
 * ops.col2im(ones([4, 4]), geometry).data; // [1, 2, 1, 2, 4, 2, 1, 2, 1]
 */
export function col2im(columns: Tensor, geometry: Conv2dGeometry): Tensor {
  checkUngrouped("col2im", geometry);
  checkFits("col2im", "columns", columns, matrixShapeOf(geometry));
  return col2imOp([columns], geometry);
}

function checkUngrouped(where: string, geometry: Conv2dGeometry): void {
  checkGeometry(where, geometry);
  if (geometry.groups !== 1) refuseValue(where, "geometry.groups", "be 1", geometry.groups);
}
