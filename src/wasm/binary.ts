// Which binary runs, and how its module comes about: compiled from the inlined bytes, or handed over ready-made.

import { build, packed, sizes, unpacker } from "./binaries.js";
import { refuseKind, refuseUse } from "../check/check.js";
import { decodeBase64 } from "./base64.js";
import { unshare } from "./unshare.js";

/** `"relaxed"`: with fused multiply-add where the processor has it; `"simd"`: the baseline. */
export type BinaryName = "simd" | "relaxed";

/** `WebAssembly.Module` where the program's types know it; any object where they do not. */
export type CompiledModule = object &
  (typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : unknown);

/** A binary that can be run. */
export interface Binary {
  readonly name: BinaryName;
  /** Its module for shared or ordinary memory; one that was handed over takes the kind that it takes. */
  module(isShared: boolean): CompiledModule;
}

/** The custom section in which the build says what a binary is. */
const STAMP = "reparam";

const COMPILED_ELSEWHERE =
  'import a compiled module and hand it over: import wasm from "reparam/wasm/simd.wasm"; configure({ module: wasm })';

/** Refuses a platform that has no WebAssembly, which a plain ReferenceError would not explain. */
export function checkPlatform(): void {
  if (typeof WebAssembly === "object" && typeof WebAssembly.Module === "function") return;
  refuseUse(
    "reparam",
    "WebAssembly must be there, and this platform has none: run where it is switched on (Node's --jitless and the " +
      "lockdown modes of browsers switch it off)",
  );
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

/** A binary to be compiled from the inlined bytes, as `relaxedSimd` of `configure` wishes. */
export function chooseBinary(wish: boolean | "auto"): Binary {
  checkPlatform();
  return inlined(nameFor(wish));
}

/** A module of one function: unreachable, f32x4.relaxed_madd, drop, end. */
const RELAXED = "AGFzbQEAAAABBAFgAAADAgEACgkBBwAA/YUCGgs=";

function nameFor(wish: boolean | "auto"): BinaryName {
  if (wish === false) return "simd";
  const probe = decodeBase64(RELAXED);
  if (WebAssembly.validate(probe)) return "relaxed";
  if (wish === "auto") return "simd";
  switchFlagOn();
  if (WebAssembly.validate(probe)) return "relaxed";
  return refuseUse(
    "configure",
    "relaxedSimd: true must find relaxed SIMD in this runtime, which has none (Node 20 before 20.16: start it with " +
      "--experimental-wasm-relaxed-simd; elsewhere a newer runtime has it, and relaxedSimd: false runs everywhere)",
  );
}

/** The bytes of a binary, for shared memory. */
export function unpack(name: BinaryName): Uint8Array {
  // Of the stream as much as is needed: the baseline comes first.
  const [from, to] = name === "simd" ? [0, sizes.simd] : [sizes.simd, sizes.simd + sizes.relaxed];
  const exports = instantiate(compile(decodeBase64(unpacker)));
  const { memory, unpack, unpackedAt } = exports as Unpacker;
  new Uint8Array(memory.buffer).set(decodeBase64(packed));
  unpack(to);
  return new Uint8Array(memory.buffer, unpackedAt()).slice(from, to);
}

/** What assembly/packing/unpack.ts exports. */
interface Unpacker {
  readonly memory: WebAssembly.Memory;
  unpack(length: number): void;
  unpackedAt(): number;
}

function compile(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    return refuseToCompile(bytes, error);
  }
}

/** @internal What an instance exports. WebKit asks the page's policy only here, not when it compiles. */
export function instantiate(module: WebAssembly.Module, memory?: WebAssembly.Memory): unknown {
  try {
    return new WebAssembly.Instance(module, memory && { env: { memory } }).exports;
  } catch (error) {
    if (isOfMainThread(error)) refuseOnMainThread(error);
    if (error instanceof Error && error.name === "CompileError") refuseToRun(error);
    throw error;
  }
}

/** Compiled modules, so that whoever goes back and forth between the binaries compiles each once. */
const known = new Map<string, WebAssembly.Module>();

function inlined(name: BinaryName): Binary {
  const module = (isShared: boolean): WebAssembly.Module => {
    const kind = `${name} ${isShared}`;
    const present = known.get(kind);
    if (present !== undefined) return present;
    const bytes = unpack(name);
    const made = compile(isShared ? bytes : unshare(bytes));
    known.set(kind, made);
    return made;
  };
  return { name, module };
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** Whether Chromium refuses because this is the thread of a page; above 4 KB of code it did until Chrome 115. */
function isOfMainThread(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("main thread");
}

function refuseOnMainThread(error: unknown): never {
  refuseUse(
    "reparam",
    "WebAssembly must be compiled where it may be waited for, and in this browser that is not the page's own thread: " +
      `run in a Web Worker, or in Chrome or Edge 115 (${reasonOf(error)})`,
  );
}

/** Tells why the kernels cannot be compiled: no SIMD, no leave to, or not on this thread. */
function refuseToCompile(bytes: Uint8Array, error: unknown): never {
  if (isOfMainThread(error)) refuseOnMainThread(error);
  if (WebAssembly.validate(bytes)) refuseToRun(error);
  refuseUse(
    "reparam",
    "WebAssembly must have SIMD, and that of this platform has none: run in Chrome or Edge 93, Firefox 92, Safari " +
      `16.4, Node 20 or newer, with SIMD switched on (${reasonOf(error)})`,
  );
}

/** Tells that a platform gives no leave to make code of bytes, and the ways out. */
function refuseToRun(error: unknown): never {
  refuseUse(
    "reparam",
    "WebAssembly must be allowed to compile, and this platform forbids it: add 'wasm-unsafe-eval' to script-src of the " +
      `page's Content-Security-Policy, or (Cloudflare Workers) ${COMPILED_ELSEWHERE} (${reasonOf(error)})`,
  );
}

/** Whether a value is a compiled module, also one of another realm. */
function isModule(value: unknown): value is WebAssembly.Module {
  return Object.prototype.toString.call(value) === "[object WebAssembly.Module]";
}

/** A binary that the user has compiled or imported; anything but the two of this very build is refused. */
export function adoptModule(module: unknown): Binary {
  checkPlatform();
  const rule = 'be the compiled module (WebAssembly.Module) of "reparam/wasm/simd.wasm" or "…/relaxed.wasm"';
  if (!isModule(module)) refuseKind("configure", "module", rule, module);
  const [stamp] = WebAssembly.Module.customSections(module, STAMP);
  if (stamp === undefined) refuseKind("configure", "module", rule, "another module");
  const [name, version] = String.fromCharCode(...new Uint8Array(stamp)).split(" ");
  if (version !== build || (name !== "simd" && name !== "relaxed")) {
    refuseKind("configure", "module", `${rule}, of the same version of reparam`, "that of another version");
  }
  return { name, module: () => module };
}
