// Words every error of the library: `<function>: <argument> must <rule>, got <value>`. No other file does.

/** Characters of a string that a message repeats. */
const LONGEST = 80;

/** How a value reads in an error message: short, and telling its kind. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  }
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return value.name ? `function ${value.name}` : "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return showArray(value);
  if (ArrayBuffer.isView(value)) {
    const length = (value as { length?: number }).length ?? value.byteLength;
    return `${value.constructor.name}(${length})`;
  }
  const named = value as { shape?: unknown; constructor?: { name?: string } };
  const given: unknown = named.constructor?.name;
  const name = typeof given === "string" && given !== "" ? given : "Object";
  if (Array.isArray(named.shape)) return `${name} ${showArray(named.shape)}`;
  return name === "Object" ? `{ ${Object.keys(value).slice(0, 6).join(", ")} }` : name;
}

function showArray(values: readonly unknown[]): string {
  const shown = values.slice(0, 6).map((value) => (Array.isArray(value) ? `[${value.length}]` : show(value)));
  return `[${shown.join(", ")}${values.length > 6 ? ", …" : ""}]`;
}

/** Marks the errors that this file words; registered, so that another copy of the library knows them too. */
const REFUSAL = Symbol.for("reparam.refusal");

/** Whether an error tells of wrong use or of too little memory; any other is a fault of the library. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && REFUSAL in error;
}

function refuse(error: Error): never {
  Object.defineProperty(error, REFUSAL, { value: true });
  throw error;
}

/**
 * Takes note that a promise may fail. The error that refuses it has been told already; its own failure, which nobody
 * can wait for any more, would end the process.
 */
function disown(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  try {
    // Throws for whatever is not a promise, of this realm or another; the `then` of others is not to be run.
    Promise.prototype.then.call(value as Promise<unknown>, undefined, () => undefined);
  } catch {
    // Nothing waits.
  }
}

/** Refuses a value of the wrong kind. */
export function refuseKind(where: string, argument: string, rule: string, value: unknown): never {
  disown(value);
  refuse(new TypeError(`${where}: ${argument} must ${rule}, got ${show(value)}`));
}

/** Refuses a value of the right kind that lies outside what is allowed. */
export function refuseValue(where: string, argument: string, rule: string, value: unknown): never {
  refuse(new RangeError(`${where}: ${argument} must ${rule}, got ${show(value)}`));
}

/** Refuses a call that is right in itself but comes at the wrong moment. */
export function refuseUse(where: string, rule: string): never {
  refuse(new Error(`${where}: ${rule}`));
}

/** Refuses to take more memory than there is. */
export function refuseMemory(bytes: number, used: number, limit: number): never {
  const facts = `asked for ${bytes} bytes, ${used} are in use, the limit is ${limit} (configure's maxMemory)`;
  refuse(new RangeError(`out of memory: ${facts}`));
}

/** Checks an integer in [low, high]. */
export function checkInteger(
  where: string,
  argument: string,
  value: unknown,
  low: number,
  high: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (typeof value !== "number") refuseKind(where, argument, `be an integer ≥ ${low}`, value);
  if (!Number.isInteger(value) || value < low || value > high) {
    const range = high === Number.MAX_SAFE_INTEGER ? `≥ ${low}` : `from ${low} to ${high}`;
    refuseValue(where, argument, `be an integer ${range}`, value);
  }
}

/** Checks a finite number in [low, high]. */
export function checkNumber(
  where: string,
  argument: string,
  value: unknown,
  low = -Infinity,
  high = Infinity,
): asserts value is number {
  if (typeof value !== "number") refuseKind(where, argument, "be a number", value);
  if (!Number.isFinite(value)) refuseValue(where, argument, "be a finite number", value);
  if (value < low || value > high) {
    const range = high === Infinity ? `≥ ${low}` : low === -Infinity ? `≤ ${high}` : `from ${low} to ${high}`;
    refuseValue(where, argument, `be ${range}`, value);
  }
}

/** Checks one of a list of strings. */
export function checkOneOf<T extends string>(
  where: string,
  argument: string,
  value: unknown,
  allowed: readonly T[],
): asserts value is T {
  const rule = `be one of ${allowed.map((name) => JSON.stringify(name)).join(", ")}`;
  if (typeof value !== "string") refuseKind(where, argument, rule, value);
  if (!allowed.includes(value as T)) refuseValue(where, argument, rule, value);
}

/** Checks a boolean. */
export function checkBoolean(where: string, argument: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") refuseKind(where, argument, "be true or false", value);
}

/** Checks a function. */
export function checkFunction(where: string, argument: string, value: unknown): void {
  if (typeof value !== "function") refuseKind(where, argument, "be a function", value);
}

/** Checks an options object, and that every name in it is known: a misspelt option is never ignored. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    refuseKind(where, "options", "be an object", options);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      refuseKind(where, "options", `have only the names ${known.join(", ")}`, name);
    }
  }
}

/** Most elements of a tensor: its bytes must stay addressable beside others in 4 GiB. */
export const MAX_ELEMENTS = 2 ** 29;

/** Most axes of a tensor: kernels read sizes and strides from a record of fixed length. */
export const MAX_RANK = 32;

/** Elements that shapes may still ask for, in all; see {@link withAllowance}. */
let allowance = Infinity;

/**
 * Runs `f`, in which all shapes that are checked may have no more than so many elements together: who carries out
 * what a stranger's file describes takes no more memory than the file makes plausible.
 */
export function withAllowance<Result>(elements: number, f: () => Result): Result {
  const outer = allowance;
  allowance = elements;
  try {
    return f();
  } finally {
    allowance = outer;
  }
}

/** Checks a shape (integers ≥ 1 whose product is not too large) and returns its number of elements. */
export function checkShape(where: string, argument: string, shape: unknown): number {
  if (!Array.isArray(shape)) refuseKind(where, argument, "be an array of sizes", shape);
  if (shape.length > MAX_RANK) refuseValue(where, argument, `have at most ${MAX_RANK} axes`, shape);
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) {
    checkInteger(where, `${argument}[${axis}]`, shape[axis], 1);
    size *= shape[axis];
  }
  const most = Math.min(MAX_ELEMENTS, allowance);
  if (size > most) refuseValue(where, argument, `have at most ${most} elements`, shape);
  allowance -= size;
  return size;
}

/**
 * Runs `f`; an error from inside gets `path` put before its message, so that nested layers tell where they are:
 * `encoder[3].conv2d: filter.shape[2] must …`.
 */
export function within<Result>(path: string, f: () => Result): Result {
  try {
    return f();
  } catch (error) {
    if (error instanceof Error)
      error.message = `${path}${error.message.startsWith("[") ? "" : "."}${error.message}`;
    throw error;
  }
}
