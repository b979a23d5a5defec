// Other runners of grains than the library's: in any order, and by two instances of the binary on one memory.

import { scope } from "../../src/index.js";
import { chooseBinary } from "../../src/wasm/binary.js";
import { type Runner, withRunner } from "../../src/wasm/run.js";
import { chosenBinary, currentRuntime, type Entry, floats } from "../../src/wasm/runtime.js";
import { allocate } from "../../src/wasm/storage.js";
import { uniforms } from "./arbitraries.js";

/** The first items of a job's grains in the order in which they run. */
type Order = (firsts: number[]) => number[];

export const ORDERS: Record<string, Order> = {
  reversed: (firsts) => firsts.reverse(),
  shuffled: (firsts) => {
    const next = uniforms(firsts.length);
    return firsts
      .map((first) => ({ first, place: next() }))
      .sort((a, b) => a.place - b.place)
      .map(({ first }) => first);
  },
};

/** One who runs grains: an instance, with scratch of its own. */
interface Slot {
  readonly entries: readonly Entry[];
  readonly scratch: number;
}

const modules = new Map<string, WebAssembly.Module>();

/** The module of the binary in use, compiled once. */
function moduleOf({ shared }: { shared: boolean }): WebAssembly.Module {
  const { binary } = chosenBinary();
  const name = `${binary}, ${shared}`;
  const module = modules.get(name) ?? chooseBinary(binary === "relaxed").module(shared);
  modules.set(name, module);
  return module;
}

/** Another instance of the binary in use, on the same memory; its scratch holds NaN. */
function anotherSlot(): Slot {
  const { memory, shared, scratch, job, entries } = currentRuntime();
  const { exports } = new WebAssembly.Instance(moduleOf({ shared }), { env: { memory } });
  const { address, length } = allocate((job - scratch) / 4);
  floats.fill(Number.NaN, address / 4, address / 4 + length);
  return {
    entries: (Object.values(exports as object) as Entry[]).slice(0, entries.length),
    scratch: address,
  };
}

/**
 * Calls `f` with jobs cut into grains of about `work` elements.
 *
 * @param order - of the grains of each job
 * @param isShared - whether two instances take turns
 * @returns what `f` returns, and how many grains ran beyond one a job
 */
export function runOtherwise<Result>(
  work: number,
  order: Order,
  isShared: boolean,
  f: () => Result,
): { result: Result; cuts: number } {
  let cuts = 0;
  let result: Result | undefined;
  scope((): undefined => {
    const other = anotherSlot();
    const runner: Runner = (kernel, count, grain) => {
      const { entries, scratch, job } = currentRuntime();
      const slots: Slot[] = isShared ? [{ entries, scratch }, other] : [other];
      const firsts = Array.from({ length: Math.ceil(count / grain) }, (_, i) => i * grain);
      cuts += firsts.length - 1;
      order(firsts).forEach((first, i) => {
        const slot = slots[i % slots.length]!;
        slot.entries[kernel]!(job, first, Math.min(grain, count - first), slot.scratch);
      });
    };
    result = withRunner(runner, work, f);
    return undefined;
  });
  return { result: result as Result, cuts };
}
