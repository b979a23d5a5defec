// What a training of a model of pixels takes, told before it begins: large images would take days, or all memory.

import type { PixelModel } from "../models/pixels/types.js";
import { sizeOf } from "../tensor/tensor.js";
import { fail } from "./command.js";
import { showSeconds } from "./progress.js";

/** How a model is trained. */
interface Training {
  readonly examples: number;
  readonly epochs: number;
  readonly batchSize: number;
}

/** Multiply-adds per second of one core, forward and backward together, at the least. */
const SPEED = 2e9;
/** Longest training that begins without a word. */
const MOST_SECONDS = 86_400;
/** Numbers that training holds for every hidden number of a pixel in a layer. */
const HELD = 30;
/** Bytes that a batch may take: the memory that there is less what the rest needs. */
const MOST_BYTES = 3.5e9;

/** Refuses a training that would not end within a day, or not fit into memory. */
export function checkPixelWork(model: PixelModel, { examples, epochs, batchSize }: Training): void {
  const { hidden, layers } = model.spec.options as { hidden: number; layers: number };
  const [height, width] = model.inputShape;
  const cure = `give smaller images (--size ${height > 28 ? 28 : 14})`;
  const perPixel = HELD * hidden * layers + 4 * (model.inputShape[2] * (model.levels + hidden));
  const bytes = 4 * Math.min(batchSize, examples) * height * width * perPixel;
  if (bytes > MOST_BYTES) {
    fail(
      `images of ${model.inputShape.join("×")}, ${batchSize} at a time, would take about ` +
        `${(bytes / 1e9).toFixed(1)} GB: ${cure}, or fewer at a time (--batch)`,
    );
  }
  const work = model.parts.reduce((sum, { layer, inputShape: [rows, columns, inputs] }) => {
    const [, , outputs] = layer.outputShape([rows, columns, inputs]);
    const { kernel } = (layer.spec.args[1] ?? {}) as { kernel?: readonly number[] | number };
    const [tall, wide] = typeof kernel === "number" ? [kernel, kernel] : (kernel ?? [1, 1]);
    return sum + rows * columns * inputs * outputs * tall * wide;
  }, 0);
  const seconds = (3 * work * examples * epochs) / SPEED;
  if (seconds > MOST_SECONDS) {
    fail(
      `${epochs} epochs of ${examples} images with ${sizeOf(model.inputShape)} values would take about ` +
        `${showSeconds(seconds)}: ${cure}, fewer of them (--count), or fewer epochs`,
    );
  }
}
