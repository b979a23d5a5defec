// Options without the entries that say nothing.

/** An object without its undefined entries and those that are null, as JSON writes them. */
export function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined | null> } {
  const said = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(said) as never;
}
