// TensorFlow.js with its WASM backend as a contestant.

import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { sample } from "./sampling.mjs";
import { operandsOf } from "./workloads.mjs";

const UNARY = { exp: tf.exp, sigmoid: tf.sigmoid, tanh: tf.tanh, relu: tf.relu };

function operationOf({ kind, shape, filter, stride, name }) {
  const [batch, height, width] = shape;
  switch (kind) {
    case "matmul":
      return (x, w) => tf.matMul(x, w);
    case "conv2d":
      return (x, w) => tf.conv2d(x, w, stride, "same");
    case "conv2dTranspose": {
      const target = [batch, height * stride, width * stride, filter[2]];
      return (x, w) => tf.conv2dTranspose(x, w, target, stride, "same");
    }
    case "unary":
      return UNARY[name];
    case "upsample":
      return (x) => tf.image.resizeNearestNeighbor(x, [2 * height, 2 * width]);
    case "maxPool":
      return (x) => tf.maxPool(x, 2, 2, "valid");
    default:
      throw new Error(`no operation for ${kind}`);
  }
}

export async function tensorflow() {
  setThreadsCount(1);
  await tf.setBackend("wasm");
  return {
    name: "tfjs-wasm",
    measure(workload, time) {
      const { x, w } = operandsOf(workload);
      const operation = operationOf(workload);
      const operands = [tf.tensor(x, workload.shape), ...(w ? [tf.tensor(w, workload.filter)] : [])];
      const result = operation(...operands);
      const output = result.dataSync().slice();
      const times = sample(() => operation(...operands).dispose(), time);
      tf.dispose([result, ...operands]);
      return { output, ...times };
    },
  };
}
