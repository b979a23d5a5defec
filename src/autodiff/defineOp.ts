// `defineOp`: an operation from its forward computation and its gradients, which notes down its calls.

import { checkFunction, refuseKind, refuseUse } from "../check/check.js";
import { inScope } from "../tensor/scope.js";
import { Tensor, viewOf } from "../tensor/tensor.js";
import { countNonFinite } from "../wasm/kernels.js";
import type { Inputs, OpDefinition } from "./opDefinition.js";
import {
  checkFirstOrder,
  innermostDifferentiation,
  isDependent,
  isDifferentiating,
  isTraced,
  type Note,
  noteDown,
  unnoted,
} from "./tape.js";

/**
 * Makes a differentiable operation. Outside a scope it opens one.
 *
 * @param definition - name, forward computation and gradients, see {@link OpDefinition}
 * @returns the operation: `(inputs, options) => output`
 * @example
 * const double = defineOp<[Tensor], undefined>({
 *   name: "double",
 *   forward: ([x]) => ops.scale(x, 2),
 *   gradients: [(gradOutput) => ops.scale(gradOutput, 2)],
 * });
 */
// @__NO_SIDE_EFFECTS__
export function defineOp<In extends Inputs, Options, Shared = Tensor>(
  definition: OpDefinition<In, Options, Shared>,
): (inputs: In, options: Options) => Tensor {
  checkDefinition(definition);
  return (inputs, options) =>
    inScope(() => {
      if (!Array.isArray(inputs)) refuseKind(definition.name, "inputs", "be an array of tensors", inputs);
      const isNoting = isDifferentiating();
      const differentiation = isNoting ? innermostDifferentiation() : undefined;
      if (differentiation?.outer !== undefined) checkFirstOrder(inputs, differentiation.outer);
      const result = isNoting
        ? unnoted(() => definition.forward(inputs, options))
        : definition.forward(inputs, options);
      if (!(result instanceof Tensor)) refuseKind(definition.name, "forward", "return a tensor", result);
      if (differentiation?.checks.checkNumerics) checkFinite(definition.name, result);
      if (!isNoting) return result;
      const dependent = isDependent(inputs);
      if (!dependent && !isTraced()) return result;
      // A tensor of its own: the result may be an input, or what another call returned too.
      const output = new Tensor(result.storage, result.shape, result.offset);
      // Its types are forgotten: the gradients take what stands beside them.
      noteDown({ definition, context: { inputs, output, options } } as unknown as Note, dependent);
      return output;
    });
}

function checkDefinition(definition: unknown): void {
  const where = "defineOp";
  if (typeof definition !== "object" || definition === null) {
    refuseKind(where, "definition", "be an object with name, forward and gradients", definition);
  }
  const { name, forward, gradients, shared, multiplyAdds } = definition as Partial<
    OpDefinition<Inputs, unknown>
  >;
  if (typeof name !== "string") refuseKind(where, "name", "be a string, for error messages", name);
  checkFunction(where, "forward", forward);
  if (typeof gradients !== "function" && !Array.isArray(gradients)) {
    refuseKind(where, "gradients", "be an array with a function or null per input, or a function", gradients);
  }
  if (shared !== undefined) checkFunction(where, "shared", shared);
  if (multiplyAdds !== undefined) checkFunction(where, "multiplyAdds", multiplyAdds);
}

/** Refuses a result with NaN or infinity, telling where the first one is. */
function checkFinite(name: string, output: Tensor): void {
  const count = countNonFinite(output, output.size);
  if (count === 0) return;
  const values = viewOf(output);
  const first = values.findIndex((value) => !Number.isFinite(value));
  const place = `at element ${first} of [${output.shape.join(", ")}], ${count} not finite in all`;
  refuseUse(name, `result must be finite (checkNumerics), got ${values[first]} ${place}`);
}
