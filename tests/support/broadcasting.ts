// NumPy's broadcasting in float64, index by index, for comparison.

type Shape = readonly number[];

const sizeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);

/** The common shape of two that broadcast. */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
  );
}

/** Where the element at `flat` of an array of `shape` comes from in one of shape `part` that broadcasts to it. */
export function sourceOf(flat: number, shape: Shape, part: Shape): number {
  let source = 0;
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const index = flat % shape[axis]!;
    flat = Math.floor(flat / shape[axis]!);
    const size = part[axis - shape.length + part.length];
    if (size === undefined) continue;
    if (size !== 1) source += index * step;
    step *= size;
  }
  return source;
}

/** Values repeated to a shape. */
export function broadcastTo(values: ArrayLike<number>, part: Shape, shape: Shape): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, i) => values[sourceOf(i, shape, part)]!);
}

/** The adjoint of broadcastTo: what was repeated is added up. */
export function sumBack(values: ArrayLike<number>, shape: Shape, part: Shape): number[] {
  const sum = Array.from({ length: sizeOf(part) }, () => 0);
  for (let i = 0; i < values.length; i++) sum[sourceOf(i, shape, part)]! += values[i]!;
  return sum;
}
