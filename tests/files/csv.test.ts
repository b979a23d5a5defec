// Laws of CSV files: every way to write numbers in a table read alike, every doubt refused with its place.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvOptions, readCsv } from "../../src/data/index.js";
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

  it.each([
    "nan,nan",
    "NaN,1",
    "NA,NA",
    "N/A,n/a",
    "n.a.,#N/A",
    "null,NULL",
    "none,None",
    "nil,missing",
    "?,?",
    "??,?",
    ",",
    '"",""',
    " , ",
    "-,-",
    "--,.",
    "inf,-inf",
    "Infinity,+Infinity",
    "-nan(ind),1.#IND",
    "<NA>,(null)",
    "\\N,\\N",
    "#DIV/0!,#VALUE!",
    "10%,20%",
    "5 %,7",
    "$5,$6",
    "US$5,€ 3",
    "3 €,(5)",
    "EUR 5,USD 6.50",
    "2024-01-02,2024-01-03",
    "01/02/2024,x",
    "1.2.2024,y",
    "12:30,z",
    "2024-01-02T10:00:00Z,a",
    "5 Jan 2024,b",
    "Jan 5 2024,c",
    "Mon 5 Jan,d",
    "1 234,a",
    "1'234,b",
    "1_000,c",
    "0x10,d",
    "1e5x,2",
    "5kg,7kg",
    "3 mm,a",
    "10ms,b",
    "1st,2nd",
    "true,false",
    "TRUE,x",
    "<5,>7",
    "~3,a",
    "1+2j,b",
    "x,NA",
    "x,",
    "a,,",
    "1/2,b",
    "１２,b",
    "nan,x",
    "NaT,x",
    "∞,-∞",
    "*,*",
  ])("takes no first line of values for a header: %s", (line) => {
    const at = line.split(",").findIndex((cell) => !/^\d+$/.test(cell)) + 1;
    const width = line.split(",").length;
    const zeros = Array<string>(width).fill("0").join();
    const place = (row: number) =>
      `readCsv: line ${row}, column ${at} must be a finite number (decimal, with a point), got `;
    for (const end of ["\n", "\r\n"]) {
      const text = [line, zeros, zeros, ""].join(end);
      expectRefused(() => readCsv(text), RangeError, place(1));
      expect(() => readCsv(text)).toThrow("header: true");
      // The same cells in the second line are refused in the same words, but for the header.
      expectRefused(() => readCsv(`${zeros}${end}${line}`), RangeError, place(2));
      const { columns, data } = readCsv(text, { header: true });
      expect([columns!.length, data.shape]).toEqual([width, [2, width]]);
    }
  });

  it.each([
    "a,b",
    "x,y",
    "x1,x2",
    "z0,z1",
    "label,1x1,1x2,28x28",
    "1stFlrSF,2ndFlrSF,3SsnPorch",
    "RI,Na,Mg,Al,Si",
    ",a,b",
    '"",a',
    "No,Name,Age",
    "Größe,Gewicht",
    "身高,体重",
    "fixed acidity,pH",
    "pixel_0,pixel_1",
    "e1,t1",
    "may1,jan1",
    "sepal length (cm),petal width (cm)",
    "price_usd,10y_rate",
    "mean radius,worst area",
    "# a,b",
    "a,a",
    "a,,b",
    "i,ii",
    "weight [kg],height/m",
    "P(x),f'(x)",
    "3D_x,2D_y",
    "Q1 2024,Q2 2024",
    "n1,n2",
    "inf_rate,nan_count",
    "A%,B%",
  ])("takes a first line of names for a header: %s", (line) => {
    const names = line.split(",").map((name) => name.replaceAll('"', ""));
    const zeros = names.map(() => "0").join();
    expect(rowsOf(`\uFEFF${line}\n${zeros}`)).toEqual({ columns: names, rows: [names.map(() => 0)] });
  });

  it("says what was probably meant", () => {
    const messageOf = (text: string, options?: CsvOptions) => {
      try {
        return String(readCsv(text, options).data.shape);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf('"1,5","2,5"\n1,2')).toMatch(
      /line 1, column 1 .*, got "1,5" \(decimals have a point.*header: true/,
    );
    expect(messageOf("1;2,5\n3;4")).toMatch(/line 1, column 2 .*, got "2,5" \(decimals have a point/);
    expect(messageOf("1;2\n3;4", { separator: "," })).toMatch(
      /got "1;2" \(is the option separator: ";" meant\?/,
    );
    expect(messageOf("1\t2\n3\t4", { separator: "," })).toMatch(
      /got "1\\t2" \(is the option separator: "\\t" meant/,
    );
    expect(messageOf("1 2 3\n4 5 6")).toMatch(/got "1 2 3" \(cells stand between commas, semicolons or tabs/);
    expect(messageOf("0,1\nNA,1")).not.toMatch(/header/);
    expect(messageOf("NA,1\n0,1", { header: false })).toMatch(/line 1, column 1 must be .*, got "NA"$/);
    const utf16 = new Uint8Array(Buffer.from("\uFEFFa,b\n1,2", "utf16le"));
    expect(messageOf(utf16 as never)).toMatch(
      /must be text in UTF-8, got Uint8Array\(\d+\) \(these bytes are text in UTF-16/,
    );
  });

  it("takes lines that end in carriage returns alone, where there are no line feeds", () => {
    expect(rowsOf("a,b\r1,2\r3,4\r")).toEqual({ columns: ["a", "b"], rows: [[1, 2], [3, 4]] }); // prettier-ignore
    expectRefused(() => readCsv("1,2\r3,x\r"), RangeError, "readCsv: line 2, column 2 must be a finite");
  });

  it("gives names as they stand: empty, twice, numbers", () => {
    expect(rowsOf("a,,b\n1,2,3").columns).toEqual(["a", "", "b"]);
    expect(rowsOf("a,a\n1,2").columns).toEqual(["a", "a"]);
    expect(rowsOf("1,nan\n1,2", { header: true }).columns).toEqual(["1", "nan"]);
    expect(rowsOf("\n1", { header: true })).toEqual({ columns: [""], rows: [[1]] });
  });

  it("takes the numbers of Number, rounded to float32, however they are spelled", () => {
    const spelled = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e38, max: 1e38 }).map(String),
      fc
        .tuple(
          fc.constantFrom("", "+", "-"),
          fc.bigInt({ min: 0n, max: 10n ** 20n }),
          fc.constantFrom("", ".", ".5", ".000", ".123456789012345678"),
        )
        .map((parts) => parts.join("")),
      fc
        .tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -50, max: 30 }))
        .map(([a, b]) => `${a}e${b}`),
    );
    fc.assert(
      fc.property(fc.array(spelled, { minLength: 1, maxLength: 30 }), (cells) => {
        expect(readCsv(cells.join("\n")).data.data).toEqual(Float32Array.from(cells, Number));
      }),
      { numRuns: 500 },
    );
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

  it.each<[string, number, string]>([
    ["rows of one number", 4_000_000, "1\n"],
    ["numbers in one line", 4_000_000, "1,"],
    ["quoted numbers", 1_000_000, '"1"\n'],
    ["numbers with exponents", 300_000, "1.234567890123456789e-01\n"],
  ])("reads many %s, in no more than four times the memory of the file", (_, count, cell) => {
    const file = Buffer.from(cell.repeat(count).slice(0, -1));
    let most = 0;
    const before = process.memoryUsage();
    const { data } = readCsv(file);
    const after = process.memoryUsage();
    most = after.arrayBuffers - before.arrayBuffers + Math.max(0, after.heapUsed - before.heapUsed);
    expect(data.size).toBe(count);
    expect(most).toBeLessThan(4 * file.length + 2 ** 24);
  });

  it("reads a million columns, with their names", () => {
    const names = Array.from({ length: 1_000_000 }, (_, i) => `c${i}`).join();
    const { columns, data } = readCsv(`${names}\n${"1,".repeat(999_999)}1\n`);
    expect([columns!.length, columns!.at(-1), data.shape]).toEqual([1_000_000, "c999999", [1, 1_000_000]]);
    const more = `${names},${names}\n1`;
    expectRefused(() => readCsv(more), RangeError, "readCsv: header must have at most 1048576 names");
  });

  it("shows only the beginning of a long cell", () => {
    const long = "x".repeat(1_000_000);
    for (const text of [`1,${long}`, `a,b\n${long},1`, `1,"${long}`, `${long}\n${long}`]) {
      let message = "";
      try {
        readCsv(text);
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message.length).toBeGreaterThan(0);
      expect(message.length).toBeLessThan(400);
    }
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
