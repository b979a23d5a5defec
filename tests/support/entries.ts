// Everything that users can import, from all entries but those of Node.

export * from "../../src/images.js";
export * from "../../src/index.js";
export * from "../../src/ndarray.js";
export * from "../../src/report/index.js";
