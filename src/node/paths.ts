// Paths of files as users give them, and the order of names.

import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { refuseKind, refuseValue } from "../check/check.js";

/** A path, or the `URL` of a file. (Said by its members, which needs no library of types.) */
export type FilePath = string | { readonly href: string; readonly pathname: string };

/** The path as a text; of a URL, its folder must exist. */
export async function pathOf(where: string, path: FilePath): Promise<string> {
  if (typeof path === "string") {
    if (path === "" || path.includes("\0")) refuseValue(where, "path", "name a file", path);
    return path;
  }
  if (!(path instanceof URL)) return refuseKind(where, "path", "be a text or a URL", path);
  if (path.protocol !== "file:") refuseValue(where, "path", "be a URL of a file (file:)", path.href);
  // The file system knows how a URL becomes a path on its platform; what does not exist yet is appended.
  const folder = await realpath(new URL(".", path));
  return join(folder, decodeURIComponent(path.pathname.slice(path.pathname.lastIndexOf("/") + 1)));
}

/**
 * Orders names as people count: `2.png` before `10.png`. By code units otherwise, so that every machine has the same
 * order, whatever its language.
 */
export function compareNames(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.match(/\d+|\D+/g) ?? []);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareParts(left[i], right[i]);
    if (order !== 0) return order;
  }
  return left.length - right.length || compareTexts(a, b);
}

function compareParts(a: string, b: string): number {
  if (!/^\d/.test(a) || !/^\d/.test(b)) return compareTexts(a, b);
  const [left, right] = [a, b].map((digits) => digits.replace(/^0+/, ""));
  return left.length - right.length || compareTexts(left, right);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
