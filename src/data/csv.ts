// Tables of numbers in text: comma-separated values, in the sense of RFC 4180.

import { checkBytes } from "../bytes.js";
import { checkBoolean, checkOneOf, checkOptions, MAX_ELEMENTS, refuseKind, refuseValue } from "../check.js";
import { adoptArray, type Tensor } from "../tensor.js";
import { decodeUtf8 } from "../utf8.js";

export type Separator = "," | ";" | "\t";

export interface CsvOptions {
  /** Whether the first line names the columns (default: when none of its cells is a number). */
  readonly header?: boolean;
  /** What stands between cells (default: the tab, semicolon or comma of the first line, in this order). */
  readonly separator?: Separator;
}

export interface CsvFile {
  /** What the first line calls the columns, if it does. */
  readonly columns: readonly string[] | undefined;
  /** The numbers, shape `[rows, columns]`. */
  readonly data: Tensor;
}

const SEPARATORS: readonly Separator[] = ["\t", ";", ","];

/** Decimal, with a point. `Number` alone would take hexadecimal digits and nothing at all for numbers too. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** One record and the line where it begins, counted from 1. */
interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The numbers of a CSV file.
 *
 * Cells are separated by commas, semicolons or tabs, whichever the first line has, and may be quoted; spaces around
 * them do not count. Numbers are decimal with a point. The first line is a header when none of its cells is a
 * number. Lines end in LF or CRLF; empty lines at the end are ignored.
 *
 * @param file - the text, or its bytes in UTF-8
 * @param options.header - whether the first line names the columns (default: told by its cells)
 * @param options.separator - `","`, `";"` or a tab (default: told by the first line)
 * @returns `columns`, the names of the header or undefined, and `data`, shape `[rows, columns]`, rounded to float32
 * @throws {TypeError} when an argument or option is of the wrong kind
 * @throws {RangeError} when a cell is not a finite number of float32 (empty cells are not), lines differ in their
 *   number of cells, a quote has no end, bytes are not UTF-8, or there is no number
 * @example
 * const { columns, data } = readCsv("width,height\n1,2\n3,4.5\n");
 * columns; // ["width", "height"]
 * data.data; // [1, 2, 3, 4.5]
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function readCsv(file: string | Uint8Array, options: CsvOptions = {}): CsvFile {
  const where = "readCsv";
  checkOptions(where, options, ["header", "separator"]);
  if (options.header !== undefined) checkBoolean(where, "header", options.header);
  if (options.separator !== undefined) checkOneOf(where, "separator", options.separator, SEPARATORS);
  const text = withoutEnd(textOf(where, file).replace(/^\uFEFF/, ""));
  if (text === "") refuseValue(where, "file", "hold at least one number", "no text");

  let columns: readonly string[] | undefined;
  let width: number | undefined;
  const rows: Float32Array[] = [];
  for (const row of rowsOf(where, text, options.separator ?? separatorOf(text))) {
    width ??= row.cells.length;
    if (row.cells.length !== width) {
      refuseValue(where, `line ${row.line}`, `have ${width} cells, as the first line has`, row.cells.length);
    }
    const isHeader = options.header ?? !row.cells.some((cell) => NUMBER.test(cell));
    if (rows.length === 0 && columns === undefined && isHeader) columns = row.cells;
    else rows.push(numbersOf(where, row));
    if (rows.length * width > MAX_ELEMENTS) {
      refuseValue(where, "file", `hold at most ${MAX_ELEMENTS} numbers`, `${rows.length} lines and more`);
    }
  }
  if (width === undefined || rows.length === 0) {
    return refuseValue(where, "file", "hold at least one line of numbers", columns);
  }
  const values = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) values.set(row, i * width);
  return { columns, data: adoptArray(values, [rows.length, width]) };
}

function textOf(where: string, file: unknown): string {
  if (typeof file === "string") return file;
  if (!(file instanceof Uint8Array)) return refuseKind(where, "file", "be a text or a Uint8Array", file);
  checkBytes(where, file);
  try {
    return decodeUtf8(file);
  } catch {
    return refuseValue(where, "file", "be text in UTF-8", file);
  }
}

/** Without the empty lines at the end. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\n" || text[end - 1] === "\r") end--;
  return text.slice(0, end);
}

/** What the first record has outside of quotes. */
function separatorOf(text: string): Separator {
  const seen = new Set<string>();
  let isQuoted = false;
  for (let at = 0; at < text.length && (isQuoted || text[at] !== "\n"); at++) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted) seen.add(text[at]);
  }
  return SEPARATORS.find((separator) => seen.has(separator)) ?? ",";
}

function numbersOf(where: string, { line, cells }: Row): Float32Array {
  const numbers = new Float32Array(cells.length);
  for (const [i, cell] of cells.entries()) {
    numbers[i] = Number(cell);
    if (!NUMBER.test(cell) || !Number.isFinite(numbers[i])) {
      refuseValue(where, `line ${line}, column ${i + 1}`, "be a finite number (decimal, with a point)", cell);
    }
  }
  return numbers;
}

function* rowsOf(where: string, text: string, separator: Separator): Generator<Row> {
  for (let start = 0, line = 1; start < text.length;) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    const plain = text.slice(start, end);
    if (!plain.includes('"')) {
      yield { line, cells: plain.split(separator).map((cell) => cell.trim()) };
      start = end + 1;
      line++;
    } else {
      const cells: string[] = [];
      const next = readQuoted(where, text, start, separator, line, cells);
      yield { line, cells };
      line += text.slice(start, next).split("\n").length - 1;
      start = next;
    }
  }
}

/** Reads a record that has quotes, perhaps over several lines, and returns where the next begins. */
function readQuoted(
  where: string,
  text: string,
  start: number,
  separator: Separator,
  line: number,
  cells: string[],
): number {
  for (let at = start; ;) {
    while (text[at] === " ") at++;
    let end = at;
    let cell: string | undefined;
    if (text[at] === '"') {
      // A quote inside is written twice.
      do end = text.indexOf('"', end + 1) + 1;
      while (end > 0 && text[end] === '"');
      if (end > 0) cell = text.slice(at + 1, end - 1).replaceAll('""', '"');
      while (text[end] === " ") end++;
    } else {
      while (end < text.length && text[end] !== separator && text[end] !== "\n") end++;
      cell = text.slice(at, end);
    }
    if (text[end] === "\r") end++;
    const isEnd = end >= text.length || text[end] === "\n";
    if (cell === undefined || !(isEnd || text[end] === separator)) {
      const place = `line ${line}, column ${cells.length + 1}`;
      refuseValue(where, place, "end its quotes, and have nothing behind them", text.slice(at, at + 80));
    }
    cells.push(cell.trim());
    if (isEnd) return end + 1;
    at = end + 1;
  }
}
