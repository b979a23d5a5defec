// The work that all contestants do, its seeded data, and how far two float32 results may be apart.

/**
 * @typedef {object} Workload
 * @property {"matmul" | "conv2d" | "conv2dTranspose" | "unary" | "upsample" | "maxPool"} kind
 * @property {string} id - short name
 * @property {string} title - with the shape
 * @property {number[]} shape - of the first operand; images are [batch, height, width, channels]
 * @property {number[]} [filter] - shape of the second: a matrix, [kernelHeight, kernelWidth, in, out], or
 *   [kernelHeight, kernelWidth, out, in] where transposed
 * @property {number} [stride]
 * @property {number} terms - products in each sum, 0 for elementwise functions
 * @property {string} [name] - of the elementwise function
 */

const LETTERS = "abcde";
const ULP = 2 ** -23;
const ELEMENTWISE_ULP = 16;

/** @returns {Workload} */
function product(size) {
  const shape = [size, size];
  const title = `matmul ${size}×${size} · ${size}×${size}`;
  return { kind: "matmul", id: `W1-${size}`, title, shape, filter: shape, terms: size };
}

/** @returns {Workload} */
function convolution([batch, size, from, to, stride], index) {
  return {
    kind: "conv2d",
    id: `W2-${LETTERS[index]}`,
    title: `conv2d ${batch}×${size}×${size}×${from} → ${to}, 3×3, stride ${stride}, same`,
    shape: [batch, size, size, from],
    filter: [3, 3, from, to],
    stride,
    terms: 9 * from,
  };
}

/** @returns {Workload} */
function transposedConvolution([batch, size, from, to, stride], index) {
  return {
    kind: "conv2dTranspose",
    id: `W3-${LETTERS[index]}`,
    title: `conv2dTranspose ${batch}×${size}×${size}×${from} → ${to}, 3×3, stride ${stride}, same`,
    shape: [batch, size, size, from],
    filter: [3, 3, to, from],
    stride,
    terms: 9 * from,
  };
}

/** @returns {Workload} */
function unary(name) {
  return {
    kind: "unary",
    id: `W4-${name}`,
    title: `${name} 1,000,000`,
    shape: [1_000_000],
    terms: 0,
    name,
  };
}

/** @type {Workload[]} */
export const workloads = [
  ...[256, 512, 1024].map(product),
  ...[
    [128, 28, 1, 32, 2],
    [128, 14, 32, 64, 2],
    [32, 14, 64, 128, 1],
    [32, 7, 128, 256, 1],
    [32, 28, 64, 64, 1],
  ].map(convolution),
  ...[
    [128, 7, 64, 64, 2],
    [128, 14, 64, 32, 2],
    [128, 28, 32, 1, 1],
  ].map(transposedConvolution),
  ...["exp", "sigmoid", "tanh", "relu"].map(unary),
  {
    kind: "upsample",
    id: "W4-upsample",
    title: "upsampleNearest 128×14×14×64, 2×",
    shape: [128, 14, 14, 64],
    terms: 0,
  },
  {
    kind: "maxPool",
    id: "W4-maxpool",
    title: "maxPool2d 128×28×28×32, 2×2",
    shape: [128, 28, 28, 32],
    terms: 0,
  },
];

/** Uniform numbers in [−1, 1) from a seed (mulberry32). */
function randomValues(seed, shape) {
  let state = seed;
  const length = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** @param {Workload} workload */
export function operandsOf({ shape, filter }) {
  return { x: randomValues(1, shape), w: filter && randomValues(2, filter) };
}

/** Padding before and after a 3-pixel window by TensorFlow's rule for "same". */
export function samePadding({ kind, shape: [, size], stride }) {
  const [large, small] =
    kind === "conv2dTranspose" ? [size * stride, size] : [size, Math.ceil(size / stride)];
  const total = Math.max((small - 1) * stride + 3 - large, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/**
 * Refuses a result that rounding does not explain.
 *
 * @param {Workload} workload
 * @param {Float32Array} truth - the result to agree with
 * @param {Float32Array} magnitude - Σ|a·b| of each element, where it is a sum of products
 * @param {Float32Array} result - of another contestant
 * @param {string} name - whose
 */
export function checkAgreement({ title, terms }, truth, magnitude, result, name) {
  if (result.length !== truth.length) {
    throw new Error(`${title}: ${name} must give ${truth.length} values, got ${result.length}`);
  }
  for (const [index, value] of truth.entries()) {
    const bound =
      terms > 0 ? 2 * terms * 2 ** -24 * magnitude[index] : ELEMENTWISE_ULP * ULP * Math.abs(value);
    if (!(Math.abs(result[index] - value) <= bound)) {
      throw new Error(
        `${title}: element ${index} of ${name} must be within ${bound} of ${value}, got ${result[index]}`,
      );
    }
  }
}
