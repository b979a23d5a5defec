// Layers of the caller's making: what their functions give is checked, wherever a layer is taken.

import { checkSizes, refuseKind, refuseValue } from "../check/check.js";
import { checkTree, tensorsLike } from "../tensor/asLike.js";
import { isSameShape, type Shape, Tensor } from "../tensor/tensor.js";
import { isPlainObject, leavesOf, type Tree } from "../tensor/tree.js";
import { checkLayer } from "./checks.js";
import { type Applied, type Initialized, isMadeHere, type Layer } from "./layer.js";

type AnyLayer = Layer<Tree, Tree, unknown>;

/**
 * Checks that an argument is a layer, of any output, and returns it; one of the caller's making so that whatever it
 * gives back is refused by its name where it is not what a layer gives.
 */
export function layerOf<L extends AnyLayer>(where: string, argument: string, layer: L): L {
  checkLayer(where, argument, layer);
  if (isMadeHere(layer)) return layer;
  const { type } = layer.spec as { type?: unknown };
  const name = typeof type === "string" ? type : argument;
  const outputShape: AnyLayer["outputShape"] = (inputShape) =>
    checkedShape(name, "outputShape", layer.outputShape(inputShape));
  const checked: Pick<AnyLayer, "outputShape" | "init" | "apply"> = {
    outputShape,
    init: (key, inputShape) => checkedInit(name, layer.init(key, inputShape), outputShape(inputShape)),
    apply: (params, state, input, context) =>
      checkedApply(name, layer.apply(params, state, input, context), state, input, outputShape),
  };
  // What else there is of the layer stays in reach, methods of its class too.
  return Object.assign(Object.create(layer) as L, checked);
}

function checkedShape(name: string, argument: string, shape: unknown): Shape {
  checkSizes(name, argument, shape);
  return shape as Shape;
}

function checkedInit(name: string, given: unknown, wanted: Shape): Initialized<Tree, Tree> {
  if (!isPlainObject(given)) return refuseKind(name, "init", "give { params, state, outputShape }", given);
  checkTree(name, "init.params", given.params);
  checkTree(name, "init.state", given.state);
  const shape = checkedShape(name, "init.outputShape", given.outputShape);
  if (!isSameShape(shape, wanted)) {
    refuseValue(name, "init.outputShape", `be [${wanted.join(", ")}], as outputShape gives it`, shape);
  }
  return given as unknown as Initialized<Tree, Tree>;
}

function checkedApply(
  name: string,
  given: unknown,
  state: Tree,
  input: Tensor,
  outputShape: AnyLayer["outputShape"],
): Applied<unknown, Tree> {
  if (!isPlainObject(given)) return refuseKind(name, "apply", "give { output, state }", given);
  const { output } = given;
  checkTree(name, "apply.output", output);
  if (output instanceof Tensor) {
    const [count, ...shape] = input.shape;
    const wanted = [count, ...outputShape(shape)];
    if (!isSameShape(output.shape, wanted)) {
      refuseValue(
        name,
        "apply.output.shape",
        `be [${wanted.join(", ")}], as outputShape gives it`,
        output.shape,
      );
    }
  }
  checkTree(name, "apply.state", given.state);
  tensorsLike(name, "apply.state", given.state, leavesOf(state));
  return given as unknown as Applied<unknown, Tree>;
}
