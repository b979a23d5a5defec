// The header of an npy file: a Python dictionary of three entries, in text.

import type { ElementType } from "./bytes.js";
import { checkShape, refuseValue } from "../check/check.js";
import type { Shape } from "../tensor/tensor.js";
import { brief, placeOf } from "./brief.js";

/** What stands before the values. */
export interface NpyHeader {
  readonly type: ElementType;
  readonly isLittle: boolean;
  /** Whether the first axis varies fastest. */
  readonly isFortran: boolean;
  readonly shape: Shape;
}

const TYPES = new Map<string, ElementType>([
  ["b1", "bool"],
  ["u1", "uint8"],
  ["i1", "int8"],
  ["u2", "uint16"],
  ["i2", "int16"],
  ["u4", "uint32"],
  ["i4", "int32"],
  ["u8", "uint64"],
  ["i8", "int64"],
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
]);

/** One entry: a quoted name; a quoted text, a truth value, or a tuple of integers (which Python 2 ended in L). */
const ENTRY = /\s*(['"])(\w+)\1\s*:\s*(?:(['"])([^'"]*)\3|(True|False)|\(([\d\s,L]*)\))\s*(?:,|$)/y;

/** The text of a header. */
export function writeHeader(shape: Shape): string {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  return `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
}

/** The entries of a header; a tuple is told apart by its parentheses. */
function entriesOf(where: string, text: string): Map<string, string> {
  const rule = "be a dictionary of descr (one plain number type), fortran_order and shape";
  const inside = /^\s*\{([^{}]*)\}\s*$/.exec(text)?.[1]?.trimEnd();
  const entries = new Map<string, string>();
  if (inside === undefined) return refuseValue(where, "header", rule, brief(text));
  ENTRY.lastIndex = 0;
  for (let end = 0; end < inside.length; end = ENTRY.lastIndex) {
    const [, , name, , quoted, truth, tuple] = ENTRY.exec(inside) ?? [];
    if (name === undefined) return refuseValue(where, "header", rule, brief(text));
    if (entries.has(name)) refuseValue(where, "header", "have every name once", name);
    entries.set(name, quoted !== undefined ? `'${quoted}'` : (truth ?? `(${tuple})`));
  }
  if ([...entries.keys()].sort().join() !== "descr,fortran_order,shape") {
    refuseValue(where, "header", rule, brief(text));
  }
  return entries;
}

/** Reads and checks the text of a header. */
export function readHeader(where: string, text: string): NpyHeader {
  const entries = entriesOf(where, text);
  const get = (name: string) => entries.get(name)!;
  const [, order, code] = /^'([<>|])(\w\d)'$/.exec(get("descr")) ?? [];
  const type = TYPES.get(code);
  // Only single bytes have no order.
  if (type === undefined || (order === "|" && !code.endsWith("1"))) {
    const codes = [...TYPES.keys()].join(", ");
    return refuseValue(
      where,
      placeOf("header", "descr"),
      `be < or > and one of ${codes}`,
      brief(get("descr")),
    );
  }
  if (!/^(True|False)$/.test(get("fortran_order"))) {
    refuseValue(where, placeOf("header", "fortran_order"), "be True or False", brief(get("fortran_order")));
  }
  const shape = readShape(where, get("shape"));
  return { type, isLittle: order !== ">", isFortran: get("fortran_order") === "True", shape };
}

function readShape(where: string, text: string): Shape {
  const sizes = text
    .slice(1, -1)
    .split(",")
    .map((size) => size.trim());
  // Python's tuples: () and (3,) and (3, 4), while (3) is a number.
  const isTuple = text.startsWith("(") && (sizes.length > 1 || sizes[0] === "");
  if (sizes.at(-1) === "") sizes.pop();
  if (!isTuple || !sizes.every((size) => /^(0|[1-9]\d*)L?$/.test(size))) {
    refuseValue(where, placeOf("header", "shape"), "be a tuple of integers ≥ 0", brief(text));
  }
  const shape = sizes.map((size) => Number.parseInt(size, 10));
  checkShape(where, placeOf("header", "shape"), shape);
  return shape;
}
