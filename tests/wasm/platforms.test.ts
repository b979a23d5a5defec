// Laws of platforms that lack something: one sentence with the cause and the cure, and importing needs nothing.

import { afterEach, describe, expect, it, vi } from "vitest";
import { isRefusal } from "../../src/check/check.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A fresh instance of the library, imported while globals are as stubbed. */
async function freshLibrary() {
  vi.resetModules();
  return import("../../src/index.js");
}

/** As browsers throw it. */
class CompileError extends Error {
  override readonly name = "CompileError";
}

/** The words of a refusal; fails for any other error. */
function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error.message;
  }
  return "";
}

const { Instance, Memory, Module } = WebAssembly;

/** Whether a module takes shared memory: it cannot be given any other. */
function isShared(bytes: Uint8Array): boolean {
  try {
    const memory = new Memory({ initial: 1, maximum: 65536, shared: false });
    return new Instance(new Module(bytes), { env: { memory } }).exports === undefined;
  } catch {
    return true;
  }
}

const USES: readonly [string, (library: Awaited<ReturnType<typeof freshLibrary>>) => unknown][] = [
  ["an operation", ({ ops, tensor }) => ops.relu(tensor([1]))],
  ["a scope", ({ scope, ops, tensor }) => scope(() => ops.add(tensor([1]), 1))],
  [
    "a gradient",
    ({ grad, ops, tensor }) => grad((x: never) => ops.sum(ops.square(x)))(tensor([1, 2]) as never),
  ],
  ["a draw", ({ random, key }) => random.normal(key(1), [2])],
  ["runtimeInfo", ({ runtimeInfo }) => runtimeInfo()],
  ["a model", ({ lectures, key }) => lectures.denseVae().init(key(1))],
];

describe("without WebAssembly", () => {
  it.each(USES)("%s tells so", async (_, use) => {
    vi.stubGlobal("WebAssembly", undefined);
    const library = await freshLibrary();
    expect(refusalOf(() => use(library))).toMatch(/^reparam: WebAssembly must be there, .*none.*switched on/);
  });

  it("configure tells so", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    const { configure } = await freshLibrary();
    expect(refusalOf(() => configure({ relaxedSimd: true }))).toMatch(/^reparam: WebAssembly must be there/);
    expect(refusalOf(() => configure({ module: {} }))).toMatch(/^reparam: WebAssembly must be there/);
  });

  it("tensors are made and read, and it works as soon as there is WebAssembly", async () => {
    const { WebAssembly } = globalThis;
    vi.stubGlobal("WebAssembly", undefined);
    const { tensor, equals, ops } = await freshLibrary();
    expect(equals(tensor([1, 2]), tensor([1, 2]))).toBe(true);
    expect(() => ops.relu(tensor([1]))).toThrow(/^reparam:/);
    vi.stubGlobal("WebAssembly", WebAssembly);
    expect([...ops.relu(tensor([-1, 1])).data]).toEqual([0, 1]);
  });
});

describe("where WebAssembly may not compile", () => {
  const { Instance, Memory, Module, validate } = WebAssembly;
  const refuse = function () {
    throw new CompileError("disallowed by embedder");
  };
  const platforms = {
    Chromium: { Instance, Memory, Module: refuse, validate },
    // It compiles without leave, and runs nothing.
    WebKit: { Instance: refuse, Memory, Module, validate },
  };
  const cases = Object.keys(platforms).flatMap((name) => USES.map(([use, f]) => [use, name, f] as const));

  it.each(cases)("%s tells the ways out, in %s", async (_, name, use) => {
    const library = await freshLibrary();
    vi.stubGlobal("WebAssembly", platforms[name as keyof typeof platforms]);
    const words = refusalOf(() => use(library));
    expect(words).toMatch(/^reparam: WebAssembly must be allowed to compile/);
    for (const part of [
      "wasm-unsafe-eval",
      "reparam/wasm/simd.wasm",
      "configure({ module",
      "disallowed by embedder",
    ]) {
      expect(words).toContain(part);
    }
  });
});

