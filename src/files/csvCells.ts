// The cells of a CSV file, one after the other, as places in its bytes: no text is made of what is only a number.

import { decodeUtf8 } from "./utf8.js";
import { refuseValue } from "../check/check.js";

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

/** A walk over cells; {@link nextCell} goes on to the next. */
export interface Cells {
  readonly bytes: Uint8Array;
  /** Where the text ends, without the ends of lines that close it. */
  readonly end: number;
  readonly separator: number;
  /** The byte that ends a line: a line feed, or a carriage return where the file has no line feed. */
  readonly lineEnd: number;
  /** Where the next cell begins. */
  at: number;
  /** The line in which the record at hand begins, and the cell's number in it, both counted from 1. */
  line: number;
  column: number;
  /** The cell's bytes, without quotes and blanks around it. */
  start: number;
  stop: number;
  isQuoted: boolean;
  /** Whether the cell ends its record. */
  isLast: boolean;
  /** Line feeds in the quotes of the record so far. */
  linesInside: number;
  /** A part of the bytes as Latin-1. */
  readonly window: { start: number; text: string };
}

/** Where the text begins and ends: without a byte order mark, and without empty lines at the end. */
export function extentOf(bytes: Uint8Array): [start: number, end: number] {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let end = bytes.length;
  while (end > start && (bytes[end - 1] === LINE_FEED || bytes[end - 1] === RETURN)) end--;
  return [start, end];
}

/** Begins a walk before the first cell. */
export function beginCells(bytes: Uint8Array, separator: number): Cells {
  const [at, end] = extentOf(bytes);
  const lineEnd = bytes.includes(LINE_FEED) ? LINE_FEED : RETURN;
  const place = {
    at,
    line: 1,
    column: 0,
    start: at,
    stop: at,
    isQuoted: false,
    isLast: false,
    linesInside: 0,
    window: { start: 0, text: "" },
  };
  return { bytes, end, separator, lineEnd, ...place };
}

function isBlank(byte: number, separator: number): boolean {
  return byte === SPACE || byte === RETURN || (byte === TAB && separator !== TAB);
}

/** The first place from `at` on that is not blank. */
function afterBlanks({ bytes, end, separator }: Cells, at: number): number {
  const blank = separator === TAB ? SPACE : TAB;
  while (at < end && (bytes[at] === SPACE || bytes[at] === blank)) at++;
  return at;
}

/** Goes on to the next cell; false behind the last. */
export function nextCell(where: string, cells: Cells): boolean {
  const { bytes, end, separator, lineEnd } = cells;
  if (cells.isLast) {
    cells.line += 1 + cells.linesInside;
    cells.column = cells.linesInside = 0;
    cells.isLast = false;
    if (cells.at > end) return false;
  }
  cells.column++;
  let { at } = cells;
  at = afterBlanks(cells, at);
  cells.isQuoted = at < end && bytes[at] === QUOTE;
  if (cells.isQuoted) at = endOfQuoted(where, cells, at);
  else {
    let byte = 0;
    cells.start = at;
    while (at < end && (byte = bytes[at]) !== separator && byte !== lineEnd) at++;
    cells.stop = at;
  }
  while (cells.stop > cells.start && isBlank(bytes[cells.stop - 1], separator)) cells.stop--;
  cells.isLast = at >= end || bytes[at] === lineEnd;
  cells.at = at + 1;
  return true;
}

/** Reads a quoted cell, perhaps over several lines, and returns where its separator or end stands. */
function endOfQuoted(where: string, cells: Cells, open: number): number {
  const { bytes, end, separator, lineEnd } = cells;
  let at = open + 1;
  // A quote inside is written twice.
  for (; at < end && (bytes[at] !== QUOTE || bytes[at + 1] === QUOTE); at++) {
    if (bytes[at] === QUOTE) at++;
    else if (bytes[at] === lineEnd) cells.linesInside++;
  }
  const isClosed = at < end;
  [cells.start, cells.stop] = [open + 1, Math.min(at, end)];
  at++;
  at = afterBlanks(cells, at);
  if (bytes[at] === RETURN && lineEnd !== RETURN) at++;
  if (!isClosed || (at < end && bytes[at] !== separator && bytes[at] !== lineEnd)) {
    const shown = String.fromCharCode(...bytes.subarray(open, Math.min(open + 80, end)));
    refuseValue(where, placeOf(cells), "end its quotes, and have nothing behind them", shown);
  }
  return at;
}

/** The cell's place, for messages. */
export function placeOf({ line, column }: Cells): string {
  return `line ${line}, column ${column}`;
}

/** Bytes that are made text at once. */
const WINDOW = 4096;

/** The cell's bytes as Latin-1, cut out of the text of many: a text of its own for every cell takes longer. */
function latin1Of({ bytes, start, stop, window }: Cells): string {
  if (start < window.start || stop > window.start + window.text.length) {
    window.text = String.fromCharCode(...bytes.subarray(start, start + WINDOW));
    window.start = start;
  }
  return window.text.slice(start - window.start, stop - window.start);
}

/** The cell's text. */
export function textOf(where: string, cells: Cells): string {
  const { bytes, start, stop, isQuoted } = cells;
  let text = stop - start <= WINDOW ? latin1Of(cells) : undefined;
  if (text === undefined || /[^ -~]/.test(text)) {
    try {
      text = decodeUtf8(bytes.subarray(start, stop));
    } catch {
      const hint = bytes[0] >= 0xfe ? "these bytes are text in UTF-16" : "save the file as UTF-8";
      return refuseValue(where, "file", "be text in UTF-8", bytes, hint);
    }
  }
  return (isQuoted ? text.replaceAll('""', '"') : text).trim();
}

/** How many cells a file can hold from a place on: one more than it has separators and ends of lines. */
export function countCells({ bytes, end, separator, lineEnd }: Cells, from: number): number {
  let count = 1;
  for (let at = from; at < end; at++) {
    const byte = bytes[at];
    if (byte === separator || byte === lineEnd) count++;
  }
  return count;
}

const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** Decimal, with a point. `Number` alone would take hexadecimal digits and nothing at all for numbers too. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** The cell's number; NaN where it is none. */
export function numberOf(where: string, cells: Cells): number {
  const { bytes, start, stop } = cells;
  const first = bytes[start];
  let mantissa = 0;
  let digits = 0;
  let point = -1;
  let at = first === 0x2b || first === 0x2d ? start + 1 : start;
  for (; at < stop; at++) {
    const digit = bytes[at] - 0x30;
    if (digit >= 0 && digit <= 9) {
      mantissa = 10 * mantissa + digit;
      digits++;
    } else if (bytes[at] === 0x2e && point < 0) point = at;
    else break;
  }
  // Up to here integers and powers of ten are exact, and their quotient is rounded as `Number` does.
  if (at === stop && digits > 0 && digits <= 15) {
    const size = point < 0 ? mantissa : mantissa / POWERS[stop - 1 - point];
    return first === 0x2d ? -size : size;
  }
  if (start === stop) return NaN;
  const text = textOf(where, cells);
  return NUMBER.test(text) ? Number(text) : NaN;
}
