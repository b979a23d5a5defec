// How a tensor reads on a console: its shape, and its values with the middle of long axes left out, in as many lines
// as a console shows at a glance, whatever the shape. Only what is shown is read.

import { cut } from "../check/show.js";

/** Entries shown at each end of an axis that is not shown whole. */
const EDGE = 3;
/** Most lines of values. */
const LINES = 18;
/** Most characters of a line. */
const WIDTH = 100;
/** Trailing axes of one element that a line shows as they are: `[[0.1], [0.2]]`. */
const FOLDED = 2;
/** What stands for entries that are left out. */
const LEFT_OUT = "…";

/** Text of a tensor from a function that reads its i-th value; the function is absent where `why` tells why. */
export function printTensor(
  shape: readonly number[],
  read: ((i: number) => number) | undefined,
  why = "",
): string {
  const title = printTitle(shape);
  if (read === undefined) return `${title} (${why})`;
  const steps = stepsOf(shape);
  const line = lineAxisOf(shape);
  const edges = edgesOf(shape, line);
  const rows: string[][] = [];
  collectRows({ shape, steps, edges, line, read }, 0, 0, rows);
  const text = rows.map((row) => row.join(", "));
  const isFitting = text.every((row) => row.length + 2 * shape.length + 1 <= WIDTH);
  const lines = isFitting ? text : rows.map((row) => shortened(row).join(", "));
  return `${title}\n${nested({ shape, edges, line }, lines)}`;
}

/** The type and shape, without spaces where a tensor has very many axes. */
function printTitle(shape: readonly number[]): string {
  const title = `Tensor float32 [${shape.join(", ")}]`;
  return title.length <= WIDTH ? title : `Tensor float32 [${shape.join(",")}]`;
}

/** What a tensor is printed by: sizes, distances, how many entries of every axis are shown, the axis of a line. */
interface Layout {
  readonly shape: readonly number[];
  readonly steps: readonly number[];
  readonly edges: readonly Edge[];
  readonly line: number;
  readonly read: (i: number) => number;
}

/** Entries shown at the beginning and the end of an axis; all where these are as many as there are. */
interface Edge {
  readonly first: number;
  readonly last: number;
}

function stepsOf(shape: readonly number[]): number[] {
  const steps = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) steps[axis] = steps[axis + 1] * shape[axis + 1];
  return steps;
}

/** The axis whose entries stand in one line: the last, before at most {@link FOLDED} axes of one element. */
function lineAxisOf(shape: readonly number[]): number {
  let line = shape.length - 1;
  while (line > 0 && shape[line] === 1 && shape.length - line <= FOLDED) line--;
  return line;
}

/** How much of the axes above a line is shown, so that there are few lines: the inner axes as whole as possible. */
function edgesOf(shape: readonly number[], line: number): Edge[] {
  const whole = (size: number): Edge => ({ first: size, last: 0 });
  const ends = (size: number, edge: number): Edge =>
    size <= 2 * edge + 1 ? whole(size) : { first: edge, last: edge };
  const edges = shape.map((size, axis) => (axis < line ? whole(size) : ends(size, EDGE)));
  const choices = [EDGE, 2, 1].map((edge) => (size: number) => ends(size, edge));
  choices.push((size) => ({ first: Math.min(size, 1), last: 0 }));
  for (const choose of choices) {
    for (let axis = 0; axis < line; axis++) {
      if (linesOf(shape, edges, line) <= LINES) return edges;
      edges[axis] = choose(shape[axis]);
    }
  }
  return edges;
}

function linesOf(shape: readonly number[], edges: readonly Edge[], line: number): number {
  let lines = 1;
  for (let axis = line - 1; axis >= 0; axis--) {
    const { first, last } = edges[axis];
    lines = lines * (first + last) + (last > 0 && first + last < shape[axis] ? 1 : 0);
  }
  return lines;
}

/** Collects the texts of the values that stand in each line. */
function collectRows(layout: Layout, axis: number, at: number, rows: string[][]): void {
  const { shape, steps, edges, line, read } = layout;
  if (axis >= line) {
    rows.push(rowOf(shape, steps, line, at, read));
    return;
  }
  const { first, last } = edges[axis];
  for (let i = 0; i < first; i++) collectRows(layout, axis + 1, at + i * steps[axis], rows);
  for (let i = shape[axis] - last; i < shape[axis]; i++) {
    collectRows(layout, axis + 1, at + i * steps[axis], rows);
  }
}

/** The entries of one line: all where there may be room for them, else those at both ends. */
function rowOf(
  shape: readonly number[],
  steps: readonly number[],
  line: number,
  at: number,
  read: (i: number) => number,
): string[] {
  if (shape.length === 0) return [printNumber(read(at))];
  const folded = shape.length - 1 - line;
  const entry = (i: number) =>
    "[".repeat(folded) + printNumber(read(at + i * steps[line])) + "]".repeat(folded);
  const length = shape[line];
  // An entry takes three characters at least, with its comma.
  if (length * 3 <= WIDTH) return Array.from({ length }, (_, i) => entry(i));
  const firsts = Array.from({ length: EDGE }, (_, i) => entry(i));
  const lasts = Array.from({ length: EDGE }, (_, i) => entry(length - EDGE + i));
  return [...firsts, LEFT_OUT, ...lasts];
}

/** A row's entries at both ends, where there are more. */
function shortened(row: readonly string[]): readonly string[] {
  if (row.length <= 2 * EDGE + 1) return row;
  return [...row.slice(0, EDGE), LEFT_OUT, ...row.slice(-EDGE)];
}

/** The lines between the brackets of all axes. */
function nested(
  { shape, edges, line }: Pick<Layout, "shape" | "edges" | "line">,
  lines: readonly string[],
): string {
  let next = 0;
  const print = (axis: number): string => {
    if (axis >= line) return shape.length === 0 ? lines[next++] : `[${lines[next++]}]`;
    const { first, last } = edges[axis];
    const entries = Array.from({ length: first + last }, () => print(axis + 1));
    const separator = `,\n${" ".repeat(axis + 1)}`;
    if (first + last === shape[axis]) return `[${entries.join(separator)}]`;
    if (last === 0) return `[${entries.join(separator)}, ${LEFT_OUT}]`;
    return `[${[...entries.slice(0, first), LEFT_OUT, ...entries.slice(first)].join(separator)}]`;
  };
  const text = print(0);
  return text
    .split("\n")
    .map((row) => cut(row, WIDTH - 1))
    .join("\n");
}

/** Six digits, what float32 holds reliably; very large and very small values with an exponent. */
function printNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const rounded = Number(value.toPrecision(6));
  const size = Math.abs(rounded);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return rounded.toExponential().replace("e+", "e");
  return String(rounded);
}
