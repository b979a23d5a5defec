// How values read in error messages: short whatever they are, and telling their kind.

/** Marks tensors, whichever copy of the library made them; registered, so that all copies know it. */
export const TENSOR_MARK = Symbol.for("reparam.tensor");

/** What tensors of this copy hold under {@link TENSOR_MARK}. */
export const THIS_COPY: object = Object.freeze({});

/** Whether a value is a tensor of another copy of the library. */
export function isForeignTensor(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  try {
    const mark = (value as { [TENSOR_MARK]?: unknown })[TENSOR_MARK];
    return mark !== undefined && mark !== THIS_COPY;
  } catch {
    return false;
  }
}

/** Characters of a string or name that a message repeats. */
const LONGEST = 80;
/** Characters of any value that a message repeats. */
const LONGEST_VALUE = 240;
/** Entries shown of a list or object. */
const ENTRIES = 6;

/** A text with its end left out where it is long. */
export function cut(text: string, most = LONGEST): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** How a value reads in an error message. */
export function show(value: unknown): string {
  try {
    return cut(shown(value), LONGEST_VALUE);
  } catch {
    // Getters and proxies of the caller's may throw; the refusal that this value is shown in is what matters.
    return "an object that cannot be read";
  }
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(cut(value));
  // The digits of a BigInt take time that grows with the square of their number.
  if (typeof value === "bigint") return BigInt.asIntN(128, value) === value ? `${value}n` : "a huge BigInt";
  if (typeof value === "symbol") return cut(String(value));
  if (typeof value === "function") {
    const { name } = value as { name: unknown };
    return typeof name === "string" && name !== "" ? `function ${cut(name)}` : "a function";
  }
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return showArray(value);
  const name = nameOf(value);
  if (ArrayBuffer.isView(value)) return showView(value, name);
  if (/^\[object (Number|String|Boolean)\]$/.test(Object.prototype.toString.call(value))) {
    return `a ${name} object`;
  }
  const { shape } = value as { shape?: unknown };
  if (Array.isArray(shape)) {
    const whose = isForeignTensor(value) ? " of another copy of reparam" : "";
    return `${name} ${showArray(shape)}${whose}`;
  }
  if (name !== "Object") return name;
  const names = Object.keys(value);
  const more = names.length > ENTRIES ? ", …" : "";
  return `{ ${names
    .slice(0, ENTRIES)
    .map((entry) => cut(entry))
    .join(", ")}${more} }`;
}

/** The name of an object's class. */
function nameOf(value: object): string {
  const given: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof given === "string" && given !== "" ? cut(given) : "Object";
}

function showArray(values: readonly unknown[]): string {
  const shownEntries = Array.from({ length: Math.min(values.length, ENTRIES) }, (_, i) => {
    if (!(i in values)) return "a hole";
    const value = values[i];
    return Array.isArray(value) ? `[${value.length}]` : cut(shown(value));
  });
  return `[${shownEntries.join(", ")}${values.length > ENTRIES ? ", …" : ""}]`;
}

function showView(value: ArrayBufferView, name: string): string {
  const length = (value as { length?: unknown }).length ?? value.byteLength;
  return `${name}(${String(length)})${isDetached(value) ? " whose buffer was transferred" : ""}`;
}

/** Whether the buffer of a view was transferred: the view then shows length 0, but only there a new one fails. */
export function isDetached({ buffer, byteLength }: ArrayBufferView): boolean {
  if (byteLength > 0) return false;
  try {
    return new Uint8Array(buffer).byteLength < 0;
  } catch {
    return true;
  }
}
