// Where a tensor's values live: in an ordinary array outside all frames, on the WASM heap inside one. A frame is
// the lifetime that a `scope` opens; when it ends, its blocks go back to the heap and what is kept moves out.

import { refuseUse } from "../check/check.js";
import { type Block, give, take } from "./heap.js";
import { Residence } from "./residence.js";
import { floats } from "./runtime.js";

/** A lifetime. */
interface Frame {
  /** Storages that took a block in this frame; those that lost or moved it since belong to another frame or none. */
  readonly storages: Storage[];
  /** Residences that nothing may move out of the heap before the frame ends. */
  readonly claimed: Residence[];
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
  #residence: Residence | undefined;
  /** A copy of the heap's values that was handed out, until somebody may write to the heap. */
  #copy: Float32Array | undefined;
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
  /** The residence that the block belongs to instead of a frame. */
  get residence(): Residence | undefined {
    return this.#residence;
  }
  set residence(residence: Residence | undefined) {
    this.#residence = residence;
  }

  /** The values, for the library's insides: the array itself, or a view of the heap, which ends with the frame. */
  get values(): Float32Array {
    if (this.array !== undefined) return this.wholeArray(this.array);
    if (this.address === 0) refuseReleased();
    this.#copy = undefined;
    // Memory that is not shared detaches its views when it grows; this takes a new one.
    if (this.#view?.buffer !== floats.buffer) {
      this.#view = new Float32Array(floats.buffer, this.address, this.length);
    }
    return this.#view;
  }

  /**
   * The values, safe to keep: the array itself, or a copy of what lies on the heap. It is made once, so that a loop may
   * ask again for every element, and anew when a kernel has had the address since: that may have written.
   */
  get lasting(): Float32Array {
    if (this.array !== undefined) return this.wholeArray(this.array);
    if (this.#copy === undefined) {
      if (this.address === 0) refuseReleased();
      this.#copy = copyOut(this.address, this.length);
    }
    return this.#copy;
  }

  /** Forgets the copy that was handed out. */
  forget(): void {
    this.#copy = undefined;
  }

  /** Gives the block back. */
  vacate(): void {
    give(this.#block as Block);
    this.address = 0;
    this.#block = this.#frame = this.#copy = this.#view = undefined;
  }

  get isReleased(): boolean {
    return this.array === undefined && this.address === 0;
  }

  /** Whether the array's buffer was transferred, as in the second argument of `postMessage`. */
  get isTransferred(): boolean {
    return this.array !== undefined && this.array.length !== this.length;
  }

  /** The array, which must still have its values. */
  private wholeArray(array: Float32Array): Float32Array {
    return array.length === this.length ? array : refuseTransferred();
  }
}

function refuseTransferred(): never {
  refuseUse(
    "tensor",
    "the buffer of this tensor's values was transferred, so they are elsewhere now; send a copy instead " +
      "(toPlain(t), and fromPlain on the other side)",
  );
}

/** Values of the heap in an array outside: byte by byte, for random words may look like NaN, whose bits do not outlive
 *  a copy by number. */
function copyOut(address: number, length: number): Float32Array {
  // The constructor copies out of shared memory twice as fast as slice().
  return new Float32Array(new Float32Array(floats.buffer, address, length));
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
  frames.push({ storages: [], claimed: [] });
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
      storage.array = storage.lasting;
    } else {
      storage.frame = outer;
      outer.storages.push(storage);
    }
  }
  for (const storage of frame.storages) if (storage.frame === frame) storage.vacate();
  for (const residence of frame.claimed) residence.claimedBy = undefined;
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
  for (const residence of frame.claimed) {
    residence.claimedBy = outer;
    outer.claimed.push(residence);
  }
}

/** Whether a storage's only place is a block of the innermost frame. */
export function isOfInnermostFrame(storage: Storage): boolean {
  return storage.array === undefined && storage.frame !== undefined && storage.frame === frames.at(-1);
}

/** Releases a storage of the innermost frame before the frame ends, where nobody will read it again. */
export function releaseEarly(storage: Storage): void {
  if (isOfInnermostFrame(storage)) storage.vacate();
}

/** A new block on the heap, in the innermost frame; its contents are undefined. */
export function allocate(length: number): Storage {
  const storage = new Storage(length);
  place(storage);
  return storage;
}

/** Keeps a residence where it is until the innermost frame ends, or the one that has claimed it. */
export function holdPlace(residence: Residence): void {
  const frame = frames.at(-1);
  if (residence.claimedBy !== undefined || frame === undefined) return;
  residence.claimedBy = frame;
  frame.claimed.push(residence);
}

/** A new block on the heap that belongs to no frame: its storage stays until {@link releaseResident}, or until nobody
 *  can reach its residence; when memory is short it moves out to an ordinary array. */
export function allocateResident(length: number, residence: Residence = new Residence()): Storage {
  const storage = new Storage(length);
  storage.residence = residence;
  residence.residents.add(storage);
  settle(storage, residence);
  residence.sitDown();
  return storage;
}

function settle(storage: Storage, { belongings }: Residence): void {
  storage.block = take(storage.length * 4);
  storage.address = storage.block.start;
  belongings.blocks.add(storage.block);
}

/** Releases a resident storage at once. */
export function releaseResident(storage: Storage): void {
  const residence = storage.residence as Residence;
  residence.residents.delete(storage);
  if (residence.residents.size === 0) residence.standUp();
  storage.residence = storage.array = undefined;
  if (storage.block === undefined) return;
  residence.belongings.blocks.delete(storage.block);
  storage.vacate();
}

/** Brings a residence back to the heap where it has moved out, and keeps it there until the innermost frame ends. */
export function claim(residence: Residence): void {
  holdPlace(residence);
  residence.sitDown();
  for (const resident of residence.residents) {
    const storage = resident as Storage;
    const { array } = storage;
    if (array === undefined) continue;
    // A frame around this one may have a copy of its own, which is about to be out of date.
    if (storage.block !== undefined) storage.vacate();
    settle(storage, residence);
    floats.set(array, storage.address / 4);
    storage.array = undefined;
  }
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
    if (storage.isTransferred) refuseTransferred();
    place(storage);
    floats.set(array, storage.address / 4);
  } else {
    if (storage.residence !== undefined) holdPlace(storage.residence);
    // A kernel that knows the address may write there.
    storage.forget();
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

/** The same, of values that may be absent; 0 for none. */
export function addressInPlaceOrNone(operand: Operand | undefined): number {
  return operand === undefined ? 0 : addressInPlace(operand);
}
