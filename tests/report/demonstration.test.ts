// What the report shows of untrained decoders: transposed convolutions leave a pattern, resizing leaves none.

import { describe, expect, it } from "vitest";
import { readPng } from "../../src/images/index.js";
import { key, random } from "../../src/index.js";
import { createReport } from "../../src/report/index.js";
import { fullCase } from "../support/reportCases.js";

const { model, params, images, options } = fullCase();
const { html, pictures } = createReport(model, params, images, { ...options, key: key(3) });

describe("three ways to enlarge an image", () => {
  const shares = [...html.matchAll(/(\d+)\u202f% of the variance repeats every second pixel/g)];
  const energies = shares.map(([, share]) => Number(share));

  it("measures a pattern in transposed convolutions, and none in what is resized", () => {
    expect(energies).toHaveLength(3);
    expect(energies[0]).toBeGreaterThan(10);
    expect(energies[1]).toBeGreaterThan(5);
    expect(energies[2]).toBe(0);
  });

  it("shows what it measures: surfaces that stay plain only when they are resized", () => {
    const tones = [1, 2, 3].map((i) => {
      const picture = readPng(pictures[`enlarging${i}`]!);
      const channels = picture.shape[2]!;
      // The last channel is how opaque a pixel is: gaps between the images are not.
      const opaque = picture.data.filter((_, at) => picture.data[at - (at % channels) + channels - 1] === 1);
      return new Set(opaque.filter((_, at) => at % channels !== channels - 1)).size;
    });
    expect(tones[0]).toBeGreaterThan(20);
    expect(tones[1]).toBeGreaterThan(20);
    expect(tones[2]).toBe(1);
  });

  it("depends on the key alone, not on the model", () => {
    const other = createReport(model, model.init(key(99)), random.uniform(key(5), images.shape), {
      key: key(3),
    });
    expect(other.pictures.enlarging1).toEqual(pictures.enlarging1);
    const another = createReport(model, params, images, { ...options, key: key(4) });
    expect(another.pictures.enlarging1).not.toEqual(pictures.enlarging1);
  });
});
