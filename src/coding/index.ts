// The entry `reparam/coding`: codes and images as files, by an entropy coder in integers.

export { compress, type CompressOptions, decompress, type DecompressOptions } from "./compress.js";
export { compressLossless, decompressLossless, type LosslessOptions } from "./lossless.js";
export {
  dequantize,
  quantize,
  type QuantizedCodes,
  type QuantizeOptions,
  type Quantizer,
} from "./quantize.js";
export { type AdaptiveModel, decodeSymbols, encodeSymbols, type SymbolModel } from "./symbols.js";
export { frequencyTable, type FrequencyTable } from "./tables.js";
