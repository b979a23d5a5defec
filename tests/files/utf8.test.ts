// Laws of encodeUtf8 and decodeUtf8: with and without the platform's own they give the same.

import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../src/files/utf8.js";

afterEach(() => vi.unstubAllGlobals());

/** Runs `f` where the platform has no coders of its own. */
function alone<T>(f: () => T): T {
  vi.stubGlobal("TextEncoder", undefined);
  vi.stubGlobal("TextDecoder", undefined);
  try {
    return f();
  } finally {
    vi.unstubAllGlobals();
  }
}

/** What a call gives; `undefined` where it throws a TypeError. */
function outcome(f: () => string): string | undefined {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("a", "é", "中", "🙂", "\ud800", "\udc00", "\ufeff") }),
);

describe("without TextEncoder and TextDecoder", () => {
  it("texts have the same bytes", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(alone(() => encodeUtf8(text))).toEqual(encodeUtf8(text));
      }),
    );
  });

  it("bytes have the same text, or are refused alike", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      texts.map((text) => encodeUtf8(text)),
      // Bytes at the edges of what may lead and follow.
      fc
        .array(
          fc.constantFrom(
            0,
            0x41,
            0x7f,
            0x80,
            0x90,
            0x9f,
            0xa0,
            0xbf,
            0xc0,
            0xc1,
            0xc2,
            0xdf,
            0xe0,
            0xed,
            0xef,
            0xf0,
            0xf4,
            0xf5,
            0xf7,
            0xf8,
            0xff,
          ),
          { maxLength: 5 },
        )
        .map((values) => Uint8Array.from(values)),
    );
    fc.assert(
      fc.property(bytes, (bytes) => {
        expect(alone(() => outcome(() => decodeUtf8(bytes)))).toBe(outcome(() => decodeUtf8(bytes)));
      }),
      { numRuns: 5000 },
    );
  });

  it("a text longer than the stack comes back", () => {
    const text = "é🙂".repeat(200_000);
    expect(alone(() => decodeUtf8(encodeUtf8(text)))).toBe(text);
  });
});
