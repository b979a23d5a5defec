// Laws of configure({ module }): a compiled module is recognised, runs at any time, and nothing else is taken.

import { describe, expect, it, vi } from "vitest";
import { build } from "../../src/wasm/binaries.js";
import { unpack } from "../../src/wasm/binary.js";
import { unshare } from "../../src/wasm/unshare.js";
import { expectRefused } from "../support/refusals.js";
import { seededFloats } from "../support/seeded.js";
import { configure, runtimeInfo } from "../../src/index.js";

// Node 20 has relaxed SIMD behind a flag, which this switches on.
configure({ relaxedSimd: true });

const MODULES = {
  simd: {
    shared: new WebAssembly.Module(unpack("simd")),
    ordinary: new WebAssembly.Module(unshare(unpack("simd"))),
  },
  relaxed: {
    shared: new WebAssembly.Module(unpack("relaxed")),
    ordinary: new WebAssembly.Module(unshare(unpack("relaxed"))),
  },
};
const CASES = (["simd", "relaxed"] as const).flatMap((name) =>
  (["shared", "ordinary"] as const).map((kind) => ({ name, kind, module: MODULES[name][kind] })),
);

/** A fresh instance of the library on a platform that refuses to compile bytes, as Cloudflare Workers do. */
async function libraryWithoutCompiler() {
  vi.resetModules();
  const library = await import("../../src/index.js");
  return { ...library, compiling: forbidCompiling() };
}

function forbidCompiling() {
  const { Module } = WebAssembly;
  const refuse = () => {
    throw new Error("Wasm code generation disallowed by embedder");
  };
  const Forbidden = Object.assign(
    function Module() {
      refuse();
    },
    { customSections: Module.customSections },
  );
  WebAssembly.Module = Forbidden as unknown as typeof Module;
  return {
    [Symbol.dispose]() {
      WebAssembly.Module = Module;
    },
  };
}

describe("configure › module", () => {
  it.each(CASES)(
    "runs the $name binary for $kind memory where bytes may not be compiled",
    async ({ name, kind, module }) => {
      const { configure, ops, tensor, scope, runtimeInfo, compiling } = await libraryWithoutCompiler();
      using _ = compiling;
      configure({ module });
      expect(runtimeInfo()).toMatchObject({ binary: name, sharedMemory: kind === "shared" });
      const large = tensor(new Float32Array(3_000_000).fill(2));
      // Ordinary memory detaches its views when it grows; results stay.
      const sum = scope(() => {
        const first = ops.add(tensor([1, 2]), 1);
        const second = ops.add(large, large);
        return ops.add(first, ops.slice(second, 0, 2));
      });
      expect([...sum.data]).toEqual([6, 7]);
    },
  );

  it.each(CASES)(
    "takes over to $name for $kind memory in the middle of a scope",
    async ({ name, kind, module }) => {
      vi.resetModules();
      const { configure, ops, tensor, scope, runtimeInfo } = await import("../../src/index.js");
      for (const relaxedSimd of [false, true]) {
        configure({ relaxedSimd });
        const x = tensor(seededFloats(1, 3000));
        const result = scope(() => {
          const half = ops.scale(x, 0.5);
          configure({ module });
          expect(runtimeInfo().binary).toBe(name);
          return ops.add(half, half);
        });
        expect(result.data).toEqual(x.data);
        expect(runtimeInfo().memory.used).toBe(0);
      }
      // The memory changes its kind only where the binary had to be replaced.
      expect(runtimeInfo().sharedMemory).toBe(kind === "shared");
    },
  );

  it("stays until the other binary is asked for", async () => {
    const { configure, runtimeInfo, ops, tensor, compiling } = await libraryWithoutCompiler();
    {
      using _ = compiling;
      configure({ module: MODULES.simd.ordinary });
      configure({ relaxedSimd: "auto" });
      configure({ relaxedSimd: false });
      configure({ maxMemory: 64 << 20 });
      configure({ module: undefined });
      expect(runtimeInfo().binary).toBe("simd");
      expect(() => configure({ relaxedSimd: true })).toThrow(
        /^reparam: WebAssembly must be allowed to compile/,
      );
      expect(runtimeInfo()).toMatchObject({ binary: "simd", memory: { limit: 64 << 20 } });
      expect([...ops.relu(tensor([-1, 1])).data]).toEqual([0, 1]);
    }
    configure({ relaxedSimd: true });
    expect(runtimeInfo().binary).toBe("relaxed");
  });

  const section = (text: string) => {
    const content = [...Buffer.from("\x07reparam"), ...Buffer.from(text)];
    return new WebAssembly.Module(
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, content.length, ...content),
    );
  };

  it.each<[string, unknown]>([
    ["null", null],
    ["a path", "reparam/wasm/simd.wasm"],
    ["bytes", unpack("simd")],
    ["a promise", Promise.resolve(MODULES.simd.shared)],
    ["an instance", new WebAssembly.Instance(section("simd"), {} as never)],
    ["a module with a default export", { default: MODULES.simd.shared }],
    ["a module of another program", new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))],
    ["a module of another version", section("simd 00000000")],
    ["a module without a version", section("simd")],
    ["a module of another name", section(`other ${build}`)],
  ])("refuses %s and changes nothing", (_, module) => {
    const before = runtimeInfo();
    expectRefused(
      () => configure({ module, maxMemory: 16 << 20 } as never),
      TypeError,
      "configure: module must be",
    );
    expect(runtimeInfo()).toEqual(before);
  });

  it.each([
    { relaxedSimd: true, module: MODULES.simd.shared },
    { relaxedSimd: false, module: MODULES.relaxed.shared },
  ])("refuses a module that relaxedSimd: $relaxedSimd does not ask for", (options) => {
    expectRefused(() => configure(options), RangeError, "configure: module must be what relaxedSimd");
  });
});
