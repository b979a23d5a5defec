// Scopes: the lifetimes of what is computed on the WASM heap. The only public word about memory.

import { checkFunction, refuseKind } from "../check/check.js";
import { MAX_DEPTH, tensorsOf } from "./tree.js";
import { closeFrame, dissolveFrame, isInFrame, openFrame } from "../wasm/storage.js";

/** A result may hold a tree of the greatest depth beside others. */
const DEEPEST = MAX_DEPTH + 1;

let isReleasing = true;

/** Whether scopes that end release what they computed; a differentiation will read it once more on its way back. */
export function releaseAtEnd(isWanted: boolean): void {
  isReleasing = isWanted;
}

/**
 * Runs a function with all its intermediate results on the WASM heap, then releases them at once.
 *
 * Outside a scope every operation copies its inputs in and its result out; inside, results stay where the next
 * operation needs them. What the function returns (a tensor, or arrays and objects of tensors) survives; any
 * other tensor computed inside throws when it is touched afterwards. Scopes nest; inside a function that is being
 * differentiated they release nothing before its gradients are known.
 *
 * @param f - what to run; synchronous
 * @returns what `f` returns
 * @throws {TypeError} when `f` is not a function, or is asynchronous
 * @throws {RangeError} when what it returns is nested more than 65 deep, as a tree that holds itself is
 * @example
 * const image = ones([1, 5, 5, 1]);
 * const y = scope(() => ops.relu(ops.conv2d(image, ones([3, 3, 1, 1]))));
 */
export function scope<Result>(f: () => Result): Result {
  checkFunction("scope", "f", f);
  const rule = "be synchronous: what it computes after an await would outlive the scope";
  if (f.constructor.name === "AsyncFunction") refuseKind("scope", "f", rule, f);
  openFrame();
  let result: Result | undefined;
  let kept: ReturnType<typeof tensorsOf> | undefined;
  try {
    result = f();
    if (isThenable(result)) refuseKind("scope", "f", rule, result);
    kept = tensorsOf(result, ["scope", "what f returns", DEEPEST]);
  } finally {
    if (kept !== undefined && !isReleasing) dissolveFrame();
    else closeFrame((kept ?? []).map(({ storage }) => storage));
  }
  return result;
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Runs `f` in the scope that is open, or in one of its own. */
export function inScope<Result>(f: () => Result): Result {
  return isInFrame() ? f() : scope(f);
}
