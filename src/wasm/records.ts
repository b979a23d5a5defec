// Writes the records that kernels read, field by name; their layouts are the compiler's, see assembly/bindings.mjs.

import { currentRuntime, floats, integers } from "./runtime.js";

/** Where the fields of a record lie, in 32-bit words. */
export interface Layout<Fields> {
  readonly bytes: number;
  readonly fields: { readonly [Name in keyof Fields]: { readonly word: number; readonly isFloat: boolean } };
}

/** Writes a record where kernels find it, until the next one is written there, and returns its address. */
export function writeRecord<Fields extends { readonly [Name in keyof Fields]: number }>(
  { fields }: Layout<Fields>,
  values: Fields,
): number {
  const { records } = currentRuntime();
  for (const name in fields) {
    const { word, isFloat } = fields[name];
    (isFloat ? floats : integers)[records / 4 + word] = values[name];
  }
  return records;
}

/** Writes lists of integers one behind the other and returns the address of each. */
export function writeIntegers(...lists: readonly (readonly number[])[]): number[] {
  let at = currentRuntime().records;
  return lists.map((list) => {
    const address = at;
    integers.set(list, address / 4);
    at += list.length * 4;
    return address;
  });
}
