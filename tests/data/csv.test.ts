// Laws of CSV files: every way to write numbers in a table read alike, every doubt refused with its place.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvOptions, readCsv } from "../../src/index.js";
import { expectResultOrRefusal } from "../support/hostile.js";
import { expectRefused } from "../support/refusals.js";

const rowsOf = (text: string | Uint8Array, options?: CsvOptions) => {
  const { columns, data } = readCsv(text, options);
  const [rows, width] = data.shape as [number, number];
  return {
    columns,
    rows: Array.from({ length: rows }, (_, i) => Array.from(data.data.slice(i * width, (i + 1) * width))),
  };
};

describe("readCsv", () => {
  it("reads back any table, with any separator, ends of lines, quotes, spaces and header", () => {
    const tables = fc.integer({ min: 1, max: 4 }).chain((width) =>
      fc.array(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: width, maxLength: width }),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
    );
    const style = fc.record({
      separator: fc.constantFrom(",", ";", "\t"),
      newline: fc.constantFrom("\n", "\r\n"),
      quote: fc.constantFrom("", '"'),
      space: fc.constantFrom("", " "),
      end: fc.constantFrom("", "\n", "\r\n\r\n\n"),
      header: fc.boolean(),
      mark: fc.constantFrom("", "\uFEFF"),
      isBytes: fc.boolean(),
    });
    fc.assert(
      fc.property(
        tables,
        style,
        (table, { separator, newline, quote, space, end, header, mark, isBytes }) => {
          const names = table[0]!.map((_, i) => `column ${i} "ä${separator}${newline}"`);
          const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
          const lines = table.map((row) => row.map((value) => `${quote}${value}${quote}`));
          const all = header ? [quoted, ...lines] : lines;
          const text = mark + all.map((cells) => cells.join(space + separator + space)).join(newline) + end;
          const result = rowsOf(isBytes ? new TextEncoder().encode(text) : text);
          expect(result.columns).toEqual(header ? names.map((name) => name.trim()) : undefined);
          expect(result.rows).toEqual(table.map((row) => row.map((value) => value + 0)));
        },
      ),
    );
  });

  it("reads decimals in every spelling", () => {
    expect(rowsOf("+1,-2.5,.5,5.,1e3,1E-2,-0.25e+1,007").rows).toEqual([
      [1, -2.5, 0.5, 5, 1000, Math.fround(0.01), -2.5, 7],
    ]);
  });

  it("takes the first line for a header when none of its cells is a number, or as told", () => {
    expect(rowsOf(",b\n1,2")).toEqual({ columns: ["", "b"], rows: [[1, 2]] });
    expect(rowsOf("1,2\n3,4").columns).toBeUndefined();
    expect(rowsOf("1,2\n3,4", { header: true })).toEqual({ columns: ["1", "2"], rows: [[3, 4]] });
    expect(rowsOf("label,0\n1,2", { header: true })).toEqual({ columns: ["label", "0"], rows: [[1, 2]] });
    expectRefused(
      () => readCsv("label,0\n1,2"),
      RangeError,
      "readCsv: line 1, column 1 must be a finite number",
    );
    expectRefused(
      () => readCsv("a,b\n1,2", { header: false }),
      RangeError,
      "readCsv: line 1, column 1 must be",
    );
    expectRefused(() => readCsv("a,b\nc,d\n1,2"), RangeError, "readCsv: line 2, column 1 must be");
  });

  it("takes the separator of the first line outside of quotes, tabs before semicolons before commas", () => {
    expect(rowsOf('"a,b";c\n1;2')).toEqual({ columns: ["a,b", "c"], rows: [[1, 2]] });
    expect(rowsOf("a,b\tc;d\n1\t2").columns).toEqual(["a,b", "c;d"]);
    expect(rowsOf("a,b;c\n1,2", { separator: "," }).columns).toEqual(["a", "b;c"]);
  });

  it("reads one column, and one cell", () => {
    expect(rowsOf("x\n1\n2\n")).toEqual({ columns: ["x"], rows: [[1], [2]] });
    expect(rowsOf("5")).toEqual({ columns: undefined, rows: [[5]] });
  });

  it.each<[string, string | Uint8Array, string]>([
    ["nothing", "", "file must hold at least one number"],
    ["empty lines", "\r\n\n", "file must hold at least one number"],
    ["a header alone", "a,b\n", "file must hold at least one line of numbers"],
    [
      "a word",
      "1,2\n3,four\n",
      'line 2, column 2 must be a finite number (decimal, with a point), got "four"',
    ],
    ["an empty cell", "1,2\n,4", 'line 2, column 1 must be a finite number (decimal, with a point), got ""'],
    ["an empty last cell after a tab", "1\t2\n3\t", "line 2, column 2 must be a finite number"],
    ["an empty line between", "1\n\n2", "line 2, column 1 must be a finite number"],
    [
      "a decimal comma",
      "1,5;2\n",
      'line 1, column 1 must be a finite number (decimal, with a point), got "1,5"',
    ],
    ["hexadecimal digits", "1,0x10", "line 1, column 2 must be a finite number"],
    ["NaN", "1,NaN", "line 1, column 2 must be a finite number"],
    ["infinity", "1,Infinity", "line 1, column 2 must be a finite number"],
    [
      "more than float32 holds",
      "1,1e39",
      'line 1, column 2 must be a finite number (decimal, with a point), got "1e39"',
    ],
    ["a line too short", "1,2\n3\n", "line 2 must have 2 cells, as the first line has, got 1"],
    ["a line too long", "a,b\n1,2\n1,2,3\n", "line 3 must have 2 cells, as the first line has, got 3"],
    ["a line too long, after quotes over lines", '"a\n\nb",c\n1,2\n3', "line 5 must have 2 cells"],
    ["a quote without end", '1,2\n3,"4\n5,6', "line 2, column 2 must end its quotes"],
    ["text behind a quote", '1,"2"3', "line 1, column 2 must end its quotes"],
    ["two carriage returns", '"1"\r\r\n2', "line 1, column 1 must end its quotes"],
    ["other bytes than UTF-8", Uint8Array.of(0x31, 0x2c, 0xff), "file must be text in UTF-8"],
  ])("refuses %s", (_, text, start) => {
    expectRefused(() => readCsv(text), RangeError, `readCsv: ${start}`);
  });

  it("refuses wrong kinds", () => {
    expectRefused(() => readCsv(5 as never), TypeError, "readCsv: file must be a text or a Uint8Array");
    expectRefused(() => readCsv("1", { header: 1 as never }), TypeError, "readCsv: header must be true or");
    expectRefused(
      () => readCsv("1", { separator: "|" as never }),
      RangeError,
      "readCsv: separator must be one",
    );
    expectRefused(() => readCsv("1", { sep: "," } as never), TypeError, "readCsv: options must have only");
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    expectRefused(() => readCsv(shared), TypeError, "readCsv: bytes must not lie in shared");
  });

  it("gives a result or refuses whatever the text", async () => {
    const pieces = fc.constantFrom('"', ",", ";", "\t", "\n", "\r", " ", "1", "-2.5", "a", "\uFEFF", "e");
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (text) => {
        await expectResultOrRefusal((bytes) => readCsv(bytes), new TextEncoder().encode(text.join("")));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["quotes", '"'.repeat(1_000_001)],
    ["quoted text without end", `"${"a".repeat(1_000_000)}`],
    ["empty lines between", `1${"\n".repeat(1_000_000)}2`],
    ["separators", `1${",".repeat(1_000_000)}`],
    ["digits", `${"1".repeat(1_000_000)}x`],
  ])("refuses a million %s at once", (_, text) => {
    expectRefused(() => readCsv(text), RangeError, "readCsv: ");
  });
});
