// The checksum of a model: what a compressed file knows its model by.

import { refuseValue } from "../check/check.js";
import { crc32 } from "../files/crc32.js";
import { writeTree } from "../files/treeFile.js";
import type { Model, ModelParams } from "../models/model.js";
import type { CompressedFile } from "./byteFile.js";

/** What training is told, and what decoding does not depend on. */
const OF_TRAINING = ["beta", "freeBits", "loss", "reduction"];

/** CRC-32 of layers, options and parameters; how the model was trained does not count. */
export function modelSum({ spec }: Model, params: ModelParams): number {
  const options = Object.entries(spec.options).filter(([name]) => !OF_TRAINING.includes(name));
  return crc32(writeTree({ spec: { ...spec, options: Object.fromEntries(options) }, params }));
}

/** Refuses a file that another model wrote. */
export function checkModelSum(
  where: string,
  { model: written, inputShape }: CompressedFile,
  model: Model,
  params: ModelParams,
): void {
  const own = modelSum(model, params);
  const hex = (sum: number) => sum.toString(16).padStart(8, "0");
  if (written !== own || inputShape.join() !== model.inputShape.join()) {
    const rule = `be written with this model, whose checksum is ${hex(own)}`;
    refuseValue(where, "bytes", rule, `a file of the model ${hex(written)}`);
  }
}
