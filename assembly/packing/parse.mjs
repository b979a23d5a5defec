// Where bytes repeat earlier ones, and the cheapest way to say them: a shortest path over all positions.

/** Earlier places that are looked at for each position. */
const MOST_TRIED = 3000;

/** For each position [length, distance] of the nearest earlier bytes that are the same, for each length the nearest. */
export function findMatches(bytes) {
  const heads = new Map();
  const earlier = new Int32Array(bytes.length).fill(-1);
  return Array.from(bytes, (byte, i) => {
    if (i + 1 === bytes.length) return [];
    const pair = byte | (bytes[i + 1] << 8);
    earlier[i] = heads.get(pair) ?? -1;
    heads.set(pair, i);
    const found = [];
    let longest = 1;
    for (let at = earlier[i], tried = 0; at >= 0 && tried < MOST_TRIED; at = earlier[at], tried++) {
      // At the end undefined equals nothing, and nothing longer can be found.
      if (bytes[at + longest] !== bytes[i + longest]) continue;
      const length = lengthOf(bytes, i, i - at);
      if (length <= longest) continue;
      longest = length;
      found.push([length, i - at]);
      if (i + length === bytes.length) break;
    }
    return found;
  });
}

/** How many bytes from a position on are those that lie `distance` before them. */
function lengthOf(bytes, i, distance) {
  let length = 0;
  while (i + length < bytes.length && bytes[i + length] === bytes[i + length - distance]) length++;
  return length;
}

/** Lengths of a copy that are worth a try: the short ones all, of the long ones those near its end. */
function* lengthsUpTo(least, most) {
  for (let length = least; length <= most; length++) {
    if (length > 40 && length < most - 40) length = most - 40;
    yield length;
  }
}

/** The last three distances after a token. */
function recentAfter(recent, token) {
  if (token.byte !== undefined) return recent;
  return [token.distance, ...recent.filter((_, k) => k !== (token.recent ?? 2))];
}

/** The tokens of the cheapest way. At each position only the cheapest way to it is followed, with its last distances. */
export function parse(bytes, matches, prices) {
  const end = bytes.length;
  const costs = new Float64Array(end + 1).fill(Infinity);
  const recents = Array.from({ length: end + 1 });
  const tokens = Array.from({ length: end + 1 });
  costs[0] = 0;
  recents[0] = [1, 1, 1];
  for (let i = 0; i < end; i++) {
    if (i > 0) recents[i] = recentAfter(recents[i - (tokens[i].length ?? 1)], tokens[i]);
    const offer = (length, price, token) => {
      if (costs[i] + price >= costs[i + length]) return;
      costs[i + length] = costs[i] + price;
      tokens[i + length] = token;
    };
    offer(1, prices.byte(i), { byte: bytes[i] });
    recents[i].forEach((distance, recent) => {
      if (distance > i || recents[i].indexOf(distance) < recent) return;
      for (const length of lengthsUpTo(1, lengthOf(bytes, i, distance))) {
        offer(length, prices.copy(length, distance, recent), { length, distance, recent });
      }
    });
    let least = 2;
    for (const [most, distance] of matches[i]) {
      for (const length of lengthsUpTo(least, most)) {
        offer(length, prices.copy(length, distance), { length, distance });
      }
      least = most + 1;
    }
  }
  const way = [];
  for (let i = end; i > 0; i -= tokens[i].length ?? 1) way.push(tokens[i]);
  return way.reverse();
}
