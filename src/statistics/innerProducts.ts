// All inner products among some vectors, in float64: what covariances and Gram matrices are made of.

/** Positions that are read at once: the pieces of all vectors then stay in the cache. */
const PIECE = 256;

/**
 * The matrix of inner products, row-major, count × count.
 *
 * @param count - how many vectors
 * @param length - of each
 * @param valueAt - a vector's value at a position
 */
export function innerProducts(
  count: number,
  length: number,
  valueAt: (vector: number, position: number) => number,
): Float64Array {
  const products = new Float64Array(count * count);
  // One more vector of zeros where the number is odd, so that products come two by two and reads stay inside.
  const pieces = new Float64Array((count + (count % 2)) * PIECE);
  for (let start = 0; start < length; start += PIECE) {
    const size = Math.min(PIECE, length - start);
    for (let vector = 0; vector < count; vector++) {
      for (let i = 0; i < size; i++) pieces[vector * PIECE + i] = valueAt(vector, start + i);
    }
    for (let row = 0; row < count; row += 2) {
      for (let column = 0; column <= row; column += 2) addBlock(products, count, pieces, row, column, size);
    }
  }
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < row; column++) {
      products[column * count + row] = products[row * count + column];
    }
  }
  return products;
}

/** Adds four products at a time: each value that is read serves two of them. */
function addBlock(
  products: Float64Array,
  count: number,
  pieces: Float64Array,
  row: number,
  column: number,
  size: number,
): void {
  let [upperLeft, upperRight, lowerLeft, lowerRight] = [0, 0, 0, 0];
  const end = row * PIECE + size;
  for (let i = row * PIECE, j = column * PIECE; i < end; i++, j++) {
    const upper = pieces[i];
    const lower = pieces[i + PIECE];
    const left = pieces[j];
    const right = pieces[j + PIECE];
    upperLeft += upper * left;
    upperRight += upper * right;
    lowerLeft += lower * left;
    lowerRight += lower * right;
  }
  const at = row * count + column;
  products[at] += upperLeft;
  if (column + 1 < count) products[at + 1] += upperRight;
  if (row + 1 < count) {
    // Then there is a next column too, for blocks lie on the diagonal or left of it.
    products[at + count] += lowerLeft;
    products[at + count + 1] += lowerRight;
  }
}
