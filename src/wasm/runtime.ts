// Loads a binary at first use and owns the memory's ends: where it begins, how far it may grow. What lies
// between is the heap's business.

import {
  adoptModule,
  type Binary,
  type BinaryName,
  chooseBinary,
  type CompiledModule,
  instantiate,
} from "./binary.js";
import { isRefusal, refuseMemory, refuseUse, refuseValue } from "../check/check.js";

const PAGE = 65536;
const MAX_PAGES = 65536;
/** Most bytes that 32-bit addresses reach. */
export const MOST_MEMORY = PAGE * MAX_PAGES;

/** What a binary exports for the making of its memory; the entries of its kernels stand behind. */
interface Exports {
  argumentBytes(): number;
  heapBase(): number;
  jobBytes(): number;
  scratchBytes(): number;
}

/** How many these are. */
const MEMORY_EXPORTS = 4;

/** @internal Runs items [first, first + count) of the job at that address. */
export type Entry = (job: number, first: number, count: number, scratch: number) => void;

/** @internal */
interface Runtime {
  /** The compiled binary. */
  readonly module: CompiledModule;
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** First address of scratch, of the job, of the heap. */
  readonly scratch: number;
  readonly job: number;
  /** Bytes of scratch. */
  readonly scratchBytes: number;
  /** Bytes of a job before its results. */
  readonly argumentBytes: number;
  readonly heap: number;
  /** The kernels by number. */
  readonly entries: readonly Entry[];
}

let relaxedSimd: boolean | "auto" = "auto";
let maxBytes = MOST_MEMORY;
/** The module that the user has handed over; without one a binary is chosen at first use. */
let given: Binary | undefined;
let runtime: Runtime | undefined;
let running: BinaryName = "simd";

/** Views of the whole memory, renewed when it has grown. */
export let floats: Float32Array = new Float32Array(0);
export let integers: Int32Array = new Int32Array(0);
export let doubles: Float64Array = new Float64Array(0);

interface Loaded {
  readonly module: CompiledModule;
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
}

/** The memory in use if it is of that kind; else a new one with what that holds. */
function memoryOf(shared: boolean): WebAssembly.Memory {
  if (runtime?.shared === shared) return runtime.memory;
  const initial = runtime === undefined ? 1 : runtime.memory.buffer.byteLength / PAGE;
  const memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared });
  if (runtime !== undefined) new Float32Array(memory.buffer).set(floats);
  return memory;
}

/** Runs a binary on the memory in use, or on the other kind where the platform or the module takes only that. */
function load(binary: Binary): Loaded {
  // Views of shared memory survive its growth, so it comes first.
  const first = runtime?.shared ?? true;
  const reasons: string[] = [];
  let refusal: unknown;
  for (const shared of [first, !first]) {
    try {
      const module = binary.module(shared);
      const memory = memoryOf(shared);
      return { module, exports: instantiate(module, memory) as Exports, memory, shared };
    } catch (error) {
      // Not the last word: browsers of 2021 compile what takes shared memory in isolated pages alone.
      if (isRefusal(error)) refusal = error;
      else reasons.push(String(error));
    }
  }
  if (refusal !== undefined) throw refusal;
  return refuseUse(
    "reparam",
    `WebAssembly must be given memory, and this platform refuses it (${reasons.join("; ")})`,
  );
}

/** The entries, which the build has made the first exports, in order. */
function entriesOf(exports: Exports): Entry[] {
  return Object.values(exports).slice(0, -MEMORY_EXPORTS);
}

function start(): Runtime {
  const binary = given ?? chooseBinary(relaxedSimd);
  const { module, exports, memory, shared } = load(binary);
  const scratchBytes = exports.scratchBytes();
  const scratch = Math.ceil(exports.heapBase() / 64) * 64;
  const job = scratch + scratchBytes;
  const heap = job + exports.jobBytes();
  try {
    memory.grow(Math.ceil(heap / PAGE) - memory.buffer.byteLength / PAGE);
  } catch {
    refuseMemory(heap, 0, maxBytes);
  }
  running = binary.name;
  const argumentBytes = exports.argumentBytes();
  const entries = entriesOf(exports);
  runtime = { module, memory, shared, scratch, scratchBytes, job, argumentBytes, heap, entries };
  renewViews();
  return runtime;
}

