// Views with the members of the package ndarray, for platforms where that package cannot make its code.

import { type Shape, sizeOf } from "../tensor/tensor.js";

/** An ndarray of float32, as `toNdarray` returns it: the members of the package's type. */
export interface Float32NdArray {
  data: Float32Array;
  shape: number[];
  stride: number[];
  offset: number;
  readonly dtype: "float32";
  readonly size: number;
  readonly order: number[];
  readonly dimension: number;
  get(...index: number[]): number;
  set(...indexAndValue: number[]): number;
  index(...index: number[]): number;
  lo(...index: number[]): Float32NdArray;
  hi(...index: number[]): Float32NdArray;
  step(...steps: number[]): Float32NdArray;
  transpose(...axes: number[]): Float32NdArray;
  pick(...index: (number | null)[]): Float32NdArray;
  T: Float32NdArray;
}

/** An index as ndarray takes it: what is no number ≥ 0 leaves the axis as it is. */
const isIndex = (value: unknown): value is number => typeof value === "number" && value >= 0;

class PlainView implements Float32NdArray {
  readonly dtype = "float32";

  constructor(
    public data: Float32Array,
    public shape: number[],
    public stride: number[],
    public offset: number,
  ) {}

  get size(): number {
    return sizeOf(this.shape);
  }

  get dimension(): number {
    return this.shape.length;
  }

  /** Axes from the shortest stride to the longest. */
  get order(): number[] {
    const lengths = this.stride.map(Math.abs);
    return lengths.map((_, axis) => axis).sort((a, b) => lengths[a] - lengths[b]);
  }

  get T(): Float32NdArray {
    return this.transpose(...this.shape.map((_, axis) => this.shape.length - 1 - axis));
  }

  index(...index: number[]): number {
    return this.stride.reduce((place, step, axis) => place + step * index[axis], this.offset);
  }

  get(...index: number[]): number {
    return this.data[this.index(...index)];
  }

  set(...indexAndValue: number[]): number {
    return (this.data[this.index(...indexAndValue)] = indexAndValue[this.shape.length]);
  }

  lo(...index: (number | null)[]): Float32NdArray {
    const starts = this.shape.map((_, axis) => (isIndex(index[axis]) ? Math.trunc(index[axis]) : 0));
    const shape = this.shape.map((size, axis) => size - starts[axis]);
    return new PlainView(this.data, shape, [...this.stride], this.index(...starts));
  }

  hi(...index: (number | null)[]): Float32NdArray {
    const shape = this.shape.map((size, axis) => (isIndex(index[axis]) ? Math.trunc(index[axis]) : size));
    return new PlainView(this.data, shape, [...this.stride], this.offset);
  }

  step(...steps: (number | null)[]): Float32NdArray {
    const [shape, stride] = [[...this.shape], [...this.stride]];
    let { offset } = this;
    for (const [axis, given] of steps.slice(0, shape.length).entries()) {
      if (typeof given !== "number") continue;
      const step = Math.trunc(given);
      // Backwards, the last row comes first.
      if (step < 0) offset += stride[axis] * (shape[axis] - 1);
      shape[axis] = Math.ceil(shape[axis] / Math.abs(step));
      stride[axis] *= step;
    }
    return new PlainView(this.data, shape, stride, offset);
  }

  transpose(...axes: (number | undefined)[]): Float32NdArray {
    const order = this.shape.map((_, axis) => Math.trunc(axes[axis] ?? axis));
    const [shape, stride] = [this.shape, this.stride].map((sizes) => order.map((axis) => sizes[axis]));
    return new PlainView(this.data, shape, stride, this.offset);
  }

  pick(...index: (number | null)[]): Float32NdArray {
    const picked = this.shape.map((_, axis) => (isIndex(index[axis]) ? index[axis] : 0));
    const isKept = (_: number, axis: number): boolean => !isIndex(index[axis]);
    const offset = Math.trunc(this.index(...picked));
    return new PlainView(this.data, this.shape.filter(isKept), this.stride.filter(isKept), offset);
  }
}

/**
 * A view of values, row-major.
 *
 * @param data - shown without a copy
 * @param shape - sizes per axis, which multiply to the length of `data`
 */
export function plainView(data: Float32Array, shape: Shape): Float32NdArray {
  const stride = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  return new PlainView(data, [...shape], stride, 0);
}
