// How a tensor reads on a console: its shape, and its values with the middle of long axes left out.

/** Entries shown at each end of an axis longer than twice that. */
const EDGE = 3;

/** Text of a tensor; `undefined` values stand for memory already released. */
export function printTensor(shape: readonly number[], values: Float32Array | undefined): string {
  const title = `Tensor float32 [${shape.join(", ")}]`;
  if (values === undefined) return `${title} (released: its scope has ended)`;
  return `${title}\n${printAxis(shape, 0, values, 0)}`;
}

function printAxis(shape: readonly number[], axis: number, values: Float32Array, first: number): string {
  if (axis === shape.length) return printNumber(values[first]);
  const length = shape[axis];
  const step = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const entry = (i: number) => printAxis(shape, axis + 1, values, first + i * step);
  const all = Array.from({ length }, (_, i) => i);
  const shown = length <= 2 * EDGE + 1 ? all : [...all.slice(0, EDGE), ...all.slice(-EDGE)];
  const entries = shown.map(entry);
  if (shown.length < length) entries.splice(EDGE, 0, "…");
  const isLast = axis === shape.length - 1;
  return `[${entries.join(isLast ? ", " : `,\n${" ".repeat(axis + 1)}`)}]`;
}

/** Six digits: what float32 holds reliably. */
function printNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}
