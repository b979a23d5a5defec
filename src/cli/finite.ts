// Data that are not finite: which example of the file, and which of its values.

import { fail } from "./command.js";
import type { Data } from "./data.js";

/** Where in an example a value lies: its column, or its place in the image. */
function placeOf(inside: number, shape: readonly number[], columns: readonly string[] | undefined): string {
  if (shape.length === 1) return `column ${columns?.[inside] ?? inside}`;
  const indices: number[] = [];
  let rest = inside;
  for (const size of [...shape].reverse()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${indices.join(", ")}]`;
}

/** `example 7 (b.png)`, counted from 0 as the file has them. */
const exampleOf = (index: number, names: readonly string[] | undefined) =>
  `example ${index}${names ? ` (${names[index]})` : ""}`;

/** Refuses data in which a value is NaN or infinite. */
export function checkFinite(source: string, { values, names, columns }: Data): void {
  const at = values.data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const [count, ...shape] = values.shape;
  const size = values.size / count;
  const place = placeOf(at % size, shape, columns);
  const example = exampleOf(Math.floor(at / size), names);
  fail(`${source}: ${example} must be finite, got ${values.data[at]} at ${place}`);
}
