// What every refused call has in common: the kind of the error, the form of its words, and memory left as it was.

import { expect } from "vitest";
import { runtimeInfo } from "../../src/index.js";

/** Expects that no open scope, no failed call and no forgotten block holds memory. */
export function expectNothingHeld(): void {
  expect(runtimeInfo().memory.used).toBe(0);
}

/** Runs a call and returns what it throws. */
export function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/**
 * Expects a call to be refused in the form `<function>: <argument> must <rule>, got <value>`; the function may be
 * one of a model (`vae.loss`) or of a layer inside (`encoder[1].dense`).
 *
 * @param call - the call
 * @param kind - TypeError for the wrong kind of a value, RangeError for its value or shape
 * @param start - how the message begins: the function, and the argument where it matters
 */
export function expectRefused(call: () => unknown, kind: ErrorConstructor, start: string): void {
  const { used } = runtimeInfo().memory;
  const error = errorOf(call);
  expect(error, `${start}: not refused`).toBeInstanceOf(kind);
  const { message } = error as Error;
  expect(message).toMatch(/^[\w.[\]]+: \S.* must .+, got .+$/s);
  expect(message.slice(0, start.length)).toBe(start);
  expect(runtimeInfo().memory.used).toBe(used);
}
