// The random words that keys stand for, one block at a time: threefry2x32 as Random123 writes it, laid out as JAX did
// before its partitionable streams.

export type Words = readonly [number, number];

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];

/** threefry2x32 with 20 rounds (Salmon et al. 2011, section 3.3): two words from a key and a counter. */
export function threefry(key: Words, counter: Words): [number, number] {
  const keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1bd11bda];
  let [x, y] = [(counter[0] + key[0]) | 0, (counter[1] + key[1]) | 0];
  for (let round = 0; round < 5; round++) {
    for (const bits of ROTATIONS[round % 2]) {
      x = (x + y) | 0;
      y = ((y << bits) | (y >>> (32 - bits))) ^ x;
    }
    x = (x + keys[(round + 1) % 3]) | 0;
    y = (y + keys[(round + 2) % 3] + round + 1) | 0;
  }
  return [x >>> 0, y >>> 0];
}

/** `count` words: the counters in two halves, the second filled up with 0, enciphered in pairs (jax.random.bits). */
export function threefryWords(key: Words, count: number, firstCounter = 0): number[] {
  const half = Math.ceil(count / 2);
  const counterAt = (i: number) => (i < count ? firstCounter + i : 0);
  const pairs = Array.from({ length: half }, (_, i) => threefry(key, [counterAt(i), counterAt(half + i)]));
  return [...pairs.map(([first]) => first), ...pairs.map(([, second]) => second)].slice(0, count);
}
