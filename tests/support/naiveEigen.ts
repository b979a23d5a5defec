// Jacobi's method for the eigenvalues of symmetric matrices: slow, and too simple to be wrong.

export interface Eigen {
  /** In falling order. */
  readonly values: number[];
  /** Unit eigenvectors in the same order. */
  readonly vectors: number[][];
}

/** Turns pairs of axes, each by the angle that makes their entry 0, until (a dozen rounds do) all off the diagonal are. */
export function jacobiEigen(matrix: readonly (readonly number[])[]): Eigen {
  const size = matrix.length;
  const a = matrix.map((row) => [...row]);
  const vectors = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)));
  const turn = (rows: number[][], p: number, q: number, c: number, s: number) => {
    for (let i = 0; i < size; i++) {
      const [x, y] = [rows[p][i], rows[q][i]];
      rows[p][i] = c * x - s * y;
      rows[q][i] = s * x + c * y;
    }
  };
  for (let round = 0; round < 15; round++) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const angle = 0.5 * Math.atan2(2 * a[p][q], a[q][q] - a[p][p]);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        turn(a, p, q, c, s);
        const columns = a.map((_, i) => a.map((row) => row[i]));
        turn(columns, p, q, c, s);
        columns.forEach((column, i) => column.forEach((value, j) => (a[j][i] = value)));
        turn(vectors, p, q, c, s);
      }
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i]);
  return { values: order.map((i) => a[i][i]), vectors: order.map((i) => vectors[i]) };
}
