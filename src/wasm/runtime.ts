// Loads a binary at first use and owns the memory's ends: where it begins, how far it may grow. What lies
// between is the heap's business.

import { checkBoolean, checkInteger, checkOptions, refuseUse } from "../check.js";
import { relaxed as relaxedBase64, simd as simdBase64 } from "./binaries.js";
import type { KernelExports } from "./exports.js";
import { unshare } from "./unshare.js";

const PAGE = 65536;
const MAX_PAGES = 65536;

/** Bytes that the blocked products and convolutions pack into; it does not grow with anything. */
export const SCRATCH_BYTES = 4 << 20;
/** Bytes for the records of integers that some kernels read. */
const RECORD_BYTES = 4096;

/** Which binary to run and how far the memory may grow. */
export interface Configuration {
  /**
   * `"auto"` (default): the relaxed-SIMD binary where the runtime offers it. `false`: always the baseline binary,
   * whose results are the same bits on every machine. `true`: the relaxed binary, an error where it cannot be
   * had; on Node 20 this switches V8's flag `--experimental-wasm-relaxed-simd` on for the whole process.
   */
  readonly relaxedSimd?: boolean | "auto";
  /** Most bytes that the WASM memory may take (default and maximum 4 GiB). */
  readonly maxMemory?: number;
}

/** @internal */
interface Runtime {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** First address of scratch, of the records, of the heap. */
  readonly scratch: number;
  readonly records: number;
  readonly heap: number;
}

let relaxedSimd: boolean | "auto" = "auto";
let maxBytes = MAX_PAGES * PAGE;
let runtime: Runtime | undefined;
let kernels: KernelExports | undefined;
let binary: "simd" | "relaxed" = "simd";

/** Views of the whole memory, renewed when it has grown. */
export let floats: Float32Array<ArrayBufferLike> = new Float32Array(0);
export let integers: Int32Array<ArrayBufferLike> = new Int32Array(0);

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Node 20 knows relaxed SIMD behind a flag, which V8 reads when it compiles the next module. */
function switchFlagOn(): void {
  const node = (
    globalThis as {
      process?: { getBuiltinModule?(name: string): { setFlagsFromString?(flag: string): void } | undefined };
    }
  ).process;
  try {
    node?.getBuiltinModule?.("node:v8")?.setFlagsFromString?.("--experimental-wasm-relaxed-simd");
  } catch {
    // A runtime without that flag either has relaxed SIMD already or never will.
  }
}

function choose(wish: boolean | "auto"): "simd" | "relaxed" {
  if (wish === false) return "simd";
  const bytes = decode(relaxedBase64);
  if (WebAssembly.validate(bytes)) return "relaxed";
  if (wish === "auto") return "simd";
  switchFlagOn();
  if (WebAssembly.validate(bytes)) return "relaxed";
  return refuseUse("configure", "relaxedSimd: true must find relaxed SIMD in this runtime, which has none");
}

function createMemory(): [WebAssembly.Memory, boolean] {
  try {
    return [new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true }), true];
  } catch {
    return [new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES }), false];
  }
}

function instantiate(name: "simd" | "relaxed", memory: WebAssembly.Memory, shared: boolean): KernelExports {
  const bytes = decode(name === "simd" ? simdBase64 : relaxedBase64);
  const module = new WebAssembly.Module(shared ? bytes : unshare(bytes));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
}

function start(): Runtime {
  const name = choose(relaxedSimd);
  const [memory, shared] = createMemory();
  const exports = instantiate(name, memory, shared);
  const scratch = Math.ceil(exports.heapBase() / 64) * 64;
  const records = scratch + SCRATCH_BYTES;
  const heap = records + RECORD_BYTES;
  memory.grow(Math.ceil(heap / PAGE) - memory.buffer.byteLength / PAGE);
  kernels = exports;
  binary = name;
  runtime = { memory, shared, scratch, records, heap };
  renewViews();
  return runtime;
}

/** @internal The running instance; the first call compiles it. */
export function currentRuntime(): Runtime {
  return runtime ?? start();
}

/** The kernels of the chosen binary. */
export function currentKernels(): KernelExports {
  if (kernels === undefined) start();
  return kernels as KernelExports;
}

/** Every buffer object that the memory has shown itself as. */
const ownBuffers = new WeakSet<object>();

/** Whether a buffer is the library's own memory. */
export function isOwnBuffer(buffer: ArrayBufferLike): boolean {
  return ownBuffers.has(buffer);
}

function renewViews(): void {
  const { buffer } = (runtime as Runtime).memory;
  ownBuffers.add(buffer);
  floats = new Float32Array(buffer);
  integers = new Int32Array(buffer);
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
export function chosenBinary(): { binary: "simd" | "relaxed"; shared: boolean } {
  const { shared } = currentRuntime();
  return { binary, shared };
}

/**
 * Chooses the binary and limits the memory. It may be called at any time, also between two operations: kernels
 * keep nothing, so another binary can take over the same memory.
 *
 * @param options.relaxedSimd - `"auto"`, `true` or `false`, see {@link Configuration}
 * @param options.maxMemory - bytes, at least 8 MiB and at most 4 GiB
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when `maxMemory` is out of range
 * @throws {Error} when `relaxedSimd` is `true` and the runtime has no relaxed SIMD
 * @example
 * configure({ relaxedSimd: false }); // the same bits on every machine
 */
export function configure(options: Configuration): void {
  checkOptions("configure", options, ["relaxedSimd", "maxMemory"]);
  const { relaxedSimd: wish = relaxedSimd, maxMemory = maxBytes } = options;
  if (wish !== "auto") checkBoolean("configure", "relaxedSimd", wish);
  checkInteger("configure", "maxMemory", maxMemory, 8 << 20, MAX_PAGES * PAGE);
  const name = choose(wish);
  if (runtime !== undefined && name !== binary) {
    kernels = instantiate(name, runtime.memory, runtime.shared);
    binary = name;
  }
  relaxedSimd = wish;
  maxBytes = maxMemory;
}
