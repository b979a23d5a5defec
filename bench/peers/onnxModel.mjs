// Models of one operator, written as ONNX protobuf by hand. Field numbers are those of onnx.proto; no reader here.

const FLOAT = 1;
const INT = 2;
const STRING = 3;
const INTS = 7;
const text = new TextEncoder();

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

/** A field that holds a number. */
const number = (field, value) => Uint8Array.from([...varint(field * 8), ...varint(value)]);

/** A field that holds bytes, a string, or a message: its fields. */
function block(field, content) {
  const parts = [typeof content === "string" ? text.encode(content) : content].flat();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(length)]), ...parts]);
}

function attribute([name, value]) {
  const named = block(1, name);
  if (typeof value === "number") return block(5, [named, number(3, value), number(20, INT)]);
  if (typeof value === "string") return block(5, [named, block(4, value), number(20, STRING)]);
  return block(5, [named, ...value.map((entry) => number(8, entry)), number(20, INTS)]);
}

function valueInfo(field, { name, shape }) {
  const sizes = shape.map((size) => block(1, [number(1, size)]));
  const type = block(1, [number(1, FLOAT), block(2, sizes)]);
  return block(field, [block(1, name), block(2, [type])]);
}

function constant({ name, shape, data }) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const sizes = shape.map((size) => number(1, size));
  return block(5, [...sizes, number(2, FLOAT), block(8, name), block(9, bytes)]);
}

/**
 * A model y = operator(inputs…).
 *
 * @param {object} model
 * @param {string} model.operator - ONNX's name
 * @param {string[]} model.arguments - in the operator's order: names of inputs or constants, "" for none
 * @param {{ name: string, shape: number[] }[]} model.inputs - given at every run
 * @param {{ name: string, shape: number[], data: Float32Array }[]} [model.constants] - part of the model
 * @param {Record<string, number | string | number[]>} [model.attributes]
 * @param {number[]} model.shape - of the output, which is called "y"
 * @returns {Uint8Array}
 */
export function onnxModel({ operator, arguments: names, inputs, constants = [], attributes = {}, shape }) {
  const node = block(1, [
    ...names.map((name) => block(1, name)),
    block(2, "y"),
    block(4, operator),
    ...Object.entries(attributes).map(attribute),
  ]);
  const graph = block(7, [
    node,
    block(2, "graph"),
    ...constants.map(constant),
    ...inputs.map((input) => valueInfo(11, input)),
    valueInfo(12, { name: "y", shape }),
  ]);
  const version = block(8, [block(1, ""), number(2, 13)]);
  return Buffer.concat([number(1, 8), graph, version]);
}
