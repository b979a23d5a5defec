// Follows which entries of a description are read, so that one that nobody understands is never passed over.

type Plain = Record<string, unknown>;

const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** A description that notes what is read of it. */
export interface Followed<T> {
  readonly value: T;
  /** The paths of all entries that nobody has read; `null` stands for an absent entry. */
  unread(): string[];
}

/** Follows an object, the objects in it, and the objects in its lists. */
export function follow<T extends object>(description: T): Followed<T> {
  const waiting = new Set<string>();
  const wrap = (value: unknown, path: string): unknown => {
    if (Array.isArray(value) && value.length > 0 && value.every(isPlain)) {
      return value.map((entry, i) => wrap(entry, `${path}[${i}]`));
    }
    if (!isPlain(value)) return value;
    const place = (name: string) => (path === "" ? name : `${path}.${name}`);
    const entries = Object.entries(value);
    for (const [name, entry] of entries) if (entry !== null) waiting.add(place(name));
    const inner = Object.fromEntries(entries.map(([name, entry]) => [name, wrap(entry, place(name))]));
    return new Proxy(inner, {
      get(target, name) {
        if (typeof name === "string") waiting.delete(place(name));
        return Reflect.get(target, name) as unknown;
      },
    });
  };
  return { value: wrap(description, "") as T, unread: () => [...waiting] };
}
