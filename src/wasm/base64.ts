// Base64 text to bytes, without `atob`, which worklets do not have.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The bytes of base64 text that the build has written: its digits are not checked.
 *
 * @param text - with padding
 * @see RFC 4648, section 4
 */
export function decodeBase64(text: string): Uint8Array {
  const values = new Uint8Array(128);
  for (let i = 0; i < DIGITS.length; i++) values[DIGITS.charCodeAt(i)] = i;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let word = 0;
  for (let i = 0, end = 0; i < text.length; i += 4) {
    for (let k = 0; k < 4; k++) word = (word << 6) | values[text.charCodeAt(i + k)];
    // Past the end of a typed array nothing is written: the padding's bytes fall away.
    bytes[end++] = word >> 16;
    bytes[end++] = word >> 8;
    bytes[end++] = word;
  }
  return bytes;
}
