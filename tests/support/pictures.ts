// Measures of pictures that tests of drawn data share.

import { type Tensor } from "../../src/index.js";

/** One picture of a batch `[count, size, size, 1]`. */
export function pictureOf(images: Tensor, image: number): Float32Array {
  const pixels = images.shape[1] * images.shape[2];
  return images.data.slice(image * pixels, (image + 1) * pixels);
}

/** Left and right exchanged. */
export function mirrored(picture: Float32Array): Float32Array {
  const size = Math.sqrt(picture.length);
  return picture.map((_, i) => picture[i - (i % size) + size - 1 - (i % size)]);
}

/** Upper and lower exchanged. */
export function upsideDown(picture: Float32Array): Float32Array {
  const size = Math.sqrt(picture.length);
  return picture.map((_, i) => picture[picture.length - size - (i - (i % size)) + (i % size)]);
}

/** The greatest and the mean absolute difference of two pictures. */
export function differenceOf(a: Float32Array, b: Float32Array): { greatest: number; mean: number } {
  const differences = a.map((tone, i) => Math.abs(tone - b[i]));
  return {
    greatest: differences.reduce((greatest, difference) => Math.max(greatest, difference), 0),
    mean: differences.reduce((sum, difference) => sum + difference, 0) / a.length,
  };
}

/** Sum of tones and their centre of mass, in a picture that spans [−1, 1] both ways; the area in those units. */
export function massOf(picture: Float32Array): { area: number; x: number; y: number } {
  const size = Math.sqrt(picture.length);
  const place = (index: number) => (2 * index + 1 - size) / size;
  let [mass, x, y] = [0, 0, 0];
  picture.forEach((tone, i) => {
    mass += tone;
    x += tone * place(i % size);
    y += tone * place(Math.floor(i / size));
  });
  return { area: (mass * 4) / picture.length, x: x / mass, y: y / mass };
}
