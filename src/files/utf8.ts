// Text as UTF-8 and back, also where there are no TextEncoder and TextDecoder, as in audio worklets.

/** The bytes of a text; half a surrogate pair becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return typeof TextEncoder === "function" ? new TextEncoder().encode(text) : encodeSlowly(text);
}

/**
 * The text of bytes, a byte order mark included.
 *
 * @throws {TypeError} when they are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (typeof TextDecoder !== "function") return decodeSlowly(bytes);
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function encodeSlowly(text: string): Uint8Array {
  // A code unit takes three bytes at most: a pair of them takes four.
  const bytes = new Uint8Array(3 * text.length);
  let end = 0;
  for (const character of text) {
    const given = character.codePointAt(0) as number;
    const point = given >= 0xd800 && given < 0xe000 ? 0xfffd : given;
    const following = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    const mark = [0, 0xc0, 0xe0, 0xf0][following];
    bytes[end++] = mark | (point >> (6 * following));
    for (let k = following - 1; k >= 0; k--) bytes[end++] = 0x80 | ((point >> (6 * k)) & 0x3f);
  }
  return bytes.slice(0, end);
}

/** Smallest code point that may take so many following bytes. */
const LEAST = [0, 0x80, 0x800, 0x10000];

/** Characters that are joined at a time: more parameters than some thousands overflow the stack. */
const PIECE = 4096;

function decodeSlowly(bytes: Uint8Array): string {
  let text = "";
  let points: number[] = [];
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i++];
    const following = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (following < 0 || first > 0xf7 || i + following > bytes.length) refuseBytes(i - 1);
    let point = following === 0 ? first : first & (0x3f >> following);
    for (let k = 0; k < following; k++) {
      const byte = bytes[i++];
      if (byte >> 6 !== 2) refuseBytes(i - 1);
      point = (point << 6) | (byte & 0x3f);
    }
    const isSurrogate = point >= 0xd800 && point < 0xe000;
    if (point < LEAST[following] || point > 0x10ffff || isSurrogate) refuseBytes(i - 1);
    points.push(point);
    if (points.length === PIECE) {
      text += String.fromCodePoint(...points);
      points = [];
    }
  }
  return text + String.fromCodePoint(...points);
}

function refuseBytes(place: number): never {
  throw new TypeError(`decodeUtf8: bytes must be UTF-8, got another byte at ${place}`);
}
