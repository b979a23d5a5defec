// Reads a JSON object that a stranger wrote: UTF-8, no name twice in an object, not nested deeply.

import { refuseValue } from "../check.js";
import { decodeUtf8 } from "../utf8.js";
import { brief, placeOf } from "./support.js";

/** Deepest nesting; headers of tensors need three. */
const MAX_DEPTH = 8;

/** The object in the bytes of a header; its values are still to be checked. */
export function parseHeader(where: string, bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) refuseValue(where, "header", 'begin with "{"', brief(latin1(bytes)));
  const text = decodeText(where, bytes);
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
  let string = "";
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') {
      const first = i++;
      while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
      string = json.slice(first, i + 1);
    } else if (character === ":") {
      // Unescaped: "a" and "\u0061" are the same name.
      const name = JSON.parse(string) as string;
      const names = open[open.length - 1];
      if (names.has(name)) refuseValue(where, "header", "have every name once", brief(name));
      names.add(name);
    } else if (character === "{" || character === "[") {
      if (open.length === MAX_DEPTH)
        refuseValue(where, "header", `nest at most ${MAX_DEPTH} deep`, brief(json));
      open.push(new Set());
    } else if (character === "}" || character === "]") open.pop();
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
