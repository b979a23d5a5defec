// Where the parts of the general matrix product keep their tables of addresses and their packed panels in scratch.

import { EDGE_BYTES } from "./microKernel";
import { PACKED_A_BYTES } from "./product";
import { bytesOf } from "./simd";

/** Rows of one table of addresses. */
export const TABLE: i32 = 8192;
export const FIRST_TABLE: usize = 0;
export const SECOND_TABLE: usize = <usize>TABLE * 4;
export const THIRD_TABLE: usize = <usize>TABLE * 8;
export const RUN: usize = <usize>TABLE * 12; // one run at offset 0
export const PACKED_A: usize = RUN + 64;
export const PACKED_B: usize = PACKED_A + ((PACKED_A_BYTES + EDGE_BYTES + 63) & ~63);

/** Lists `count` addresses, `step` bytes apart. */
export function listAddresses(table: usize, first: usize, step: usize, count: i32): void {
  for (const end = table + bytesOf(count); table < end; table += 4, first += step) {
    store<u32>(table, <u32>first);
  }
}

/** C = scaleTarget·C + bias, row by row; scaleTarget 0 overwrites whatever C held, NaN too. */
export function startFrom(c: usize, m: i32, n: i32, scaleTarget: f32, bias: usize): void {
  for (let i = 0; i < m; i++) {
    for (let j: usize = 0; j < bytesOf(n); j += 4, c += 4) {
      let value: f32 = bias ? load<f32>(bias + j) : 0;
      if (scaleTarget != 0) value += scaleTarget * load<f32>(c);
      store<f32>(c, value);
    }
  }
}
