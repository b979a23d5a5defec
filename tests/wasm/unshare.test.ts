// Laws of unshare, on the binaries that the library ships.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { unpack } from "../../src/wasm/binary.js";
import { unshare } from "../../src/wasm/unshare.js";

const pages = { initial: 16, maximum: 65536 };

describe.each([
  { name: "simd", binary: unpack("simd") },
  { name: "relaxed", binary: unpack("relaxed") },
])("unshare › $name", ({ name, binary }) => {
  it("clears one bit of one byte and leaves its argument alone", () => {
    const original = Uint8Array.from(binary);
    const copy = unshare(binary);
    expect(binary).toEqual(original);
    const changed = [...copy.keys()].filter((index) => copy[index] !== binary[index]);
    expect(changed).toHaveLength(1);
    expect(binary[changed[0]!]! - copy[changed[0]!]!).toBe(2);
  });

  it("makes what the package offers as a file", () => {
    const file = readFileSync(new URL(`../../dist/wasm/${name}.wasm`, import.meta.url));
    expect(unshare(binary)).toEqual(Uint8Array.from(file));
  });

  // Without its instructions (relaxed SIMD on Node 20) the runtime accepts neither form.
  it.runIf(name === "simd" || WebAssembly.validate(binary))("makes the module accept ordinary memory", () => {
    const instantiate = (bytes: Uint8Array, shared: boolean) =>
      new WebAssembly.Instance(new WebAssembly.Module(bytes), {
        env: { memory: new WebAssembly.Memory({ ...pages, shared }) },
      });
    expect(() => instantiate(binary, false)).toThrow(/shared/);
    expect(() => instantiate(unshare(binary), true)).toThrow(/shared/);
    expect(instantiate(binary, true).exports).toBeTypeOf("object");
    expect(instantiate(unshare(binary), false).exports).toBeTypeOf("object");
  });
});

describe("unshare", () => {
  it.each([
    { what: "is empty", bytes: [] },
    { what: "imports a function first", bytes: [1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0] },
  ])("refuses a module that $what", ({ bytes }) => {
    const binary = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes);
    expect(WebAssembly.validate(binary)).toBe(true);
    expect(() => unshare(binary)).toThrow(TypeError);
  });
});
