// Laws of the readout: on faces that it has not seen it ranks smile, yaw and tilt nearly as they were drawn.

import { beforeAll, describe, expect, it } from "vitest";
import { type FaceReadout, faces, fitFaceReadout, readFaces } from "../../../src/data/index.js";
import { key, ops, type Tensor, tensor, zeros } from "../../../src/index.js";
import { expectRefused } from "../../support/refusals.js";

const READ = ["yaw", "tilt", "smile"] as const;
const drawn = faces({ count: 900, key: key(1001) });
let readout: FaceReadout;

beforeAll(() => {
  readout = fitFaceReadout({ key: key(1) });
}, 600_000);

const ranksOf = (values: Float32Array): Float32Array => {
  const ranks = new Float32Array(values.length);
  [...values.keys()].sort((i, j) => values[i] - values[j]).forEach((i, rank) => (ranks[i] = rank));
  return ranks;
};

function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = mean(a.map((value, i) => (value - meanA) * (b[i] - meanB)));
  return (
    product /
    Math.sqrt(mean(a.map((value) => (value - meanA) ** 2)) * mean(b.map((value) => (value - meanB) ** 2)))
  );
}

const spearman = (a: Float32Array, b: Float32Array) => correlation(ranksOf(a), ranksOf(b));

/** Share of the truth's variance that the readings explain. */
function determination(readings: Float32Array, truth: Float32Array): number {
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  const left = truth.reduce((sum, value, i) => sum + (value - readings[i]) ** 2, 0);
  return 1 - left / truth.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/** Blurred by a Gaussian whose standard deviation is given in pixels. */
function gaussianBlur(images: Tensor, deviation: number): Tensor {
  const radius = Math.ceil(3 * deviation);
  const line = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const total = line.reduce((sum, weight) => sum + weight, 0);
  const kernel = line.flatMap((a) => line.map((b) => (a * b) / total ** 2));
  const filter = tensor(kernel, [line.length, line.length, 1, 1]);
  const inside = ops.conv2d(ops.add(ops.scale(images, 0), tensor(1)), filter, { padding: "same" });
  return ops.div(ops.conv2d(images, filter, { padding: "same" }), inside);
}

describe("readFaces", () => {
  it.each([
    { deviation: 0, rank: 0.985, explained: 0.97 },
    { deviation: 0.5, rank: 0.985, explained: 0.97 },
    { deviation: 0.7, rank: 0.985, explained: 0.97 },
    { deviation: 1, rank: 0.985, explained: 0.97 },
  ])("reads faces that it has not seen, blurred by $deviation pixels", ({ deviation, rank, explained }) => {
    const images = deviation === 0 ? drawn.images : gaussianBlur(drawn.images, deviation);
    const readings = readFaces(readout, images);
    for (const name of READ) {
      expect(readings[name].shape).toEqual([900]);
      expect(spearman(readings[name].data, drawn.factors[name].data), name).toBeGreaterThan(rank);
      expect(determination(readings[name].data, drawn.factors[name].data), name).toBeGreaterThan(explained);
    }
  });

  it("follows each factor alone, whatever the face", () => {
    for (const name of READ) {
      const rows = [-0.9, -0.45, 0, 0.45, 0.9].map((value) => {
        const { images } = faces({ count: 60, key: key(5), factors: { [name]: value } });
        return readFaces(readout, images)[name].data.reduce((sum, reading) => sum + reading, 0) / 60;
      });
      for (let i = 0; i < 4; i++) expect(rows[i + 1] - rows[i], name).toBeGreaterThan(0.25);
    }
  });

  it("reads the same from dimmed and from brightened faces, nearly", () => {
    const brightened = readFaces(readout, ops.add(ops.scale(drawn.images, 0.6), tensor(0.3)));
    const plain = readFaces(readout, drawn.images);
    for (const name of READ)
      expect(correlation(brightened[name].data, plain[name].data)).toBeGreaterThan(0.97);
  });

  it("reads each image by itself, however many come together", () => {
    const plain = readFaces(readout, drawn.images);
    const last = readFaces(readout, ops.slice(drawn.images, 899));
    for (const name of READ) expect(last[name].data[0]).toBeCloseTo(plain[name].data[899], 3);
  });

  it("gives finite estimates for pictures without a face", () => {
    const { smile } = readFaces(readout, zeros([2, 32, 32, 1]));
    expect(smile.data.every((value) => Math.abs(value) <= 1.3)).toBe(true);
  });

  it("refuses bad input", () => {
    expectRefused(() => readFaces({} as never, drawn.images), TypeError, "readFaces: readout must come from");
    expectRefused(() => readFaces(readout, [] as never), TypeError, "readFaces: images must be a tensor");
    expectRefused(
      () => readFaces(readout, zeros([2, 32, 32])),
      RangeError,
      "readFaces: images.shape must have 4",
    );
    expectRefused(
      () => readFaces(readout, zeros([2, 28, 28, 1])),
      RangeError,
      "readFaces: images.shape must be",
    );
  });
});

describe("fitFaceReadout", () => {
  it("learns the same from the same key, at other sizes too", () => {
    const options = { key: key(2), size: 24, count: 300 };
    const { images } = faces({ count: 10, size: 24, key: key(3) });
    const [first, second] = [fitFaceReadout(options), fitFaceReadout(options)];
    expect(first.size).toBe(24);
    expect(readFaces(first, images).yaw.data).toEqual(readFaces(second, images).yaw.data);
  }, 120_000);

  it("refuses bad input", () => {
    const good = { key: key(1), count: 300 };
    expectRefused(() => fitFaceReadout({ ...good, key: 1 as never }), TypeError, "fitFaceReadout: key must");
    expectRefused(() => fitFaceReadout({ ...good, size: 15 }), RangeError, "fitFaceReadout: size must");
    expectRefused(() => fitFaceReadout({ ...good, count: 299 }), RangeError, "fitFaceReadout: count must");
    expectRefused(
      () => fitFaceReadout({ ...good, counts: 9 } as never),
      TypeError,
      "fitFaceReadout: options must",
    );
  });
});
