// What files hold, made short and harmless for error messages.

/** Most characters of a file's text in an error message. */
const SHOWN = 60;

/** A text short enough for an error message. */
export function brief(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** A parsed value fit for an error message: short, and without names that could mislead who shows it. */
export function briefValue(value: unknown): unknown {
  if (typeof value === "string") return brief(value);
  if (typeof value !== "object" || value === null) return value;
  // Of arrays inside an array messages show the length; to look into them could overflow the stack.
  if (Array.isArray(value)) {
    return value.slice(0, 7).map((entry: unknown) => (Array.isArray(entry) ? entry : briefValue(entry)));
  }
  return Object.fromEntries(
    Object.keys(value)
      .slice(0, 6)
      .map((name) => [brief(name), true]),
  );
}

/** The place of a name in an object, as error messages write it. */
export function placeOf(object: string, name: string): string {
  return `${object}[${JSON.stringify(brief(name))}]`;
}
