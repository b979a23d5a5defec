// im2col and col2im as operations of their own, for those who ask for the matrix by name; convolutions here never
// build it. The two are adjoint: ⟨im2col(x), c⟩ = ⟨x, col2im(c)⟩.

import { Operand } from "./operand";
import { Geometry } from "./geometry";
import { axpy } from "./arithmetic";
import { bytesOf } from "./simd";

/** Walks the matrix row by row, tap by tap, copying pixels out of the image or adding them into it. */
function walk(x: usize, columns: usize, geometry: Geometry, gather: bool): void {
  const inHeight = geometry.inHeight;
  const inWidth = geometry.inWidth;
  const channels = geometry.inChannels;
  const pixel = bytesOf(channels);
  for (let b = 0; b < geometry.batch; b++, x += <usize>(inHeight * inWidth) * pixel) {
    for (let r = 0; r < geometry.outHeight; r++) {
      for (let c = 0; c < geometry.outWidth; c++) {
        for (let i = 0; i < geometry.kernelHeight; i++) {
          const h = r * geometry.strideHeight - geometry.padTop + i * geometry.dilationHeight;
          for (let j = 0; j < geometry.kernelWidth; j++, columns += pixel) {
            const v = c * geometry.strideWidth - geometry.padLeft + j * geometry.dilationWidth;
            const inside = h >= 0 && h < inHeight && v >= 0 && v < inWidth;
            const at = x + <usize>(h * inWidth + v) * pixel;
            if (gather) {
              if (inside) memory.copy(columns, at, pixel);
              else memory.fill(columns, 0, pixel);
            } else if (inside) axpy(1, columns, at, channels);
          }
        }
      }
    }
  }
}

/**
 * Computes columns[(b, r, c), (i, j, k)] = the pixel's channel k under tap (i, j) of window (r, c), or 0.
 * Layout columns is [batch·outHeight·outWidth, kernelHeight·kernelWidth·inChannels]. Aliasing none.
 */
export function im2col(x: Operand, columns: Operand, geometry: Geometry): void {
  walk(x, columns, geometry, true);
}

/** Computes x = the sum of all column entries that im2col would read from each pixel. Aliasing none. */
export function col2im(columns: Operand, x: Operand, geometry: Geometry): void {
  const pixels = geometry.batch * geometry.inHeight * geometry.inWidth;
  memory.fill(x, 0, <usize>pixels * bytesOf(geometry.inChannels));
  walk(x, columns, geometry, false);
}
