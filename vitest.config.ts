import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/longestFirst.js";

export default defineConfig({
  // Documentation imports the package by its name.
  resolve: {
    alias: {
      "reparam/data": new URL("./src/data/index.ts", import.meta.url).pathname,
      "reparam/images": new URL("./src/images/index.ts", import.meta.url).pathname,
      "reparam/coding": new URL("./src/coding/index.ts", import.meta.url).pathname,
      "reparam/latent": new URL("./src/latent/index.ts", import.meta.url).pathname,
      "reparam/ndarray": new URL("./src/ndarray/index.ts", import.meta.url).pathname,
      "reparam/node": new URL("./src/node/index.ts", import.meta.url).pathname,
      "reparam/report": new URL("./src/report/index.ts", import.meta.url).pathname,
      reparam: new URL("./src/index.ts", import.meta.url).pathname,
    },
  },
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/support/oneThread.ts"],
    sequence: { sequencer: LongestFirst },
    // Two cores are what a small machine has; by itself the runner would leave one of them idle.
    maxWorkers: 2,
    // Property tests run thousands of cases; the package tests install from a registry.
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
