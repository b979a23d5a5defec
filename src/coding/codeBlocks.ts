// Quantized codes as side information and blocks: a table per dimension, counted over all codes, and the symbols of a
// block by these tables, so that every block can be read by itself.

import { type ByteReader, ByteWriter, refuseDamage } from "./byteFile.js";
import { SymbolStack } from "./rans.js";
import { codedSymbols, decodedSymbols } from "./symbols.js";
import { type FrequencyTable, frequencyTable, uniformAt, uniformStart } from "./tables.js";

/** Most bits of a symbol that a table tells; what is finer is told as it is. Numbers of vectors have nothing finer. */
export const TABLE_BITS = { codes: 8, indices: 12 } as const;
/** Most bits that are told as they are. */
const MOST_SHIFT = 8;
/** Codes to a bin of a table: with fewer, its counts would cost more than they save. */
const CODES_PER_BIN = 32;
/** What counts are scaled down to before they are written. */
const MOST_COUNT = 2 ** 12;

/** How the symbols of one dimension are told. */
interface Column {
  /** Bits below those that the table knows. */
  readonly shift: number;
  /** Counts of the higher bits. */
  readonly weights: Uint32Array;
}

const binsOf = (levels: number, shift: number) => ((levels - 1) >>> shift) + 1;

/** How many lower bits stay outside of the table of so many levels, where there are so many codes. */
function shiftOf(levels: number, count: number, tableBits: number): number {
  if (tableBits === TABLE_BITS.indices) return 0;
  const most = Math.min(1 << tableBits, Math.max(1, Math.floor(count / CODES_PER_BIN)));
  let shift = 0;
  while (binsOf(levels, shift) > most && shift < MOST_SHIFT) shift++;
  return shift;
}

/** The counts of a dimension's symbols, scaled so that they can be told cheaply. */
function columnOf(symbols: ArrayLike<number>, j: number, levels: Uint32Array, tableBits: number): Column {
  const dimensions = levels.length;
  const count = symbols.length / dimensions;
  const shift = shiftOf(levels[j], count, tableBits);
  const weights = new Uint32Array(binsOf(levels[j], shift));
  for (let at = j; at < symbols.length; at += dimensions) weights[symbols[at] >>> shift]++;
  const scale = Math.max(1, count / MOST_COUNT);
  return { shift, weights: weights.map((weight) => Math.ceil(weight / scale)) };
}

/** Numbers with how many values each could have had, on their way to a message. */
type Uniform = readonly [value: number, range: number];

/** The largest part that a table of equal counts tells at once. */
const MOST_RANGE = 2 ** 12;

/** Counts as splits: how much of a sum lies in the first half of its bins. An empty half is told no more. */
function splitsOf(weights: Uint32Array, splits: Uniform[]): void {
  if (weights.length === 1) return;
  const middle = weights.length >>> 1;
  const [first, second] = [weights.subarray(0, middle), weights.subarray(middle)];
  const sum = (part: Uint32Array) => part.reduce((total, weight) => total + weight, 0);
  const [left, right] = [sum(first), sum(second)];
  if (left + right === 0) return;
  splits.push([left, left + right + 1]);
  splitsOf(first, splits);
  splitsOf(second, splits);
}

function readSplits(weights: Uint32Array, total: number, next: (range: number) => number): void {
  if (weights.length === 1) weights[0] = total;
  if (weights.length === 1 || total === 0) return;
  const middle = weights.length >>> 1;
  const left = next(total + 1);
  readSplits(weights.subarray(0, middle), left, next);
  readSplits(weights.subarray(middle), total - left, next);
}

/** Large ranges are told in two parts. */
const partsOf = ([value, range]: Uniform): Uniform[] =>
  range <= MOST_RANGE
    ? [[value, range]]
    : [
        [Math.floor(value / MOST_RANGE), Math.ceil(range / MOST_RANGE)],
        [value % MOST_RANGE, MOST_RANGE],
      ];

function writeUniform(where: string, numbers: readonly Uniform[]): Uint8Array {
  const stack = new SymbolStack(where);
  for (const [value, range] of numbers.flatMap(partsOf).reverse()) {
    const start = uniformStart(value, range);
    stack.push(start, uniformStart(value + 1, range) - start);
  }
  return stack.message();
}

/** Reads numbers whose ranges the reader knows. */
function uniformReader(where: string, stack: SymbolStack): (range: number) => number {
  const next = (range: number): number => {
    if (range > MOST_RANGE) {
      const value = next(Math.ceil(range / MOST_RANGE)) * MOST_RANGE + next(MOST_RANGE);
      return value < range ? value : refuseDamage(where, `have counts below ${range}`, value);
    }
    const value = uniformAt(stack.peek(), range);
    const start = uniformStart(value, range);
    stack.drop(start, uniformStart(value + 1, range) - start);
    return value;
  };
  return next;
}

