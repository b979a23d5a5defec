// The entry `reparam/images`: pictures as PNG files, by the package fast-png.

export { type PngOptions, type PngReadOptions, readPng, writePng } from "./files/png.js";
