// Everything that users can import, from all entries but that of Node.

export * from "../../src/coding/index.js";
export * from "../../src/data/index.js";
export * from "../../src/images/index.js";
export * from "../../src/latent/index.js";
export * from "../../src/ndarray/index.js";
export * from "../../src/report/index.js";
export * from "../../src/index.js";