describe("on the thread of a page that may not wait for compilers", () => {
  const { Instance, Memory, Module, validate } = WebAssembly;
  it.each(["Module", "Instance"])("says that a worker may, where %s is refused", async (refused) => {
    const { ops, tensor } = await freshLibrary();
    vi.stubGlobal("WebAssembly", {
      Instance,
      Memory,
      Module,
      validate,
      [refused]: function () {
        throw new RangeError(
          `WebAssembly.${refused} is disallowed on the main thread, if the buffer is large`,
        );
      },
    });
    expect(refusalOf(() => ops.relu(tensor([1])))).toMatch(/^reparam: WebAssembly .*run in a Web Worker/);
  });
});

describe("where only isolated pages compile what takes shared memory", () => {
  it.each(USES)("%s runs on ordinary memory", async (_, use) => {
    const { Instance, Memory, Module, validate } = WebAssembly;
    const library = await freshLibrary();
    vi.stubGlobal("WebAssembly", {
      Instance,
      Memory,
      validate: (bytes: Uint8Array) => validate(bytes) && !isShared(bytes),
      Module: function (bytes: Uint8Array) {
        if (isShared(bytes)) throw new CompileError("invalid memory limits flags 0x3");
        return new Module(bytes);
      },
    });
    use(library);
    vi.unstubAllGlobals();
    expect(library.runtimeInfo().sharedMemory).toBe(false);
  });
});

describe("without SIMD", () => {
  it.each(USES)("%s names the versions that have it", async (_, use) => {
    const library = await freshLibrary();
    vi.stubGlobal("WebAssembly", {
      validate: () => false,
      Memory: WebAssembly.Memory,
      Module: function Module() {
        throw new CompileError("invalid opcode 0xfd");
      },
    });
    expect(refusalOf(() => use(library))).toMatch(
      /^reparam: WebAssembly must have SIMD, .*Safari 16\.4.*invalid opcode/,
    );
  });
});

describe("without relaxed SIMD", () => {
  const { Module, Instance, Memory, validate } = WebAssembly;
  const stub = () =>
    vi.stubGlobal("WebAssembly", {
      Module,
      Instance,
      Memory,
      validate: vi.fn<typeof validate>().mockReturnValue(false),
    });

  it("the baseline runs, and relaxedSimd: true tells what would help", async () => {
    stub();
    const { configure, runtimeInfo } = await freshLibrary();
    const words = refusalOf(() => configure({ relaxedSimd: true }));
    expect(words).toMatch(/^configure: relaxedSimd: true must find relaxed SIMD/);
    expect(words).toContain("--experimental-wasm-relaxed-simd");
    expect(runtimeInfo().binary).toBe("simd");
  });
});

describe("where memory is refused", () => {
  it("an operation tells both reasons", async () => {
    const library = await freshLibrary();
    const { Module, Instance, validate } = WebAssembly;
    const Memory = function Memory({ shared }: { shared: boolean }) {
      throw new RangeError(shared ? "nothing shared" : "nothing left");
    };
    vi.stubGlobal("WebAssembly", { Module, Instance, validate, Memory });
    const words = refusalOf(() => library.ops.relu(library.tensor([1])));
    expect(words).toMatch(/^reparam: WebAssembly must be given memory.*nothing shared.*nothing left/);
  });
});

const OFTEN_ABSENT = [
  "TextEncoder",
  "TextDecoder",
  "atob",
  "btoa",
  "performance",
  "setTimeout",
  "setImmediate",
  "queueMicrotask",
  "MessageChannel",
  "crypto",
  "structuredClone",
  "FinalizationRegistry",
  "WeakRef",
  "SharedArrayBuffer",
  "DecompressionStream",
  "AbortController",
  "Buffer",
  "console",
];

describe("a platform as bare as a worklet", () => {
  it.each([...OFTEN_ABSENT.map((name) => [name]), OFTEN_ABSENT])(
    "without %s … trains, saves and loads",
    async (...names) => {
      vi.resetModules();
      const library = await import("../../src/index.js");
      for (const name of names) vi.stubGlobal(name, undefined);
      const { lectures, random, key, fit, adam, saveModel, loadModel, equals } = library;
      const images = random.uniform(key(1), [8, 784]);
      const model = lectures.denseVae({ latentSize: 2 });
      const { params } = await fit(model, images, {
        epochs: 2,
        batchSize: 4,
        key: key(2),
        optimizer: adam(),
      });
      const loaded = loadModel(saveModel(model, params));
      const [before, after] = [
        model.reconstruct(params, images),
        loaded.model.reconstruct(loaded.params, images),
      ];
      vi.unstubAllGlobals();
      expect(equals(before, after)).toBe(true);
    },
  );
});
