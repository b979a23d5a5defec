// im2col and col2im as operations of their own, for those who ask for the matrix by name; convolutions here never
// build it. The two are adjoint: ⟨im2col(x), c⟩ = ⟨x, col2im(c)⟩.

import {
  BATCH,
  DILATION_HEIGHT,
  DILATION_WIDTH,
  IN_CHANNELS,
  IN_HEIGHT,
  IN_WIDTH,
  KERNEL_HEIGHT,
  KERNEL_WIDTH,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  STRIDE_HEIGHT,
  STRIDE_WIDTH,
} from "./geometry";
import { axpy } from "./arithmetic";
import { bytesOf } from "./simd";

/** Walks the matrix row by row, tap by tap, copying pixels out of the image or adding them into it. */
function walk(x: usize, columns: usize, g: usize, gather: bool): void {
  const inHeight = load<i32>(g + IN_HEIGHT);
  const inWidth = load<i32>(g + IN_WIDTH);
  const channels = load<i32>(g + IN_CHANNELS);
  const pixel = bytesOf(channels);
  for (let b = 0; b < load<i32>(g + BATCH); b++, x += <usize>(inHeight * inWidth) * pixel) {
    for (let r = 0; r < load<i32>(g + OUT_HEIGHT); r++) {
      for (let c = 0; c < load<i32>(g + OUT_WIDTH); c++) {
        for (let i = 0; i < load<i32>(g + KERNEL_HEIGHT); i++) {
          const h =
            r * load<i32>(g + STRIDE_HEIGHT) - load<i32>(g + PAD_TOP) + i * load<i32>(g + DILATION_HEIGHT);
          for (let j = 0; j < load<i32>(g + KERNEL_WIDTH); j++, columns += pixel) {
            const v =
              c * load<i32>(g + STRIDE_WIDTH) - load<i32>(g + PAD_LEFT) + j * load<i32>(g + DILATION_WIDTH);
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
 * Computes: columns[(b, r, c), (i, j, k)] = the pixel's channel k under tap (i, j) of window (r, c), or 0.
 * Layout: columns is [batch·outHeight·outWidth, kernelHeight·kernelWidth·inChannels]. Aliasing: none.
 */
export function im2col(x: usize, columns: usize, g: usize): void {
  walk(x, columns, g, true);
}

/** Computes: x = the sum of all column entries that im2col would read from each pixel. Aliasing: none. */
export function col2im(columns: usize, x: usize, g: usize): void {
  const pixels = load<i32>(g + BATCH) * load<i32>(g + IN_HEIGHT) * load<i32>(g + IN_WIDTH);
  memory.fill(x, 0, <usize>pixels * bytesOf(load<i32>(g + IN_CHANNELS)));
  walk(x, columns, g, false);
}
