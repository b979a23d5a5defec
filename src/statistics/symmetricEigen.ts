// Eigenvalues and eigenvectors of real symmetric matrices, in float64: Householder's reduction to a tridiagonal matrix,
// then implicit QL. Vectors are kept as rows, so that every inner loop runs along memory.

/** Eigenvalues in falling order, and unit eigenvectors as rows in the same order. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/** A symmetric tridiagonal matrix; `beside[i]` couples i and i + 1, the last entry is 0. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
}

/** Σ a[aStart + i]·b[bStart + i] over i below count. */
export function dotProduct(
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  bStart: number,
  count: number,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}

/** target[targetStart + i] += factor·source[sourceStart + i] for i below count. */
export function addScaled(
  target: Float64Array,
  targetStart: number,
  factor: number,
  source: Float64Array,
  sourceStart: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[targetStart + i] += factor * source[sourceStart + i];
}

/** Squares that count as 0 in a matrix of entries up to 1: still smaller ones lose digits, and v its unit length. */
const NEGLIGIBLE = 1e-200;

/**
 * Reduces matrix a by reflections I − 2vvᵀ, one per row but the last two, which turn all but two entries of the row
 * to 0. Row k is then done with, and keeps the unit vector v (0 where there was nothing to reflect) from k + 1 on.
 */
function tridiagonalize(a: Float64Array, size: number): Tridiagonal {
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  const product = new Float64Array(size);
  for (let k = 0; k < size - 1; k++) {
    const start = k * size + k + 1;
    const count = size - k - 1;
    diagonal[k] = a[k * size + k];
    const rest = dotProduct(a, start + 1, a, start + 1, count - 1);
    if (rest < NEGLIGIBLE) {
      beside[k] = a[start];
      a.fill(0, start, start + count);
      continue;
    }
    // Away from the first entry's sign: nothing cancels.
    const norm = Math.sqrt(a[start] ** 2 + rest) * (a[start] < 0 ? 1 : -1);
    beside[k] = norm;
    a[start] -= norm;
    const length = Math.sqrt(a[start] ** 2 + rest);
    for (let i = start; i < start + count; i++) a[i] /= length;
    // (I − 2vvᵀ)A(I − 2vvᵀ) = A − vwᵀ − wvᵀ with w = 2(Av − (vᵀAv)v).
    for (let i = 0; i < count; i++) {
      product[i] = 2 * dotProduct(a, (k + 1 + i) * size + k + 1, a, start, count);
    }
    addScaled(product, 0, -dotProduct(product, 0, a, start, count), a, start, count);
    for (let i = 0; i < count; i++) {
      const row = (k + 1 + i) * size + k + 1;
      const v = a[start + i];
      const w = product[i];
      for (let j = 0; j < count; j++) a[row + j] -= v * product[j] + w * a[start + j];
    }
  }
  diagonal[size - 1] = a[size * size - 1];
  return { diagonal, beside };
}

/** The product of all reflections, last first. */
function productOfReflections(a: Float64Array, size: number): Float64Array {
  const rows = new Float64Array(size * size);
  for (let i = 0; i < size; i++) rows[i * size + i] = 1;
  for (let k = size - 2; k >= 0; k--) {
    const start = k * size + k + 1;
    const count = size - k - 1;
    // Rows above are still those of the identity, with nothing here.
    for (let i = k + 1; i < size; i++) {
      const row = i * size + k + 1;
      addScaled(rows, row, -2 * dotProduct(rows, row, a, start, count), a, start, count);
    }
  }
  return rows;
}

/** Turns rows i and i + 1 by the angle of this cosine and sine. */
function rotate(rows: Float64Array, size: number, i: number, cosine: number, sine: number): void {
  const end = (i + 1) * size;
  for (let p = i * size, q = end; p < end; p++, q++) {
    const x = rows[p];
    const y = rows[q];
    rows[p] = cosine * x - sine * y;
    rows[q] = sine * x + cosine * y;
  }
}

/**
 * Turns the tridiagonal matrix to a diagonal one and the rows along with it. Wilkinson's shifts make the entry beside
 * `first` vanish after two or three sweeps; what is below the rounding of the whole counts as 0.
 */
function diagonalize({ diagonal, beside }: Tridiagonal, rows: Float64Array): void {
  const size = diagonal.length;
  const largest = diagonal.reduce(
    (most, value, i) => Math.max(most, Math.abs(value) + Math.abs(beside[i])),
    0,
  );
  const negligible = Number.EPSILON * largest;
  for (let first = 0; first < size; first++) {
    for (;;) {
      let last = first;
      while (last < size - 1 && Math.abs(beside[last]) > negligible) last++;
      if (last === first) break;
      sweep(diagonal, beside, rows, first, last);
    }
  }
}

/** One implicit QL step on the rows from `first` to `last`. */
function sweep(
  diagonal: Float64Array,
  beside: Float64Array,
  rows: Float64Array,
  first: number,
  last: number,
): void {
  const half = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
  const root = half + (half < 0 ? -1 : 1) * Math.hypot(half, 1);
  let bulge = diagonal[last] - diagonal[first] + beside[first] / root;
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const across = sine * beside[i];
    const along = cosine * beside[i];
    const length = Math.hypot(across, bulge);
    beside[i + 1] = length;
    if (length === 0) {
      // The matrix falls into two parts here: the next sweeps see to each.
      diagonal[i + 1] -= shift;
      beside[last] = 0;
      return;
    }
    sine = across / length;
    cosine = bulge / length;
    const shifted = diagonal[i + 1] - shift;
    const turned = (diagonal[i] - shifted) * sine + 2 * cosine * along;
    shift = sine * turned;
    diagonal[i + 1] = shifted + shift;
    bulge = cosine * turned - along;
    rotate(rows, diagonal.length, i, cosine, sine);
  }
  diagonal[first] -= shift;
  beside[first] = bulge;
  beside[last] = 0;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix of finite numbers.
 *
 * @param matrix - row-major, size × size
 * @param size - number of rows
 * @returns values in falling order; vectors as rows, orthonormal to rounding also where values coincide
 * @see Golub & Van Loan, "Matrix computations", sections 8.3.1 and 8.3.3
 */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const scale = matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // With entries up to 1, squares neither overflow nor vanish where it matters.
  const a = scale === 0 ? matrix.slice() : matrix.map((value) => value / scale);
  const tridiagonal = tridiagonalize(a, size);
  const rows = productOfReflections(a, size);
  diagonalize(tridiagonal, rows);
  const { diagonal } = tridiagonal;
  const order = [...diagonal.keys()].sort((i, j) => diagonal[j] - diagonal[i] || i - j);
  const vectors = new Float64Array(size * size);
  for (const [i, row] of order.entries()) {
    vectors.set(rows.subarray(row * size, (row + 1) * size), i * size);
  }
  return { values: Float64Array.from(order, (row) => diagonal[row] * scale), vectors };
}
