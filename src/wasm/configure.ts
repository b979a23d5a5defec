// What users may ask of the runtime: the binary, the memory, the threads.

import { chooseRuntime, memoryLimit, MOST_MEMORY } from "./runtime.js";
import { checkBoolean, checkInteger, checkOptions, refuseKind } from "../check/check.js";
import type { CompiledModule } from "./binary.js";
import { wishWinograd } from "./winograd.js";
import { disband, wishThreads } from "./threads/team.js";

/** Which binary to run, how far the memory may grow, and how many threads share the work. */
export interface Configuration {
  /**
   * `"auto"` (default): the relaxed-SIMD binary where the runtime offers it. `false`: always the baseline binary,
   * whose results are the same bits on every machine. `true`: the relaxed binary, an error where it cannot be
   * had; on Node 20.16 and later 20 this switches V8's flag `--experimental-wasm-relaxed-simd` on for the whole
   * process.
   */
  readonly relaxedSimd?: boolean | "auto" | undefined;
  /**
   * A compiled module to run instead of the inlined bytes, for platforms that forbid compiling bytes: what
   * `import wasm from "reparam/wasm/simd.wasm"` (or `relaxed.wasm`) gives on Cloudflare Workers.
   */
  readonly module?: CompiledModule | undefined;
  /** Most bytes that the WASM memory may take (default and maximum 4 GiB). */
  readonly maxMemory?: number | undefined;
  /**
   * How many threads share the work of large operations: `"auto"` (default) is all cores up to 8, but one thread in a
   * worker, where siblings may want the other cores. The number never changes a bit of the results. Workers start at
   * the first operation that is worth it, never keep the process alive, and end with `threads: 1`. Where there can be
   * none, {@link runtimeInfo} says why.
   */
  readonly threads?: number | "auto" | undefined;
  /**
   * `true` (default): convolutions of 3×3 at stride 1 with many channels take Winograd's filtering, whose float32
   * results are a little nearer to the exact ones. `false`: all convolutions add up their products directly.
   */
  readonly winograd?: boolean | undefined;
  /**
   * URL of the file `reparam/worker.js`, for pages whose Content-Security-Policy forbids workers made from text
   * (`worker-src` without `blob:`). `""` goes back to the text.
   */
  readonly workerUrl?: string | { readonly href: string } | undefined;
}

/** More would wait for each other longer than they work. */
const MOST_THREADS = 64;

/**
 * Chooses the binary, limits the memory, and says how many threads share the work. It may be called at any time, also between two operations: kernels
 * keep nothing, so another binary can take over. A module that takes another kind of memory than the one in use
 * (shared or not) moves all there is to a new one.
 *
 * @param options.relaxedSimd - `"auto"`, `true` or `false`, see {@link Configuration}
 * @param options.module - the compiled module of `reparam/wasm/simd.wasm` or `relaxed.wasm`; it stays until
 *   `relaxedSimd` asks for the other binary
 * @param options.maxMemory - bytes, at least 8 MiB and at most 4 GiB
 * @param options.threads - `"auto"`, or an integer from 1 to 64
 * @param options.winograd - whether 3×3 convolutions may take Winograd's filtering
 * @param options.workerUrl - where `reparam/worker.js` is served
 * @throws {TypeError} when an option is unknown or of the wrong kind, or the module is another one
 * @throws {RangeError} when `maxMemory` or `threads` is out of range, or `module` is not what `relaxedSimd` asks for
 * @throws {Error} when `relaxedSimd` is `true` and the runtime has no relaxed SIMD
 * @example
 * configure({ relaxedSimd: false }); // the same bits on every machine
 * configure({ threads: 1 }); // leave the other cores to others
 */
export function configure(options: Configuration): void {
  checkOptions("configure", options, [
    "relaxedSimd",
    "module",
    "maxMemory",
    "threads",
    "workerUrl",
    "winograd",
  ]);
  const { relaxedSimd, module, maxMemory = memoryLimit(), threads, workerUrl, winograd } = options;
  if (relaxedSimd !== undefined && relaxedSimd !== "auto") {
    checkBoolean("configure", "relaxedSimd", relaxedSimd);
  }
  checkInteger("configure", "maxMemory", maxMemory, 8 << 20, MOST_MEMORY);
  if (threads !== undefined && threads !== "auto") {
    checkInteger("configure", "threads", threads, 1, MOST_THREADS);
  }
  const url = typeof workerUrl === "object" ? workerUrl?.href : workerUrl;
  if (workerUrl !== undefined && typeof url !== "string") {
    refuseKind("configure", "workerUrl", "be a URL", workerUrl);
  }
  if (winograd !== undefined) checkBoolean("configure", "winograd", winograd);
  const isAnother = chooseRuntime(relaxedSimd, module, maxMemory);
  if (threads !== undefined || workerUrl !== undefined) wishThreads(threads, url);
  else if (isAnother) disband();
  if (winograd !== undefined) wishWinograd(winograd);
}
