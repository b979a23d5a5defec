// Runs kernels on operands that lie in poisoned memory and judges what they touched.

import { expect } from "vitest";
import { currentRuntime, floats, integers } from "../../src/wasm/runtime.js";
import { allocate, closeFrame, openFrame, type Operand } from "../../src/wasm/storage.js";

/** Floats of poison before an operand (at least) and behind it. */
const MARGIN = 37;

/** A NaN that tells where it was put: a copied one is found out as well as an overwritten one. */
const poisonAt = (address: number): number => 0x7fc00000 | (address & 0x3fffff);

/** An array of a kernel's, with poison on both sides. */
interface Placed {
  readonly operand: Operand;
  /** Indices of the first float of margin, of the array, behind it, and behind the margin. */
  readonly bounds: readonly [number, number, number, number];
}

/** Reserves a place for `length` floats, `shift` floats off a cache line, all of it poison. */
function place(length: number, shift: number): Placed {
  const total = MARGIN + shift + length + MARGIN;
  const storage = allocate(total);
  const begin = storage.address / 4;
  for (let at = begin; at < begin + total; at++) integers[at] = poisonAt(at);
  const first = begin + MARGIN + shift;
  return {
    operand: { storage, offset: MARGIN + shift },
    bounds: [begin, first, first + length, begin + total],
  };
}

function expectPoison(from: number, to: number, where: string): void {
  for (let at = from; at < to; at++) {
    if (integers[at] !== poisonAt(at))
      expect.fail(`${where} was written, ${at - from} floats from its begin`);
  }
}

/** A call of a kernel: values of its inputs, lengths of its outputs, and the call itself. */
export interface GuardedCall {
  readonly inputs: readonly ArrayLike<number>[];
  readonly outputs: readonly number[];
  readonly run: (inputs: Operand[], outputs: Operand[]) => void;
  /** Whether the kernel packs into scratch, which is then filled before the call. */
  readonly usesScratch?: boolean;
}

/** Index of the first word in which two stretches of the heap or of arrays differ, or −1. */
function firstDifference(actual: Int32Array, expected: Int32Array): number {
  for (let at = 0; at < expected.length; at++) if (actual[at] !== expected[at]) return at;
  return -1;
}

/** Runs the call with every operand `shift` floats off a cache line, in poison or zeros, which fill scratch too. */
function runAmid(poisoned: boolean, shift: number, { inputs, outputs, run, usesScratch }: GuardedCall) {
  openFrame();
  try {
    const sources = inputs.map((values) => place(values.length, shift));
    const targets = outputs.map((length) => place(length, shift));
    const all = [...sources, ...targets];
    if (!poisoned) for (const { bounds } of all) floats.fill(0, bounds[0], bounds[3]);
    inputs.forEach((values, i) => floats.set(values, sources[i].bounds[1]));
    const copies = sources.map(({ bounds: [, first, end] }) => integers.slice(first, end));
    const { scratch, job } = currentRuntime();
    if (usesScratch) floats.fill(poisoned ? Number.NaN : 0, scratch / 4, job / 4);

    run(
      sources.map(({ operand }) => operand),
      targets.map(({ operand }) => operand),
    );

    copies.forEach((values, i) => {
      const [, first, end] = sources[i].bounds;
      const changed = firstDifference(integers.subarray(first, end), values);
      if (changed >= 0) expect.fail(`input ${i}[${changed}] was changed`);
    });
    if (poisoned) {
      all.forEach(({ bounds: [begin, first, end, last] }, i) => {
        expectPoison(begin, first, `memory before operand ${i}`);
        expectPoison(end, last, `memory behind operand ${i}`);
      });
    }
    return targets.map(({ bounds: [, first, end] }, i) => {
      const output = integers.slice(first, end);
      if (!poisoned) return output;
      const missing = output.findIndex((word, at) => word === poisonAt(first + at));
      if (missing >= 0) expect.fail(`output ${i}[${missing}] was not written`);
      return output;
    });
  } finally {
    closeFrame([]);
  }
}

/**
 * Expects a kernel to write all of its outputs and nothing else, and to take nothing into account but its inputs:
 * the results are the same bits whether its operands lie in zeros or in NaN, on a cache line or beside one.
 *
 * @returns the outputs
 */
export function expectConfined(call: GuardedCall): Float32Array[] {
  const plain = runAmid(false, 0, call);
  for (const shift of [1, 3]) {
    runAmid(true, shift, call).forEach((output, i) => {
      const wrong = firstDifference(output, plain[i]);
      if (wrong >= 0) expect.fail(`output ${i}[${wrong}] depends on what lies around operands or in scratch`);
    });
  }
  return plain.map(({ buffer }) => new Float32Array(buffer));
}
