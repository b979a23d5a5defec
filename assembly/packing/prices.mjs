// What tokens cost, guessed from what they have cost in the rounds before.

/** Weight of a round against the next one: prices of single rounds swing. */
const MEMORY = 0.6;
/** Lengths from here on are one. */
const LONG = 12;

const digitsOf = (number) => 31 - Math.clz32(number);

/** The classes of a byte, the widest first: all, its value, with one and with two bytes before it. */
function classesOf(bytes, i) {
  const [byte, one, two] = [bytes[i], bytes[i - 1], bytes[i - 2]];
  return ["all", byte, `${one} ${byte}`, `${two} ${one} ${byte}`];
}

export class Prices {
  #bytes;
  /** Sums of bits and counts, by class. */
  #paid = new Map();
  #ofBytes;
  #ofCopies;

  constructor(bytes) {
    this.#bytes = bytes;
    this.learn([], []);
  }

  byte(i) {
    return this.#ofBytes[i];
  }

  copy(length, distance, recent) {
    const many = length < LONG ? 0 : 0.6 * (digitsOf(length) - 3);
    const row = this.#ofCopies[Math.min(length, LONG)];
    return many + (recent === undefined ? row.fresh[digitsOf(distance)] : row.recent[recent]);
  }

  /** Takes what the tokens of a round have cost. */
  learn(tokens, costs) {
    for (const entry of this.#paid.values()) {
      entry.bits *= MEMORY;
      entry.count *= MEMORY;
    }
    let i = 0;
    tokens.forEach(({ byte, length, distance, recent }, k) => {
      if (byte !== undefined) for (const name of classesOf(this.#bytes, i)) this.#pay(name, costs[k]);
      else {
        const kind = recent === undefined ? `fresh ${digitsOf(distance)}` : `recent ${recent}`;
        this.#pay(`${kind} ${Math.min(length, LONG)}`, costs[k]);
      }
      i += length ?? 1;
    });
    this.#ofBytes = Float64Array.from(this.#bytes, (_, at) =>
      classesOf(this.#bytes, at).reduce((guess, name) => this.#price(name, guess, 2), 8),
    );
    this.#ofCopies = Array.from({ length: LONG + 1 }, (_, length) => {
      const rest = 1.3 * Math.log2(Math.max(length, 1));
      const fresh = Array.from({ length: 20 }, (_, digits) =>
        this.#price(`fresh ${digits} ${length}`, 6 + 0.95 * digits + rest, 6),
      );
      const recent = [0, 1, 2].map((one) => this.#price(`recent ${one} ${length}`, 3 + one + rest, 6));
      return { fresh, recent };
    });
  }

  #pay(name, bits) {
    const entry = this.#paid.get(name);
    if (entry === undefined) this.#paid.set(name, { bits, count: 1 });
    else {
      entry.bits += bits;
      entry.count++;
    }
  }

  /** What a class has cost on average, with a guess that counts as much as so many tokens. */
  #price(name, guess, weight) {
    const { bits = 0, count = 0 } = this.#paid.get(name) ?? {};
    return (bits + guess * weight) / (count + weight);
  }
}
