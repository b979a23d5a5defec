// The public surface of reparam.

export {
  defineOp,
  type Gradient,
  type GradientContext,
  type OpDefinition,
  stopGradient,
  vjp,
} from "./autodiff.js";
export type { Conv2dGeometry, Padding, Pair, TransposeOptions, WindowOptions } from "./geometry.js";
export {
  type Float32NdArray,
  fromNdarray,
  type GenericStore,
  type NdArrayLike,
  toNdarray,
} from "./ndarray.js";
export * as ops from "./ops/index.js";
export { runtimeInfo, type RuntimeInfo } from "./wasm/info.js";
export { scope } from "./scope.js";
export {
  equals,
  full,
  item,
  type NestedArray,
  type NumericArray,
  ones,
  type Shape,
  tensor,
  Tensor,
  zeros,
} from "./tensor.js";
export { configure, type Configuration } from "./wasm/runtime.js";
