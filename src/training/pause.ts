// Time: for rates, and for handing control back to the event loop.

/** Milliseconds from some moment on; they never go back. */
export const millisecondsNow = (): number => performance.now();

/** Resolves in a later task, after timers and input that wait. */
function nextTask(): Promise<void> {
  // Timers wait at least a millisecond, in nested use four in browsers; where setImmediate exists it does not.
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/** A function that hands control back when the given milliseconds have passed since it last did. */
export function pauser(budget: number): () => Promise<void> {
  let last = millisecondsNow();
  return async () => {
    if (millisecondsNow() - last < budget) return;
    await nextTask();
    last = millisecondsNow();
  };
}
