// Loads a fresh instance of the library, with memory of its own, as other platforms would see it.

import { vi } from "vitest";
import type * as library from "../../src/index.js";

export type Library = typeof library;

/** A second instance of the library, on shared memory or, as where that is missing, on ordinary memory. */
export async function loadLibrary(memory: "shared" | "ordinary"): Promise<Library> {
  vi.resetModules();
  const { Memory } = WebAssembly;
  if (memory === "ordinary") {
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.shared) throw new TypeError("no shared memory here");
        super(descriptor);
      }
    };
  }
  try {
    const library = await import("../../src/index.js");
    library.runtimeInfo(); // starts the runtime
    return library;
  } finally {
    WebAssembly.Memory = Memory;
  }
}
