// Where a tensor's values live: in an ordinary array outside all frames, on the WASM heap inside one. A frame is
// the lifetime that a `scope` opens; when it ends, its blocks go back to the heap and what is kept moves out.

import { refuseUse } from "../check.js";
import { type Block, give, take } from "./heap.js";
import { floats } from "./runtime.js";

interface Frame {
  /** Storages that took a block in this frame; those that lost or moved it since belong to another frame or none. */
  readonly storages: Storage[];
}

const frames: Frame[] = [];

/** Values of one or several tensors: an ordinary array, a block of the heap, or both (an uploaded copy). */
export class Storage {
  /** The values outside the heap; absent while the heap has the only copy. */
  array: Float32Array | undefined;
  /** Address of the block on the heap; 0 for none. */
  address = 0;
  // Private, for structured cloning to pass by: a tensor that is sent elsewhere takes its array along, not the heap.
  #block: Block | undefined;
  #frame: Frame | undefined;
  #view: Float32Array | undefined;

  constructor(
    readonly length: number,
    array?: Float32Array,
  ) {
    this.array = array;
  }

  /** The block, and the frame that it belongs to. */
  get block(): Block | undefined {
    return this.#block;
  }
  set block(block: Block | undefined) {
    this.#block = block;
  }
  get frame(): Frame | undefined {
    return this.#frame;
  }
  set frame(frame: Frame | undefined) {
    this.#frame = frame;
  }

  /** The values: the array itself, or a view of the heap. */
  get values(): Float32Array {
    if (this.array !== undefined) {
      if (this.array.length !== this.length) refuseTransferred();
      return this.array;
    }
    if (this.address === 0) refuseReleased();
    // Memory that is not shared detaches its views when it grows; this takes a new one.
    if (this.#view?.buffer !== floats.buffer) {
      this.#view = new Float32Array(floats.buffer, this.address, this.length);
    }
    return this.#view;
  }

  get isReleased(): boolean {
    return this.array === undefined && this.address === 0;
  }

  /** Whether the array's buffer was transferred, as in the second argument of `postMessage`. */
  get isTransferred(): boolean {
    return this.array !== undefined && this.array.length !== this.length;
  }
}

function refuseTransferred(): never {
  refuseUse(
    "tensor",
    "the buffer of this tensor's values was transferred, so they are elsewhere now; send a copy instead " +
      "(toPlain(t), and fromPlain on the other side)",
  );
}

function refuseReleased(): never {
  refuseUse(
    "tensor",
    "the scope that computed this tensor has ended and its memory is released; return the tensor from the scope " +
      "(or copy it inside: tensor(t.data, t.shape))",
  );
}

/** Whether a frame is open. */
export function isInFrame(): boolean {
  return frames.length > 0;
}

/** Opens a frame; blocks taken from now on belong to it. */
export function openFrame(): void {
  frames.push({ storages: [] });
}

/**
 * Closes the innermost frame. `kept` storages move to the frame around it, or out to ordinary arrays; all other
 * blocks of the frame are released.
 */
export function closeFrame(kept: Iterable<Storage>): void {
  const frame = frames.pop() as Frame;
  const outer = frames[frames.length - 1] as Frame | undefined;
  for (const storage of kept) {
    if (storage.array !== undefined || storage.frame !== frame) continue;
    if (outer === undefined) {
      // The constructor copies out of shared memory twice as fast as slice().
      storage.array = new Float32Array(storage.values);
    } else {
      storage.frame = outer;
      outer.storages.push(storage);
    }
  }
  for (const storage of frame.storages) if (storage.frame === frame) release(storage);
}

/** Closes the innermost frame and releases nothing: all its blocks move to the frame around it. */
export function dissolveFrame(): void {
  const frame = frames.pop() as Frame;
  const outer = frames[frames.length - 1];
  for (const storage of frame.storages) {
    if (storage.frame !== frame) continue;
    storage.frame = outer;
    outer.storages.push(storage);
  }
}

/** Whether a storage's only place is a block of the innermost frame. */
export function isOfInnermostFrame(storage: Storage): boolean {
  return storage.array === undefined && storage.frame !== undefined && storage.frame === frames.at(-1);
}

/** Releases a storage of the innermost frame before the frame ends, where nobody will read it again. */
export function releaseEarly(storage: Storage): void {
  if (isOfInnermostFrame(storage)) release(storage);
}

function release(storage: Storage): void {
  give(storage.block as Block);
  storage.address = 0;
  storage.block = storage.frame = undefined;
}

/** A new block on the heap, in the innermost frame; its contents are undefined. */
export function allocate(length: number): Storage {
  const storage = new Storage(length);
  place(storage);
  return storage;
}

/** Gives back the blocks of resident storages that nobody can reach any more; platforms that cannot tell (Cloudflare
 *  Workers of older compatibility dates) keep them until they are released. */
const unreachable =
  typeof FinalizationRegistry === "function" ? new FinalizationRegistry<Block>(give) : undefined;

/** A new block on the heap that belongs to no frame: it stays until {@link releaseResident}, or until its storage is
 *  garbage. */
export function allocateResident(length: number): Storage {
  const storage = new Storage(length);
  storage.block = take(length * 4);
  storage.address = storage.block.start;
  unreachable?.register(storage, storage.block, storage);
  return storage;
}

/** Releases a resident storage at once. */
export function releaseResident(storage: Storage): void {
  unreachable?.unregister(storage);
  release(storage);
}

function place(storage: Storage): void {
  const frame = frames[frames.length - 1];
  storage.block = take(storage.length * 4);
  storage.address = storage.block.start;
  storage.frame = frame;
  frame.storages.push(storage);
}

/** A place in a storage, as kernels see their arguments: a tensor is one. */
export interface Operand {
  readonly storage: Storage;
  /** First element. */
  readonly offset: number;
}

/** The byte address of an operand; values that live outside are first copied in, once per frame. */
export function addressOf({ storage, offset }: Operand): number {
  if (storage.address === 0) {
    const { array } = storage;
    if (array === undefined) refuseReleased();
    if (array.length !== storage.length) refuseTransferred();
    place(storage);
    floats.set(array, storage.address / 4);
  }
  return storage.address + offset * 4;
}

/** The byte address of an operand that may be absent; 0 for none. */
export function addressOrNone(operand: Operand | undefined): number {
  return operand === undefined ? 0 : addressOf(operand);
}

/** The byte address of values that a kernel overwrites where they are. */
export function addressInPlace(operand: Operand): number {
  // Beside an array outside, the heap holds only a copy: what is written there would be lost.
  if (operand.storage.array !== undefined) {
    refuseUse("updateInPlace", "parameters and state must live on the heap, in an open scope");
  }
  return addressOf(operand);
}
