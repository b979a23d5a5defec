// Laws of convolution as a matrix: the unrolled matrix, and im2col with its adjoint.

import { describe, expect, it } from "vitest";
import { ops, tensor, type Tensor, vjp } from "../../src/index.js";
import { convolution, type ConvolutionCase, integers } from "../support/arbitraries.js";
import { expectAdjoint, expectPure, expectSame, forAll } from "../support/laws.js";
import * as naive from "../support/naive.js";
import { naiveGeometry, outputShape } from "../support/naiveGeometry.js";

/** Few enough entries for an unrolled matrix. */
const small = convolution.filter(({ input, filter, options }) => {
  const { outHeight, outWidth } = naiveGeometry(input, filter, options);
  return input[1] * input[2] * input[3] * outHeight * outWidth * filter[3] < 300_000;
});
const ungrouped = convolution.filter(({ options }) => options.groups === 1);

/** The images of a batch as the columns of a matrix, and back. */
const asColumns = (images: naive.Values) => {
  const [batch, ...sizes] = images.shape;
  const length = sizes.reduce((product, size) => product * size, 1);
  return ops.transpose(ops.reshape(tensor(Float32Array.from(images.data), images.shape), [batch, length]));
};

function arrays({ input, filter, options, seed }: ConvolutionCase) {
  const g = naiveGeometry(input, filter, options);
  return {
    g,
    x: integers(input, seed),
    w: integers(filter, seed + 1),
    y: integers(outputShape(g), seed + 2),
  };
}

describe("convolutionMatrix", () => {
  it("times an image is its convolution", () => {
    forAll(small, 100, (drawn) => {
      const { x, w } = arrays(drawn);
      const matrix = ops.convolutionMatrix(w, drawn.input.slice(1), drawn.options);
      expectSame(ops.matmul(matrix, asColumns(x)), asColumns(ops.conv2d(x, w, drawn.options)));
    });
  });

  it("transposed, times an image, is its transposed convolution", () => {
    forAll(small, 100, (drawn) => {
      const { x, w, y } = arrays(drawn);
      const matrix = ops.convolutionMatrix(w, drawn.input.slice(1), drawn.options);
      const outputShape = x.shape.slice(1, 3);
      const image = ops.conv2dTranspose(y, w, { ...drawn.options, outputShape });
      expectSame(ops.matmul(ops.transpose(matrix), asColumns(y)), asColumns(image));
    });
  });

  it("of a 3 × 3 filter on a 4 × 4 image is the 4 × 16 matrix of the lecture", () => {
    const filter = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3, 1, 1]);
    const matrix = ops.convolutionMatrix(filter, [4, 4]);
    expect(matrix.shape).toEqual([4, 16]);
    expect([...matrix.data]).toEqual(
      [
        [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0],
        [0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0],
        [0, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9],
      ].flat(),
    );
  });

  it("takes a filter of two axes as one channel to one channel", () => {
    const filter = integers([3, 2], 1);
    const whole = ops.reshape(filter, [3, 2, 1, 1]);
    const options = { stride: 2, padding: 1 };
    expectSame(
      ops.convolutionMatrix(filter, [4, 5], options),
      ops.convolutionMatrix(whole, [4, 5, 1], options),
    );
  });

  it("refuses wrong shapes and matrices beyond measure", () => {
    const filter = integers([3, 3, 1, 1], 1);
    expect(() => ops.convolutionMatrix(filter, [4])).toThrow(RangeError);
    expect(() => ops.convolutionMatrix(filter, [4, 4, 2])).toThrow(RangeError);
    expect(() => ops.convolutionMatrix(filter, [200, 200])).toThrow(
      "inputShape must give at most 134217728 elements",
    );
    expect(() => ops.convolutionMatrix(filter, 4 as never)).toThrow(TypeError);
    expect(() => ops.convolutionMatrix(filter.data as never, [4, 4])).toThrow(TypeError);
  });
});

describe("im2col", () => {
  it("agrees with the definition, and so does col2im", () => {
    forAll(ungrouped, 150, (drawn) => {
      const { g, x } = arrays(drawn);
      const columns = naive.im2col(x, g);
      expectSame(ops.im2col(x, g), columns);
      const entries = integers(columns.shape, drawn.seed + 3);
      expectSame(ops.col2im(entries, g), naive.col2im(entries, g));
    });
  });

  it("is the adjoint of col2im, and each is the other's gradient", () => {
    forAll(ungrouped, 60, (drawn) => {
      const { g, x } = arrays(drawn);
      const entries = integers(ops.im2col(x, g).shape, drawn.seed + 3);
      expectAdjoint(
        (image) => ops.im2col(image, g),
        (columns) => ops.col2im(columns, g),
        x,
        entries,
      );
      expectSame(vjp((image: Tensor) => ops.im2col(image, g))(entries, x).grads, ops.col2im(entries, g));
      expectSame(vjp((columns: Tensor) => ops.col2im(columns, g))(x, entries).grads, ops.im2col(x, g));
    });
  });

  it("times the filter is conv2d, and col2im of the product with its transpose is conv2dTranspose", () => {
    forAll(ungrouped, 100, (drawn) => {
      const { g, x, w, y } = arrays(drawn);
      const flat = ops.reshape(w, [w.size / g.outChannels, g.outChannels]);
      const product = ops.matmul(ops.im2col(x, g), flat);
      expectSame(ops.reshape(product, outputShape(g)), ops.conv2d(x, w, drawn.options));
      const pixels = ops.reshape(y, [y.size / g.outChannels, g.outChannels]);
      const columns = ops.matmul(pixels, flat, { transposeB: true });
      expectSame(ops.col2im(columns, g), ops.conv2dInputGradient(y, w, g));
    });
  });

  it("gives the same result inside and outside a scope and leaves its input unchanged, as does col2im", () => {
    forAll(ungrouped, 30, (drawn) => {
      const { g, x } = arrays(drawn);
      expectPure((image) => ops.im2col(image, g), [x]);
      expectPure((columns) => ops.col2im(columns, g), [ops.im2col(x, g)]);
    });
  });

  it("refuses groups and shapes that do not fit, as does col2im", () => {
    const grouped = ops.conv2dGeometry([1, 4, 4, 2], [3, 3, 1, 2], { groups: 2 });
    const plain = ops.conv2dGeometry([1, 4, 4, 2], [3, 3, 2, 2]);
    expect(() => ops.im2col(integers([1, 4, 4, 2], 1), grouped)).toThrow("geometry.groups must be 1, got 2");
    expect(() => ops.col2im(integers([4, 18], 1), grouped)).toThrow("geometry.groups must be 1, got 2");
    expect(() => ops.im2col(integers([1, 4, 5, 2], 1), plain)).toThrow(RangeError);
    expect(() => ops.col2im(integers([4, 17], 1), plain)).toThrow(RangeError);
  });
});