/** Lets another binary take over: kernels keep nothing but what is in memory. */
function replaceKernels(binary: Binary, present: Runtime): void {
  const { module, exports, memory, shared } = load(binary);
  running = binary.name;
  runtime = { ...present, module, memory, shared, entries: entriesOf(exports) };
  renewViews();
}

/** @internal The running instance; the first call compiles it. */
export function currentRuntime(): Runtime {
  return runtime ?? start();
}

/** Every buffer object that the memory has shown itself as. */
const ownBuffers = new WeakSet<object>();

/** Whether a buffer is the library's memory. */
export function isOwnBuffer(buffer: ArrayBufferLike): boolean {
  return ownBuffers.has(buffer);
}

function renewViews(): void {
  const { buffer } = (runtime as Runtime).memory;
  ownBuffers.add(buffer);
  floats = new Float32Array(buffer);
  integers = new Int32Array(buffer);
  doubles = new Float64Array(buffer);
}

/** Grows the memory so that it ends at or behind `end`; false where the limit or the platform forbids it. */
export function growTo(end: number): boolean {
  const { memory } = currentRuntime();
  const pages = Math.ceil(end / PAGE);
  const present = memory.buffer.byteLength / PAGE;
  if (pages <= present) return true;
  if (pages > MAX_PAGES || pages * PAGE > maxBytes) return false;
  // A quarter more than asked for, so that a growing program grows rarely; less if that is refused.
  const generous = Math.min(
    Math.floor(maxBytes / PAGE),
    MAX_PAGES,
    Math.max(pages, Math.ceil(present * 1.25)),
  );
  for (const wanted of [generous, pages]) {
    try {
      memory.grow(wanted - present);
      renewViews();
      return true;
    } catch {
      // The platform has less to give; try the next, smaller wish.
    }
  }
  return false;
}

/** Bytes of the memory as it is, and the most it may become. */
export function memoryBytes(): { present: number; limit: number } {
  return { present: currentRuntime().memory.buffer.byteLength, limit: maxBytes };
}

/** The most bytes that the memory may become; asking starts nothing. */
export const memoryLimit = (): number => maxBytes;

/** The binary in use, and whether the memory is shared. */
export function chosenBinary(): { binary: BinaryName; shared: boolean } {
  const { shared } = currentRuntime();
  return { binary: running, shared };
}

/**
 * Chooses the binary and the most bytes of memory, for `configure`.
 *
 * @returns whether another binary has taken over
 */
export function chooseRuntime(
  wish: boolean | "auto" | undefined,
  module: CompiledModule | undefined,
  maxMemory: number,
): boolean {
  const next = module === undefined ? givenIf(wish) : adoptModule(module);
  if (next !== undefined && !agrees(next, wish)) {
    refuseValue("configure", "module", `be what relaxedSimd: ${wish} asks for`, `the ${next.name} binary`);
  }
  const binary = next ?? (wish === undefined ? undefined : chooseBinary(wish));
  const isAnother = binary !== undefined && runtime !== undefined && binary.name !== running;
  if (isAnother) replaceKernels(binary, runtime as Runtime);
  if (wish !== undefined || module !== undefined) given = next;
  relaxedSimd = wish ?? relaxedSimd;
  maxBytes = maxMemory;
  return isAnother;
}

/**
 * Runs f on the baseline binary, whichever is configured: what programs on several machines must agree on to the last
 * bit.
 */
export function onBaseline<Result>(f: () => Result): Result {
  const before = currentRuntime();
  if (running === "simd") return f();
  const binary = given ?? chooseBinary(true);
  replaceKernels(chooseBinary(false), before);
  try {
    return f();
  } finally {
    replaceKernels(binary, currentRuntime());
  }
}

const agrees = ({ name }: Binary, wish: boolean | "auto" | undefined): boolean =>
  typeof wish !== "boolean" || wish === (name === "relaxed");

/** The module that the user handed over before, unless another binary is wished for. */
function givenIf(wish: boolean | "auto" | undefined): Binary | undefined {
  return given !== undefined && agrees(given, wish) ? given : undefined;
}
