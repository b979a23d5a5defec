// Bits back: images on a stack by way of latents that are popped from it, so that these cost their KL term alone.

import { refuseValue } from "../check/check.js";
import type { DiagonalGaussian } from "../distributions/gaussian.js";
import { mapRanges } from "../models/batches.js";
import type { ModelParams } from "../models/model.js";
import type { Vae } from "../models/vae/types.js";
import { adoptArray, checkTensor, sizeOf, type Tensor } from "../tensor/tensor.js";
import { refuseDamage } from "./byteFile.js";
import { latentOf, popPrior, PosteriorCoder, pushPrior } from "./latentBuckets.js";
import { LevelCoder } from "./pixels.js";
import type { SymbolStack } from "./rans.js";

/** The levels of a model's likelihood, and how many logistic distributions are mixed. */
export interface Levels {
  readonly levels: number;
  readonly components: number;
}

/** A model at work on the baseline, whose results both sides share to the last bit. */
export class Networks {
  readonly dimensions: number;
  readonly values: number;
  private readonly coder: LevelCoder;

  constructor(
    private readonly where: string,
    private readonly model: Vae,
    private readonly params: ModelParams,
    private readonly levels: Levels,
    private readonly batchSize: number,
  ) {
    this.dimensions = model.latentSize;
    this.values = sizeOf(model.inputShape);
    this.coder = new LevelCoder(levels.levels, levels.components);
  }

  private checkFinite(what: string, t: Tensor): Float32Array {
    const odd = t.data.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) refuseValue(this.where, "params", `give finite ${what}`, t.data[odd]);
    return t.data;
  }

  /** Checks what a method of the model gives, which may be of the caller's making. */
  private checkRows(method: string, t: unknown, rows: number, numbers: number): void {
    const what = `what model.${method} gives`;
    checkTensor(this.where, what, t);
    if (t.shape[0] !== rows || t.size !== rows * numbers)
      refuseValue(this.where, what, `have ${rows} rows of ${numbers} numbers`, t.shape);
  }

  /** The posteriors of levels `[rows, values]`, latent by latent. */
  posteriors(levels: Uint16Array): (row: number, j: number) => PosteriorCoder {
    const rows = levels.length / this.values;
    const last = this.levels.levels - 1;
    const { mean, logVar } = mapRanges(rows, this.batchSize, (start, end) => {
      const part = Float32Array.from(
        levels.subarray(start * this.values, end * this.values),
        (k) => k / last,
      );
      const images = adoptArray(part, [end - start, ...this.model.inputShape]);
      const posterior = this.model.encode(this.params, images) as Partial<DiagonalGaussian> | undefined;
      for (const t of [posterior?.mean, posterior?.logVar])
        this.checkRows("encode", t, end - start, this.dimensions);
      return posterior as DiagonalGaussian;
    });
    const [means, logVars] = [this.checkFinite("posteriors", mean), this.checkFinite("posteriors", logVar)];
    return (row, j) =>
      new PosteriorCoder(means[row * this.dimensions + j], logVars[row * this.dimensions + j]);
  }

  /** What the decoder gives for buckets `[rows, dimensions]`. */
  outputs(buckets: Uint16Array): Float32Array {
    const rows = buckets.length / this.dimensions;
    const codes = adoptArray(Float32Array.from(buckets, latentOf), [rows, this.dimensions]);
    const outputs = this.model.decoderOutputs(this.params, codes, { batchSize: this.batchSize });
    this.checkRows("decoderOutputs", outputs, rows, this.values * this.coder.numbers);
    return this.checkFinite("outputs", outputs);
  }

  /** Visits the values of a row in order, each with its distribution; or in the opposite order, as they are popped. */
  eachValue(
    outputs: Float32Array,
    row: number,
    isBackwards: boolean,
    visit: (i: number, coder: LevelCoder) => void,
  ) {
    const { values, coder } = this;
    for (let n = 0; n < values; n++) {
      const i = isBackwards ? values - 1 - n : n;
      coder.set(outputs, (row * values + i) * coder.numbers);
      visit(i, coder);
    }
  }
}

/** Blocks that are in step: image t of each, for networks take many at a time. */
export interface InStep {
  readonly stacks: readonly SymbolStack[];
  /** The first image of each, and the one behind its last. */
  readonly ranges: readonly (readonly [start: number, end: number])[];
}

/** The blocks that have an image t, and which it is. */
const blocksAt = ({ ranges }: InStep, t: number) =>
  ranges.flatMap(([start, end], block) => (start + t < end ? [{ block, image: start + t }] : []));

/** Puts every image on the stack of its block: latents popped by the posterior, then values, then latents by the prior. */
export function pushImages(networks: Networks, levels: Uint16Array, inStep: InStep): void {
  const { dimensions, values } = networks;
  const posterior = networks.posteriors(levels);
  const steps = inStep.ranges.reduce((most, [start, end]) => Math.max(most, end - start), 0);
  for (let t = 0; t < steps; t++) {
    const present = blocksAt(inStep, t);
    const buckets = new Uint16Array(present.length * dimensions);
    present.forEach(({ block, image }, row) => {
      for (let j = 0; j < dimensions; j++) {
        buckets[row * dimensions + j] = posterior(image, j).pop(inStep.stacks[block]);
      }
    });
    const outputs = networks.outputs(buckets);
    present.forEach(({ block, image }, row) => {
      const stack = inStep.stacks[block];
      networks.eachValue(outputs, row, false, (i, coder) => coder.push(stack, levels[image * values + i]));
      for (let j = 0; j < dimensions; j++) pushPrior(stack, buckets[row * dimensions + j]);
    });
  }
}

/** The opposite of {@link pushImages}, step by step: gives the levels of all images. */
export function popImages(
  where: string,
  networks: Networks,
  inStep: InStep,
  first: number,
  count: number,
): Uint16Array {
  const { dimensions, values } = networks;
  const levels = new Uint16Array(count * values);
  const steps = inStep.ranges.reduce((most, [start, end]) => Math.max(most, end - start), 0);
  for (let t = steps - 1; t >= 0; t--) {
    const present = blocksAt(inStep, t);
    const buckets = new Uint16Array(present.length * dimensions);
    present.forEach(({ block }, row) => {
      for (let j = dimensions - 1; j >= 0; j--)
        buckets[row * dimensions + j] = popPrior(inStep.stacks[block]);
    });
    const outputs = networks.outputs(buckets);
    const rows = new Uint16Array(present.length * values);
    present.forEach(({ block }, row) => {
      const stack = inStep.stacks[block];
      networks.eachValue(outputs, row, true, (i, coder) => (rows[row * values + i] = coder.pop(stack)));
    });
    const posterior = networks.posteriors(rows);
    present.forEach(({ block, image }, row) => {
      for (let j = dimensions - 1; j >= 0; j--) {
        const [coder, bucket] = [posterior(row, j), buckets[row * dimensions + j]];
        if (!coder.has(bucket))
          refuseDamage(where, "have latents that their images lead to", latentOf(bucket));
        coder.push(inStep.stacks[block], bucket);
      }
      levels.set(rows.subarray(row * values, (row + 1) * values), (image - first) * values);
    });
  }
  for (const stack of inStep.stacks) stack.checkReturned();
  return levels;
}
