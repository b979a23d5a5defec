// Reads a JSON object from an untrusted source: UTF-8, no name twice in an object, not nested deeply.

import { refuseValue } from "../check/check.js";
import { decodeUtf8 } from "./utf8.js";
import { brief, placeOf } from "./brief.js";

/** Deepest nesting; headers of tensors need three. */
const MAX_DEPTH = 8;

/** How much JSON is parsed: what JSON.parse makes of a text can take 40 times the memory of the text. */
export interface JsonLimits {
  readonly depth: number;
  /** Values in all: members of objects and entries of arrays. */
  readonly values: number;
  /** Entries of one array. */
  readonly length?: number;
}

const HEADER_LIMITS: JsonLimits = { depth: MAX_DEPTH, values: 1_500_000, length: 64 };

/** Where the string that begins at a quote ends: the place of its other quote, or the end of the text. */
function endOfString(json: string, start: number): number {
  let end = start + 1;
  for (; end < json.length && json.charCodeAt(end) !== 0x22; end++) {
    if (json.charCodeAt(end) === 0x5c) end++;
  }
  return end;
}

/** Checks the extent of a JSON text before it is parsed; whether it is JSON at all, the parser will tell. */
export function checkExtent(
  where: string,
  argument: string,
  json: string,
  { depth, values, length = Infinity }: JsonLimits,
): void {
  /** Commas so far in every array or object that is open. */
  const open: number[] = [];
  let count = 0;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === 0x22) i = endOfString(json, i);
    else if (code === 0x5b || code === 0x7b) {
      if (open.length === depth) refuseValue(where, argument, `nest at most ${depth} deep`, brief(json));
      open.push(code === 0x5b ? 0 : -Infinity);
      count++;
    } else if (code === 0x5d || code === 0x7d) open.pop();
    else if (code === 0x2c) {
      count++;
      open[open.length - 1]++;
      if (open[open.length - 1] >= length) {
        refuseValue(where, argument, `have arrays of at most ${length} entries`, brief(json));
      }
    }
    if (count > values) refuseValue(where, argument, `hold at most ${values} values`, brief(json));
  }
}

/** The object in the bytes of a header; its values are still to be checked. */
export function parseHeader(where: string, bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) refuseValue(where, "header", 'begin with "{"', brief(latin1(bytes)));
  const text = decodeText(where, bytes);
  checkExtent(where, "header", text, HEADER_LIMITS);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text);
  } catch {
    return refuseValue(where, "header", "be JSON", brief(text));
  }
  checkNames(where, text);
  return header;
}

function decodeText(where: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    return refuseValue(where, "header", "be UTF-8", brief(latin1(bytes)));
  }
}

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes.subarray(0, 100));

/** Checks that no object of a valid JSON text has a name twice: JSON.parse keeps the last and says nothing. */
function checkNames(where: string, json: string): void {
  const open: Set<string>[] = [];
  let [start, end] = [0, 0];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') {
      start = i;
      end = i = endOfString(json, i);
    } else if (character === ":") {
      const string = json.slice(start + 1, end);
      // Unescaped: "a" and "\u0061" are the same name.
      const name = string.includes("\\") ? (JSON.parse(`"${string}"`) as string) : string;
      const names = open[open.length - 1];
      if (names.has(name)) refuseValue(where, "header", "have every name once", brief(name));
      names.add(name);
    } else if (character === "{" || character === "[") open.push(new Set());
    else if (character === "}" || character === "]") open.pop();
  }
}

/** Checks that a text can be written as UTF-8: no half of a surrogate pair. */
export function checkText(where: string, argument: string, text: string): void {
  if (/\p{Surrogate}/u.test(text)) refuseValue(where, argument, "be well-formed Unicode", brief(text));
}

/** Checks a name, which error messages show in its place in `object`. */
export function checkName(where: string, object: string, name: string): void {
  checkText(where, `the name of ${placeOf(object, name)}`, name);
}
