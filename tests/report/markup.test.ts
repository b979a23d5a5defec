// Markup: what comes from outside stays text, whatever it is.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64 } from "../../src/report/base64.js";
import { escapeText, Markup, markup } from "../../src/report/markup.js";
import { elementsOf, plainText } from "../support/pages.js";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."<>&\"'a;#3 9") }));

describe("escapeText", () => {
  it("gives markup that reads as the same text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."<>&\"'a;#3 9é𝒳\n") }),
        (s) => plainText(escapeText(s)) === s,
      ),
    );
  });

  it("leaves no sign of a tag, an entity or a quote", () => {
    fc.assert(
      fc.property(text, (s) => {
        expect(escapeText(s).replace(/&(amp|lt|gt|quot|#39);/g, "")).not.toMatch(/[<>&"']/);
      }),
    );
  });

  it("replaces what no document may hold", () => {
    expect(escapeText("a\0b\x1bc\ud800d\uffffe\x7f")).toBe("a\ufffdb\ufffdc\ufffdd\ufffde\ufffd");
    expect(escapeText("tab\tline\n𝒳")).toBe("tab\tline\n𝒳");
  });
});

describe("markup", () => {
  it("escapes what is put into it, in text and in attributes", () => {
    fc.assert(
      fc.property(text, (s) => {
        const { text: made } = markup`<p title="${s}">${s}</p>`;
        const [paragraph, ...others] = elementsOf(made);
        expect(others).toEqual([]);
        expect(paragraph!.attributes.title).toBe(plainText(escapeText(s)));
      }),
    );
  });

  it("takes markup as it is, lists one after another, numbers as text, and nothing for undefined", () => {
    const inner = markup`<b>${"&"}</b>`;
    expect(markup`<p>${inner}${[inner, "<", 1.5, undefined]}${undefined}</p>`.text).toBe(
      "<p><b>&amp;</b><b>&amp;</b>&lt;1.5</p>",
    );
    expect(new Markup("<br>").text).toBe("<br>");
  });
});

describe("base64", () => {
  it("is the platform's, for every length", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => base64(bytes) === Buffer.from(bytes).toString("base64"),
      ),
    );
    for (let length = 3070; length < 3080; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + (i >> 3)) & 255);
      expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    }
  });
});
