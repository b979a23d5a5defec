// Whether the first line of a table names its columns, told by its cells; and what was meant where a cell is refused.

/** What a cell reads as: a name; a value (a quantity, a date, a truth value); or the want of one. */
export type CellKind = "name" | "value" | "missing";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Never a name. */
const VALUES = words("nan inf infinity true false nat qnan snan naninf nanind ind");

/** Usually in place of a value, but sodium is `"Na"` and `"No"` may stand for number. */
const MISSING = words(
  "na null none nil missing unknown undefined void empty blank nd ka n notavailable notapplicable error ref div value",
);

const DATE_WORDS = words(
  "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september " +
    "october november december mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday",
);
const CURRENCIES = words(
  "usd eur gbp chf jpy cny inr cad aud nzd sek nok dkk pln czk huf krw brl rub rs kr us r",
);

/** What may follow digits in a quantity, a date or a time. */
const UNITS = words(
  "e d i j t z am pm utc gmt st nd rd th h min s ms kg g mg km m cm mm px pt l ml k w kw kwh v hz khz mhz ghz kb mb " +
    "gb tb ha in ft lb lbs oz mi mph kmh pct percent bn mio",
);

/** What a cell reads as. */
export function kindOfCell(text: string): CellKind {
  // Of a long cell the beginning tells.
  const cell = text.slice(0, 64).toLowerCase();
  if (/^[a-z_]+\d*$/.test(cell)) {
    return VALUES.has(cell) ? "value" : MISSING.has(cell) ? "missing" : "name";
  }
  const runs = cell.match(/\p{L}+/gu) ?? [];
  const hasDigit = /\p{N}/u.test(cell);
  const joined = runs.join("");
  if (runs.length === 0) return hasDigit ? "value" : "missing";
  if (VALUES.has(joined) && (!hasDigit || /^[+-]?1\.#/.test(cell))) return "value";
  if (!hasDigit) return MISSING.has(joined) || /^#.*[!?]$/.test(cell) ? "missing" : "name";
  return isQuantity(cell, runs) ? "value" : "name";
}

/** Whether a cell with digits and letters is a quantity, a date or a time, and not a name such as `"x1"` or `28x28`. */
function isQuantity(cell: string, runs: readonly string[]): boolean {
  if (/^[+-]?0x[\da-f]+$/.test(cell) || /^[a-z]{1,3}\$\s*[\d.,]+$/.test(cell)) return true;
  const isDated = (run: string) => DATE_WORDS.has(run) || CURRENCIES.has(run);
  if (!runs.every((run) => UNITS.has(run) || isDated(run))) return false;
  // Digits come first, behind signs at most; or a month, a day or a currency does, and is not joined to them.
  return (
    /^[^\p{L}\p{N}_#]*\p{N}/u.test(cell) || (isDated(runs[0]) && /^\P{L}*\p{L}+[^\p{L}\p{N}_]/u.test(cell))
  );
}

/** Cells of a first line, by what they read as. */
export interface CellCounts {
  readonly name: number;
  readonly value: number;
  readonly missing: number;
}

/**
 * Whether a first line names the columns: no cell reads as a value, and most are names. (An empty first cell is not
 * counted: programs write one above the names of rows.)
 */
export function isHeader({ name, value, missing }: CellCounts): boolean {
  return value === 0 && name > missing;
}

const SEPARATOR_NAMES: Readonly<Record<string, string>> = { ",": '","', ";": '";"', "\t": '"\\t"' };

/** What may have been meant by a cell that is not a number. */
export function hintFor(cell: string, separator: string, isFirstLine: boolean): string {
  const hints: string[] = [];
  const others = Object.keys(SEPARATOR_NAMES).filter((other) => other !== separator && cell.includes(other));
  if (/^[^\p{L},]*\d,\d+[^\p{L},]*$/u.test(cell)) hints.push("decimals have a point here, not a comma");
  else if (others.length > 0) {
    hints.push(
      `is the option separator: ${others.map((other) => SEPARATOR_NAMES[other]).join(" or ")} meant?`,
    );
  } else if (/^[\d.+-]+([ |:][\d.+-]+)+$/.test(cell)) {
    hints.push("cells stand between commas, semicolons or tabs");
  }
  if (isFirstLine) hints.push("with the option header: true the first line names the columns");
  return hints.join("; ");
}
