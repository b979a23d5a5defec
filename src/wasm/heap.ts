// The allocator of the WASM memory: two-level segregated fit (Masmano et al. 2004), kept in ordinary objects. Blocks
// are found, split and merged in constant time; nothing is written to the memory itself.

import { refuseMemory } from "../check/check.js";
import { memoryBytes, growTo, currentRuntime } from "./runtime.js";

/** Blocks begin at multiples of a cache line. */
const ALIGNMENT = 64;
/** Size classes per power of two. */
const SECOND_LEVEL = 8;
const CLASSES = 32 * SECOND_LEVEL;
/** Blocks of a page or more are made an odd number of cache lines long: the arrays of one operation then do not
 *  all begin at the same offset of a page, which would make their loads and stores collide (1.2× on Adam). */
const LARGE = 4096;

/** A stretch of the heap. */
export interface Block {
  readonly start: number;
}

/** Its links: neighbours by address, and neighbours in the list of its class while it is free. */
interface Link extends Block {
  start: number;
  size: number;
  isFree: boolean;
  before: Link | undefined;
  after: Link | undefined;
  next: Link | undefined;
  previous: Link | undefined;
}

/** The free blocks of every class, and a bit for each class that has any. */
const firsts = Array.from({ length: CLASSES }, (): Link | undefined => undefined);
const occupied = new Uint32Array(CLASSES / 32);
/** The block that ends at the heap's end. */
let last: Link | undefined;
let heapEnd = 0;
let used = 0;
let peak = 0;

function classOf(size: number): number {
  const power = 31 - Math.clz32(size);
  return power * SECOND_LEVEL + (size >>> (power - 3)) - SECOND_LEVEL;
}

function makeBlock(start: number, size: number, before: Link | undefined, after: Link | undefined): Link {
  const block: Link = { start, size, isFree: false, before, after, next: undefined, previous: undefined };
  if (before) before.after = block;
  if (after) after.before = block;
  else last = block;
  return block;
}

function insert(block: Link): void {
  const index = classOf(block.size);
  const first = firsts[index];
  block.isFree = true;
  block.next = first;
  if (first) first.previous = block;
  else occupied[index >>> 5] |= 1 << (index & 31);
  firsts[index] = block;
}

function remove(block: Link): void {
  const { next, previous } = block;
  if (next) next.previous = previous;
  if (previous) previous.next = next;
  else {
    const index = classOf(block.size);
    firsts[index] = next;
    if (!next) occupied[index >>> 5] &= ~(1 << (index & 31));
  }
  block.isFree = false;
  block.next = block.previous = undefined;
}

/** Joins a block with the free one behind it. */
function absorbNext(block: Link): void {
  const { size, after } = block.after as Link;
  block.size += size;
  block.after = after;
  if (after) after.before = block;
  else last = block;
}

/** A free block of at least `size` bytes: the first of the lowest class that holds one large enough. */
function find(size: number): Link | undefined {
  const lowest = classOf(size);
  for (let block = firsts[lowest]; block; block = block.next) if (block.size >= size) return block;
  let above = (-1 << (lowest & 31)) << 1;
  for (let word = lowest >>> 5; word < occupied.length; word++, above = -1) {
    const bits = occupied[word] & above;
    if (bits !== 0) return firsts[word * 32 + 31 - Math.clz32(bits & -bits)];
  }
  return undefined;
}

/** Adds fresh memory behind the heap's end, merged with a free block that ends there. */
function extend(size: number): boolean {
  if (heapEnd === 0) heapEnd = currentRuntime().heap;
  const start = last?.isFree ? last.start : heapEnd;
  // The last cache line of the memory stays empty: kernels may read (never write) a vector past an array.
  if (!growTo(start + size + ALIGNMENT)) return false;
  const fresh = makeBlock(heapEnd, memoryBytes().present - ALIGNMENT - heapEnd, last, undefined);
  heapEnd += fresh.size;
  release(fresh);
  return true;
}

/** Makes a block free and merges it with free neighbours. */
function release(block: Link): void {
  const { before, after } = block;
  if (after?.isFree) {
    remove(after);
    absorbNext(block);
  }
  if (before?.isFree) {
    remove(before);
    absorbNext(before);
    insert(before);
  } else {
    insert(block);
  }
}

/** Frees some of the heap where that can be had, and says whether it did. */
let makeRoom: () => boolean = () => false;

/** Names what makes room when the memory is full; it is asked again until enough is free or nothing more can be had. */
export function onShortage(f: () => boolean): void {
  makeRoom = f;
}

/** Takes a block that `heapUse` does not count: what belongs to no user's values. */
export function setAside(bytes: number): Block {
  let size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
  if (size >= LARGE && size % (2 * ALIGNMENT) === 0) size += ALIGNMENT;
  let block = find(size);
  while (block === undefined) {
    if (!extend(size) && !makeRoom()) refuseMemory(bytes, used, memoryBytes().limit);
    block = find(size);
  }
  remove(block);
  if (block.size > size) {
    insert(makeBlock(block.start + size, block.size - size, block, block.after));
    block.size = size;
  }
  return block;
}

/** Gives such a block back. */
export function giveBack(block: Block): void {
  release(block as Link);
}

/**
 * Takes a block.
 *
 * @param bytes - how many, ≥ 1
 * @returns the block
 * @throws {RangeError} when the memory cannot hold it; everything still works afterwards
 */
export function take(bytes: number): Block {
  const block = setAside(bytes);
  used += (block as Link).size;
  peak = Math.max(peak, used);
  return block;
}

/** Gives a block back. */
export function give(block: Block): void {
  used -= (block as Link).size;
  giveBack(block);
}

/** Bytes in use now, and the most that ever were. */
export function heapUse(): { used: number; peak: number } {
  return { used, peak };
}
