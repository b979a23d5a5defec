// ONNX Runtime Web as a contestant: one operator a model, one thread, images NCHW.

import * as ort from "onnxruntime-web";
import { onnxModel } from "./onnxModel.mjs";
import { sampleAsync } from "./sampling.mjs";
import { operandsOf, samePadding } from "./workloads.mjs";

const UNARY = { exp: "Exp", sigmoid: "Sigmoid", tanh: "Tanh", relu: "Relu" };

/** Moves the axes of row-major values: axis i of the result is axis order[i] of the source. */
function permute(values, shape, order) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const moved = new Float32Array(values.length);
  let at = 0;
  for (let a = 0; a < sizes[0]; a++)
    for (let b = 0; b < sizes[1]; b++)
      for (let c = 0; c < sizes[2]; c++)
        for (let d = 0; d < sizes[3]; d++)
          moved[at++] = values[a * steps[0] + b * steps[1] + c * steps[2] + d * steps[3]];
  return { data: moved, shape: sizes };
}

const toNchw = (values, shape) => permute(values, shape, [0, 3, 1, 2]);
const fromNchw = (values, shape) => permute(values, shape, [0, 2, 3, 1]).data;

/** Operator, arguments and output shape of work on images; the filter becomes [out, in, …], or [in, out, …]. */
function imageOperator(workload, filter, [batch, channels, height, width]) {
  const { kind, stride } = workload;
  switch (kind) {
    case "conv2d":
    case "conv2dTranspose": {
      const [before, after] = samePadding(workload);
      const { data, shape } = permute(filter, workload.filter, [3, 2, 0, 1]);
      const scale = (size) => (kind === "conv2d" ? Math.ceil(size / stride) : size * stride);
      return {
        operator: kind === "conv2d" ? "Conv" : "ConvTranspose",
        arguments: ["x", "w"],
        constants: [{ name: "w", shape, data }],
        attributes: {
          kernel_shape: [3, 3],
          strides: [stride, stride],
          pads: [before, before, after, after],
        },
        shape: [batch, kind === "conv2d" ? shape[0] : shape[1], scale(height), scale(width)],
      };
    }
    case "upsample":
      return {
        operator: "Resize",
        arguments: ["x", "", "scales"],
        constants: [{ name: "scales", shape: [4], data: Float32Array.of(1, 1, 2, 2) }],
        attributes: {
          mode: "nearest",
          coordinate_transformation_mode: "asymmetric",
          nearest_mode: "floor",
        },
        shape: [batch, channels, 2 * height, 2 * width],
      };
    case "maxPool":
      return {
        operator: "MaxPool",
        arguments: ["x"],
        attributes: { kernel_shape: [2, 2], strides: [2, 2] },
        shape: [batch, channels, height / 2, width / 2],
      };
    default:
      throw new Error(`no operator for ${kind}`);
  }
}

/** The model of a workload and what it is fed. */
function modelOf(workload) {
  const { kind, shape, filter, name } = workload;
  const { x, w } = operandsOf(workload);
  if (kind === "matmul") {
    const inputs = [
      { name: "x", shape },
      { name: "w", shape: filter },
    ];
    const model = { operator: "MatMul", arguments: ["x", "w"], inputs, shape: [shape[0], filter[1]] };
    return { model, feeds: { x: new ort.Tensor(x, shape), w: new ort.Tensor(w, filter) } };
  }
  if (kind === "unary") {
    const model = { operator: UNARY[name], arguments: ["x"], inputs: [{ name: "x", shape }], shape };
    return { model, feeds: { x: new ort.Tensor(x, shape) } };
  }
  const images = toNchw(x, shape);
  const inputs = [{ name: "x", shape: images.shape }];
  const model = { ...imageOperator(workload, w, images.shape), inputs };
  return { model, feeds: { x: new ort.Tensor(images.data, images.shape) } };
}

export function onnx() {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  return {
    name: "onnxruntime-web",
    async measure(workload, time) {
      const { model, feeds } = modelOf(workload);
      const session = await ort.InferenceSession.create(onnxModel(model), { executionProviders: ["wasm"] });
      const { y } = await session.run(feeds);
      const output = model.shape.length === 4 ? fromNchw(y.data, model.shape) : y.data;
      const times = await sampleAsync(() => session.run(feeds), time);
      await session.release();
      return { output, ...times };
    },
  };
}
