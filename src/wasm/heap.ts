// The allocator of the WASM memory: two-level segregated fit (Masmano et al. 2004), kept in ordinary maps. Blocks
// are found, split and merged in constant time; nothing is written to the memory itself.

import { memoryBytes, growTo, currentRuntime } from "./runtime.js";

/** Blocks begin at multiples of a cache line. */
const ALIGNMENT = 64;
/** Size classes per power of two. */
const SECOND_LEVEL = 8;
/** Blocks of a page or more are made an odd number of cache lines long: the arrays of one operation then do not
 *  all begin at the same offset of a page, which would make their loads and stores collide (1.2× on Adam). */
const LARGE = 4096;

interface Block {
  readonly start: number;
  readonly size: number;
}

/** Blocks in use and free blocks by their start, free blocks also by their end. */
const taken = new Map<number, Block>();
const freeAt = new Map<number, Block>();
const freeTo = new Map<number, Block>();
const classes: Set<Block>[] = [];
let heapEnd = 0;
let used = 0;
let peak = 0;

function classOf(size: number): number {
  const power = 31 - Math.clz32(size >>> 0);
  return power * SECOND_LEVEL + Math.floor(size / 2 ** (power - 3)) - SECOND_LEVEL;
}

function insert(start: number, size: number): void {
  const block: Block = { start, size };
  freeAt.set(start, block);
  freeTo.set(start + size, block);
  (classes[classOf(size)] ??= new Set()).add(block);
}

function remove(block: Block): void {
  freeAt.delete(block.start);
  freeTo.delete(block.start + block.size);
  classes[classOf(block.size)].delete(block);
}

/** A free block of at least `size` bytes: the first of the lowest class that holds one large enough. */
function find(size: number): Block | undefined {
  const lowest = classOf(size);
  for (const block of classes[lowest] ?? []) if (block.size >= size) return block;
  for (let index = lowest + 1; index < classes.length; index++) {
    for (const block of classes[index] ?? []) return block;
  }
  return undefined;
}

/** Adds fresh memory behind the heap's end, merged with a free block that ends there. */
function extend(size: number): boolean {
  if (heapEnd === 0) heapEnd = currentRuntime().heap;
  const last = freeTo.get(heapEnd);
  const start = last?.start ?? heapEnd;
  // The last cache line of the memory stays empty: kernels may read (never write) a vector past an array.
  if (!growTo(start + size + ALIGNMENT)) return false;
  if (last) remove(last);
  heapEnd = memoryBytes().present - ALIGNMENT;
  insert(start, heapEnd - start);
  return true;
}

/**
 * Takes a block.
 *
 * @param bytes - how many, ≥ 1
 * @returns its address
 * @throws {RangeError} when the memory cannot hold it; everything still works afterwards
 */
export function take(bytes: number): number {
  let size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
  if (size >= LARGE && size % (2 * ALIGNMENT) === 0) size += ALIGNMENT;
  let block = find(size);
  if (block === undefined) {
    if (!extend(size)) {
      const { limit } = memoryBytes();
      throw new RangeError(
        `out of memory: asked for ${bytes} bytes, ${used} are in use, the limit is ${limit} (configure's maxMemory)`,
      );
    }
    block = find(size) as Block;
  }
  remove(block);
  if (block.size > size) insert(block.start + size, block.size - size);
  taken.set(block.start, { start: block.start, size });
  used += size;
  peak = Math.max(peak, used);
  return block.start;
}

/** Gives a block back and merges it with free neighbours. */
export function give(address: number): void {
  let { start, size } = taken.get(address) as Block;
  taken.delete(address);
  used -= size;
  const before = freeTo.get(start);
  if (before !== undefined) {
    remove(before);
    start = before.start;
    size += before.size;
  }
  const after = freeAt.get(start + size);
  if (after !== undefined) {
    remove(after);
    size += after.size;
  }
  insert(start, size);
}

/** Bytes in use now, and the most that ever were. */
export function heapUse(): { used: number; peak: number } {
  return { used, peak };
}
