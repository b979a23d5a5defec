// Gradients on their way back through a computation: added up per tensor, released when used up.

import { emptyTensor, type Tensor } from "../tensor/tensor.js";
import { arithmetic } from "../wasm/kernels.js";
import { isOfInnermostFrame, releaseEarly, type Storage } from "../wasm/storage.js";

/** Gradients on their way back, and how many of them share each storage. */
export class Gradients {
  private readonly byTensor = new Map<Tensor, Tensor>();
  private readonly holders = new Map<Storage, number>();

  add(tensor: Tensor, gradient: Tensor): void {
    const present = this.byTensor.get(tensor);
    if (present === undefined) return this.hold(tensor, gradient);
    // Added to in place only where nobody else reads it: a rule may also return a constant of its maker.
    const isOwn =
      this.holders.get(present.storage) === 1 &&
      present.storage !== gradient.storage &&
      isOfInnermostFrame(present.storage);
    const sum = isOwn ? present : emptyTensor(tensor.shape);
    arithmetic("add", present, sum.size, gradient, sum.size, sum, sum.size);
    if (isOwn) {
      if (!this.holders.has(gradient.storage)) releaseEarly(gradient.storage);
      return;
    }
    this.hold(tensor, sum);
    this.drop(present);
  }

  /** Hands the gradient over; `drop` it once it is used up. */
  takeOut(tensor: Tensor): Tensor | undefined {
    const gradient = this.byTensor.get(tensor);
    this.byTensor.delete(tensor);
    return gradient;
  }

  get(tensor: Tensor): Tensor | undefined {
    return this.byTensor.get(tensor);
  }

  drop(gradient: Tensor): void {
    const holders = (this.holders.get(gradient.storage) as number) - 1;
    this.holders.set(gradient.storage, holders);
    if (holders > 0) return;
    this.holders.delete(gradient.storage);
    releaseEarly(gradient.storage);
  }

  /** Releases tensors that no gradient shares. */
  dropUnheld(tensors: readonly Tensor[]): void {
    for (const { storage } of tensors) if (!this.holders.has(storage)) releaseEarly(storage);
  }

  private hold(tensor: Tensor, gradient: Tensor): void {
    this.byTensor.set(tensor, gradient);
    this.holders.set(gradient.storage, (this.holders.get(gradient.storage) ?? 0) + 1);
  }
}