/** Tables of all dimensions in which symbols differ. */
interface Tables {
  readonly shifts: readonly number[];
  readonly tables: readonly FrequencyTable[];
}

const tablesOf = (columns: readonly Column[]): Tables => ({
  shifts: columns.map(({ shift }) => shift),
  tables: columns.map(({ weights }) => frequencyTable(weights)),
});

/** Symbols of rows, in order, as what tables tell and the bits below. */
function partsOfRows(symbols: ArrayLike<number>, { shifts }: Tables): Uint32Array {
  const parts = new Uint32Array(2 * symbols.length);
  for (let i = 0; i < symbols.length; i++) {
    const shift = shifts[i % shifts.length];
    parts[2 * i] = symbols[i] >>> shift;
    parts[2 * i + 1] = symbols[i] & ((1 << shift) - 1);
  }
  return parts;
}

const modelsOf = ({ shifts, tables }: Tables): readonly FrequencyTable[] => {
  const even = shifts.map((shift) => frequencyTable(new Uint32Array(1 << shift)));
  return tables.flatMap((table, j) => [table, even[j]]);
};

/** Codes in blocks, and what is needed to read them. */
export interface CodeBlocks {
  readonly side: Uint8Array;
  readonly blocks: readonly Uint8Array[];
}

/** The side information and the blocks of symbols `[count, dimensions]`, each dimension with so many levels. */
export function writeCodeBlocks(
  where: string,
  symbols: Uint16Array,
  levels: Uint32Array,
  blockSize: number,
  kind: keyof typeof TABLE_BITS = "codes",
): CodeBlocks {
  const dimensions = levels.length;
  const columns = Array.from({ length: dimensions }, (_, j) =>
    columnOf(symbols, j, levels, TABLE_BITS[kind]),
  );
  const splits: Uniform[] = [];
  const side = new ByteWriter();
  columns.forEach(({ shift, weights }, j) => {
    side
      .integer(levels[j])
      .put([shift])
      .integer(weights.reduce((sum, weight) => sum + weight, 0));
    splitsOf(weights, splits);
  });
  side.put(writeUniform(where, splits));
  const tables = tablesOf(columns);
  const models = modelsOf(tables);
  const blocks: Uint8Array[] = [];
  const length = blockSize * dimensions;
  for (let at = 0; at < symbols.length; at += length) {
    blocks.push(codedSymbols(where, partsOfRows(symbols.subarray(at, at + length), tables), models));
  }
  return { side: side.done(), blocks };
}

/** Reads the blocks of {@link writeCodeBlocks}. */
export interface CodeReader {
  readonly levels: Uint32Array;
  /** The symbols `[rows, dimensions]` of a block. */
  read(block: Uint8Array, rows: number): Uint16Array;
}

/** Reads side information; what it says is checked, for whoever made the file may have meant harm. */
export function codeReader(
  where: string,
  reader: ByteReader,
  dimensions: number,
  kind: keyof typeof TABLE_BITS = "codes",
): CodeReader {
  const mostBins = 1 << TABLE_BITS[kind];
  const levels = new Uint32Array(dimensions);
  const totals = new Uint32Array(dimensions);
  const shifts: number[] = [];
  for (let j = 0; j < dimensions; j++) {
    levels[j] = reader.integer("number of levels", 1, 2 ** 16);
    const shift = reader.byte();
    if (shift > MOST_SHIFT || binsOf(levels[j], shift) > mostBins) {
      refuseDamage(where, `have tables of at most ${mostBins} symbols`, shift);
    }
    shifts.push(shift);
    totals[j] = reader.integer("sum of counts", 0, 2 ** 20);
  }
  const stack = new SymbolStack(where, reader.take(reader.left));
  const next = uniformReader(where, stack);
  const columns = shifts.map((shift, j): Column => {
    const weights = new Uint32Array(binsOf(levels[j], shift));
    readSplits(weights, totals[j], next);
    return { shift, weights };
  });
  stack.checkEmpty();
  const tables = tablesOf(columns);
  const models = modelsOf(tables);
  return {
    levels,
    read(block, rows) {
      const parts = decodedSymbols(where, block, 2 * rows * dimensions, models);
      return Uint16Array.from({ length: rows * dimensions }, (_, i) => {
        const j = i % dimensions;
        const symbol = (parts[2 * i] << shifts[j]) + parts[2 * i + 1];
        return symbol < levels[j] ? symbol : refuseDamage(where, `have symbols below ${levels[j]}`, symbol);
      });
    },
  };
}
