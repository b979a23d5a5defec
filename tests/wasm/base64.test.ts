// Laws of decodeBase64, against Node's own.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64 } from "../../src/wasm/base64.js";

describe("decodeBase64", () => {
  it("undoes base64, whatever the padding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString("base64"))).toEqual(bytes);
      }),
    );
  });

  it("knows every digit", () => {
    const bytes = Uint8Array.from({ length: 256 * 3 }, (_, i) => (i * 89) >> (i % 5));
    expect(decodeBase64(Buffer.from(bytes).toString("base64"))).toEqual(bytes);
  });
});
