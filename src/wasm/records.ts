// Writes records and lists into a job, field by name; their layouts are the compiler's, see assembly/bindings.mjs.

import { floats, integers } from "./runtime.js";

/** Where the fields of a record lie, in 32-bit words. */
export interface Layout<Fields> {
  readonly bytes: number;
  readonly fields: { readonly [Name in keyof Fields]: { readonly word: number; readonly isFloat: boolean } };
}

/** Writes a record at word `at` of memory. */
export function writeRecord<Fields extends { readonly [Name in keyof Fields]: number }>(
  { fields }: Layout<Fields>,
  at: number,
  values: Fields,
): void {
  for (const name in fields) {
    const { word, isFloat } = fields[name];
    (isFloat ? floats : integers)[at + word] = values[name];
  }
}

/** Writes lists of integers one behind the other, from word `free` of the job on, and their addresses into its `places`. */
export function writeLists(
  job: number,
  free: number,
  places: readonly number[],
  lists: readonly (readonly number[])[],
): void {
  let at = job + free;
  lists.forEach((list, i) => {
    integers[job + places[i]] = at * 4;
    integers.set(list, at);
    at += list.length;
  });
}
