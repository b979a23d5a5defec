// The library as a contestant, through its public functions only: each binary on resident operands, and copying.

import { configure, ops, scope, tensor } from "../../dist/index.js";
import { sample } from "./sampling.mjs";
import { operandsOf } from "./workloads.mjs";

const UNARY = { exp: ops.exp, sigmoid: ops.sigmoid, tanh: ops.tanh, relu: ops.relu };

/** The operation of a workload, as a function of its operands. */
function operationOf({ kind, stride, name }) {
  const options = { stride, padding: "same" };
  switch (kind) {
    case "matmul":
      return (x, w) => ops.matmul(x, w);
    case "conv2d":
      return (x, w) => ops.conv2d(x, w, options);
    case "conv2dTranspose":
      return (x, w) => ops.conv2dTranspose(x, w, options);
    case "unary":
      return (x) => UNARY[name](x);
    case "upsample":
      return (x) => ops.upsampleNearest(x, 2);
    case "maxPool":
      return (x) => ops.maxPool2d(x, 2);
    default:
      throw new Error(`no operation for ${kind}`);
  }
}

function tensorsOf(workload) {
  const { x, w } = operandsOf(workload);
  return [tensor(x, workload.shape), ...(w ? [tensor(w, workload.filter)] : [])];
}

/** Σ|a·b| of every element: the same product of absolute values. */
export function magnitudeOf(workload) {
  const operation = operationOf(workload);
  return scope(() => operation(...tensorsOf(workload).map(ops.abs))).data;
}

/** Resident: the first call, in the outer scope, brings the operands onto the heap, where they stay. */
function measureResident(workload, time) {
  const operation = operationOf(workload);
  const operands = tensorsOf(workload);
  return scope(() => {
    const output = operation(...operands).data.slice();
    return { output, ...sample(() => scope(() => void operation(...operands)), time) };
  });
}

function measureCopying(workload, time) {
  const operation = operationOf(workload);
  const operands = tensorsOf(workload);
  return { output: operation(...operands).data, ...sample(() => operation(...operands), time) };
}

function contestant(name, relaxedSimd, measure) {
  return {
    name,
    measure: (workload, time) => {
      configure({ relaxedSimd });
      return measure(workload, time);
    },
  };
}

function hasRelaxedSimd() {
  try {
    configure({ relaxedSimd: true });
    return true;
  } catch {
    return false;
  }
}

/** The first is what the others are compared with. */
export function contestants() {
  const relaxed = hasRelaxedSimd();
  return [
    contestant("reparam, simd128", false, measureResident),
    ...(relaxed ? [contestant("reparam, relaxed", true, measureResident)] : []),
    contestant("reparam, copying", relaxed, measureCopying),
  ];
}
