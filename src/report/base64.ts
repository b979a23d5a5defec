// Bytes as base64 text, as data URLs hold them; the same on every platform.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes per piece of text: a multiple of 3, so that only the last is padded. */
const PIECE = 3 * 1024;

/** Base64 with padding. @see RFC 4648, section 4 */
export function base64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += PIECE) {
    let piece = "";
    const end = Math.min(start + PIECE, bytes.length);
    for (let i = start; i < end; i += 3) {
      const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
      piece += DIGITS[word >> 18] + DIGITS[(word >> 12) & 63];
      piece += (i + 1 < end ? DIGITS[(word >> 6) & 63] : "=") + (i + 2 < end ? DIGITS[word & 63] : "=");
    }
    pieces.push(piece);
  }
  return pieces.join("");
}
