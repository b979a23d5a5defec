// The entropy coder: a stack of symbols in one long number, as range asymmetric numeral systems (rANS) keep it. All of
// it is integers below 2³², so that every runtime reads what another one wrote.

import { refuseValue } from "../check/check.js";

/** Bits of a whole: the counts of all symbols of a table add up to 2¹⁶. */
export const PRECISION = 16;
/** What the counts of a table add up to. */
export const TOTAL = 1 << PRECISION;

/**
 * The state lies in [2²³, 2³¹): a byte goes out or comes in as it leaves that interval. Every symbol then divides at
 * least 2⁷ steps, so that rounding costs less than 10⁻⁴ of a message.
 */
const LEAST = 2 ** 23;
/** Bytes of the state at the end of a message. */
const STATE_BYTES = 4;

/** Number i of bits that nobody sent: a fixed sequence of bytes without a pattern. */
function lentByte(i: number): number {
  const mixed = Math.imul((i + 1) ^ ((i + 1) >>> 15), 0x2c1b3c6d);
  return (Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 21) & 255;
}

/** A state of such bits, with which a stack begins that lends. */
const LENT_STATE = LEAST + ((lentByte(-2) << 15) | (lentByte(-3) << 7) | (lentByte(-4) >>> 1));

/**
 * A stack of symbols: what is pushed last is popped first. A symbol is an interval of [0, 2¹⁶), whose length over 2¹⁶
 * is its probability.
 */
export class SymbolStack {
  private state = LEAST;
  private bytes: Uint8Array;
  private length = 0;
  /** Bytes that were lent; undefined where nothing is. */
  private lent: number | undefined;

  /** An empty stack, or that of a message. */
  constructor(
    private readonly where: string,
    message?: Uint8Array,
  ) {
    // Copied, for symbols may be pushed onto what is read.
    this.bytes = message?.slice() ?? new Uint8Array(64);
    if (message === undefined) return;
    this.length = message.length;
    if (this.length < STATE_BYTES) this.refuse();
    let state = 0;
    for (let i = 0; i < STATE_BYTES; i++) state = state * 256 + this.bytes[--this.length];
    if (state < LEAST || state >= LEAST * 256) this.refuse();
    this.state = state;
  }

  /**
   * An empty stack from which symbols may be popped all the same: it lends bits, which are part of the message. Whoever
   * reads that has them left in the end ({@link checkReturned}).
   */
  static lending(where: string): SymbolStack {
    const stack = new SymbolStack(where);
    stack.lent = 0;
    stack.state = LENT_STATE;
    return stack;
  }

  /** Puts the symbol of the interval [start, start + count) on top; start and count are integers, count ≥ 1. */
  push(start: number, count: number): void {
    const most = (LEAST / TOTAL) * 256 * count;
    let { state } = this;
    while (state >= most) {
      if (this.length === this.bytes.length) this.grow();
      this.bytes[this.length++] = state & 255;
      state >>>= 8;
    }
    const quotient = Math.floor(state / count);
    this.state = quotient * TOTAL + start + (state - quotient * count);
  }

  /** A number in the interval of the symbol on top. */
  peek(): number {
    return this.state & (TOTAL - 1);
  }

  /** Takes the symbol on top away, whose interval {@link peek} has told. */
  drop(start: number, count: number): void {
    let state = (this.state >>> PRECISION) * count + (this.state & (TOTAL - 1)) - start;
    while (state < LEAST) {
      state = state * 256 + (this.length > 0 ? this.bytes[--this.length] : this.lend());
    }
    this.state = state;
  }

  /** Puts a symbol on top; `startOf` tells where the interval of each symbol begins, and of the next one behind the last. */
  pushSymbol(symbol: number, startOf: (symbol: number) => number): void {
    const start = startOf(symbol);
    this.push(start, startOf(symbol + 1) - start);
  }

  /** Takes the symbol on top, one of those from first on and before `behind`: found by halving, as starts grow. */
  popSymbol(first: number, behind: number, startOf: (symbol: number) => number): number {
    const place = this.peek();
    let [low, high] = [first, behind];
    let [start, end] = [0, TOTAL];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const at = startOf(middle);
      if (at <= place) [low, start] = [middle, at];
      else [high, end] = [middle, at];
    }
    this.drop(start, end - start);
    return low;
  }

  private lend(): number {
    return this.lent === undefined ? this.refuse() : lentByte(this.lent++);
  }

  /** The message of what is on the stack. */
  message(): Uint8Array {
    const message = new Uint8Array(this.length + STATE_BYTES);
    message.set(this.bytes.subarray(0, this.length));
    for (let i = 0; i < STATE_BYTES; i++) message[this.length + i] = (this.state >>> (8 * i)) & 255;
    return message;
  }

  /** Refuses a message of which something is left, or that was not what the pushes of this coder make. */
  checkEmpty(): void {
    if (this.length > 0 || this.state !== LEAST) this.refuse();
  }

  /** Refuses a message of which something else is left than what {@link lending} lent. */
  checkReturned(): void {
    const isLent = (byte: number, i: number) => byte === lentByte(this.length - 1 - i);
    const isWhole = this.bytes.subarray(0, this.length).every(isLent);
    if (!isWhole || this.state !== LENT_STATE) this.refuse();
  }

  private grow(): void {
    const wider = new Uint8Array(2 * this.bytes.length);
    wider.set(this.bytes);
    this.bytes = wider;
  }

  private refuse(): never {
    const rule = "be a message of these symbols, whole and unchanged";
    return refuseValue(this.where, "bytes", rule, this.bytes);
  }
}
