// Tables of numbers in text: comma-separated values, in the sense of RFC 4180.

import { isBytes, ownBytes } from "./bytes.js";
import {
  checkBoolean,
  checkOneOf,
  checkOptions,
  MAX_ELEMENTS,
  refuseKind,
  refuseValue,
} from "../check/check.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { encodeUtf8 } from "./utf8.js";
import {
  beginCells,
  type Cells,
  countCells,
  extentOf,
  nextCell,
  numberOf,
  placeOf,
  textOf,
} from "./csvCells.js";
import { hintFor, isHeader, kindOfCell } from "./csvHeader.js";

/** What stands between the cells of a table. */
export type Separator = "," | ";" | "\t";

/** How a CSV file is read. */
export interface CsvOptions {
  /** Whether the first line names the columns (default: when its cells read as names, and not as values). */
  readonly header?: boolean | undefined;
  /** What stands between cells (default: the tab, semicolon or comma of the first line, in this order). */
  readonly separator?: Separator | undefined;
}

/** What a CSV file holds. */
export interface CsvFile {
  /** What the first line calls the columns, if it does. */
  readonly columns: readonly string[] | undefined;
  /** The numbers, shape `[rows, columns]`. */
  readonly data: Tensor;
}

export const SEPARATORS: readonly Separator[] = ["\t", ";", ","];

/** Most names that a header may have: as texts they take more memory than the file. */
const MAX_NAMES = 2 ** 20;

/**
 * The numbers of a CSV file.
 *
 * Cells are separated by commas, semicolons or tabs, whichever the first line has, and may be quoted; spaces around
 * them do not count. Numbers are decimal with a point. Lines end in LF, CRLF or CR; empty lines at the end are
 * ignored.
 *
 * The first line is a header when it reads as one: most of its cells are names, and none is a value, such as a number
 * (`1`, `1,5`, `10%`, `"$5"`), a date, `true`, `nan` or `inf`. What stands for a missing value (`"NA"`, `?`, nothing) is
 * no name either, so a first line of these is refused, as it would be anywhere else: nothing is taken for a header
 * that may be data. Names stay as they are, empty ones and the same ones twice.
 *
 * It takes at most twice the memory of the file beside it.
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
 * readCsv("2023,2024\n1,2\n", { header: true }).columns; // ["2023", "2024"]
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function readCsv(file: string | Uint8Array, options: CsvOptions = {}): CsvFile {
  const where = "readCsv";
  checkOptions(where, options, ["header", "separator"]);
  if (options.header !== undefined) checkBoolean(where, "header", options.header);
  if (options.separator !== undefined) checkOneOf(where, "separator", options.separator, SEPARATORS);
  const bytes = bytesOf(where, file);
  const [start, end] = extentOf(bytes);
  if (start === end) refuseValue(where, "file", "hold at least one number", "no text");
  const separator = options.separator ?? separatorOf(bytes, start, end);
  const cells = beginCells(bytes, separator.charCodeAt(0));
  const { width, isNames } = readFirst(where, cells, options.header);
  const columns = isNames ? namesOf(where, beginCells(bytes, cells.separator), width) : undefined;
  if (isNames && cells.at > end) refuseValue(where, "file", "hold at least one line of numbers", columns);

  const body = isNames ? cells : beginCells(bytes, cells.separator);
  const count = countCells(body, body.at);
  if (count > MAX_ELEMENTS) refuseValue(where, "file", `hold at most ${MAX_ELEMENTS} numbers`, count);
  const values = new Float32Array(count);
  let size = 0;
  while (nextCell(where, body)) {
    const value = numberOf(where, body);
    if (body.column > width || (body.isLast && body.column < width)) refuseWidth(where, body, width);
    values[size] = value;
    if (!Number.isFinite(values[size++])) refuseCell(where, body, width, separator, options.header);
  }
  const used = size === count ? values : values.slice(0, size);
  return { columns, data: adoptArray(used, [size / width, width]) };
}

function bytesOf(where: string, file: unknown): Uint8Array {
  if (typeof file === "string") return encodeUtf8(file);
  if (!isBytes(file)) return refuseKind(where, "file", "be a text or a Uint8Array", file);
  return ownBytes(where, file);
}

/** What the first record has outside of quotes. */
function separatorOf(bytes: Uint8Array, start: number, end: number): Separator {
  const seen = new Uint8Array(256);
  let isQuoted = false;
  for (let at = start; at < end && (isQuoted || (bytes[at] !== 0x0a && bytes[at] !== 0x0d)); at++) {
    if (bytes[at] === 0x22) isQuoted = !isQuoted;
    else if (!isQuoted) seen[bytes[at]] = 1;
  }
  return SEPARATORS.find((separator) => seen[separator.charCodeAt(0)] === 1) ?? ",";
}

/** Walks over the first record: how many cells it has, and whether they are names. */
function readFirst(
  where: string,
  cells: Cells,
  header: boolean | undefined,
): { readonly width: number; readonly isNames: boolean } {
  const counts = { name: 0, value: 0, missing: 0 };
  while (!cells.isLast && nextCell(where, cells)) {
    if (header !== undefined || counts.value > 0) continue;
    // Above the names of rows, programs write nothing.
    if (cells.start === cells.stop) counts.missing += cells.column > 1 || cells.isLast ? 1 : 0;
    else if (!Number.isNaN(numberOf(where, cells))) counts.value++;
    else if (cells.column <= MAX_NAMES) counts[kindOfCell(textOf(where, cells))]++;
  }
  return { width: cells.column, isNames: header ?? isHeader(counts) };
}

function namesOf(where: string, cells: Cells, width: number): string[] {
  if (width > MAX_NAMES) refuseValue(where, "header", `have at most ${MAX_NAMES} names`, width);
  const names: string[] = [];
  while (!cells.isLast && nextCell(where, cells)) names.push(textOf(where, cells));
  return names;
}

/** Refuses the line of the cell at hand, which has more or fewer cells than the first. */
function refuseWidth(where: string, cells: Cells, width: number): never {
  while (!cells.isLast) nextCell(where, cells);
  const rule = `have ${width} cells, as the first line has`;
  return refuseValue(where, `line ${cells.line}`, rule, cells.column);
}

/** Refuses a cell that is not a number, or its line where this has another number of cells too. */
function refuseCell(
  where: string,
  cells: Cells,
  width: number,
  separator: Separator,
  header: boolean | undefined,
): never {
  const [place, text] = [placeOf(cells), textOf(where, cells)];
  const hint = hintFor(text, separator, cells.line === 1 && header === undefined);
  while (!cells.isLast) nextCell(where, cells);
  if (cells.column !== width) refuseWidth(where, cells, width);
  return refuseValue(where, place, "be a finite number (decimal, with a point)", text, hint);
}
