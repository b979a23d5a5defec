// Time: for rates, and for handing control back to the event loop.

/** Milliseconds from some moment on; they never go back where the platform has a clock for this. */
export const millisecondsNow = (): number =>
  typeof performance === "object" ? performance.now() : Date.now();

/** What is used of a MessagePort. */
interface Port {
  addEventListener(type: "message", f: () => void): void;
  start(): void;
  postMessage(message: undefined): void;
  close(): void;
}

/** Ways to a later task, the quickest first. Each throws where the platform has it not, or only as a stub. */
const WAYS: readonly ((resolve: () => void) => void)[] = [
  (resolve) => {
    setImmediate!(resolve);
  },
  // Timers wait at least a millisecond, in nested use four in browsers.
  (resolve) => {
    const { port1, port2 } = new MessageChannel!() as unknown as Record<"port1" | "port2", Port>;
    port1.addEventListener("message", () => {
      // An open port would keep a process alive.
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  },
  (resolve) => {
    setTimeout!(resolve, 0);
  },
];

/** Resolves in a later task, after timers and input that wait; at once where a platform has no such thing. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    for (const way of WAYS) {
      try {
        return way(resolve);
      } catch {
        // The next way may be there.
      }
    }
    resolve();
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
