// Models of pixels on the command line: what is given stays, what cannot be is said in words.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkPixelWork } from "../../src/cli/pixelWork.js";
import { UsageError } from "../../src/cli/command.js";
import { readNpy, writeNpy } from "../../src/data/index.js";
import { key, ops, pixelCnn, pixelRnn, random } from "../../src/index.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-pixels-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const read = (name: string) => readNpy(new Uint8Array(readFileSync(at(name))));
// From −3 to 7: on their way to the model and back such numbers lose their last bits.
const images = ops.sub(ops.scale(random.uniform(key(1), [24, 6, 6, 1]), 10), 3);

beforeAll(async () => {
  writeFileSync(at("images.npy"), writeNpy(images));
  writeFileSync(
    at("table.csv"),
    `a,b\n${Array.from({ length: 20 }, (_, i) => `${i},${i % 3}`).join("\n")}\n`,
  );
  const sizes = ["--levels", "5", "--hidden", "4", "--epochs", "2"];
  for (const args of [
    [at("images.npy"), "--model", "pixel-cnn", "--layers", "2", ...sizes, "--out", at("run")],
    [at("images.npy"), "--model", "conv-ae", "--latent", "2", "--epochs", "1", "--out", at("plain")],
  ]) {
    const { code, err } = await reparam(["train", ...args]);
    if (code !== 0) throw new Error(err);
  }
});

describe("complete", () => {
  it("keeps every bit of the rows that are given, and draws the others by the seed", async () => {
    const draw = async (name: string, ...more: string[]) => {
      const args = ["complete", at("run"), at("images.npy"), ...more, "--out", at(name)];
      expect(await reparam(args)).toMatchObject({ code: 0, out: `24 completions: ${at(name)}\n` });
      return read(name);
    };
    const [first, other, most] = [
      await draw("first.npy"),
      await draw("other.npy", "--seed", "2"),
      await draw("most.npy", "--rows", "5"),
    ];
    const rows = (data: Float32Array, from: number, to: number) =>
      [...data].filter((_, i) => i % 36 >= 6 * from && i % 36 < 6 * to);
    for (const drawn of [first, other]) expect(rows(drawn.data, 0, 3)).toEqual(rows(images.data, 0, 3));
    expect(rows(most.data, 0, 5)).toEqual(rows(images.data, 0, 5));
    expect(rows(first.data, 3, 6)).not.toEqual(rows(other.data, 3, 6));
    expect((await draw("again.npy")).data).toEqual(first.data);
    // What is drawn lies on the five levels of the data's own range.
    const [low, high] = [Math.min(...images.data), Math.max(...images.data)];
    const levels = rows(first.data, 3, 6).map((value) => (4 * (value - low)) / (high - low));
    for (const level of levels) expect(Math.abs(level - Math.round(level))).toBeLessThan(1e-4);
  });
});

describe("score", () => {
  it("tells nats and bits per dimension", async () => {
    const { code, out } = await reparam(["score", at("run"), at("images.npy"), "--out", at("scores.csv")]);
    const lines = readFileSync(at("scores.csv"), "utf8").trim().split("\n").slice(1);
    const nats = lines.map((line) => Number(line.split(",")[1]));
    const mean = nats.reduce((sum, value) => sum + value / nats.length, 0);
    expect(code).toBe(0);
    expect(out).toContain(
      `${mean.toFixed(2)} nats per example, ${(mean / Math.LN2 / 36).toFixed(2)} bits per dimension`,
    );
  });
});

describe("a mistake", () => {
  it.each<[string[], RegExp]>([
    [
      ["complete", "plain", "images.npy"],
      /only models of pixels complete images .*this one is of the type autoencoder/,
    ],
    [["complete", "run", "images.npy", "--rows", "7"], /--rows must be at most 6, the height, got 7/],
    [["complete", "run", "images.npy", "--out", "x.txt"], /--out must end in \.png, \.npy, \.csv/],
    [["encode", "run", "images.npy"], /a pixelCnn has no codes/],
    [["compress", "run", "images.npy", "--out", "x.rpz"], /a pixelCnn has no codes/],
    [
      ["score", "run", "images.npy", "--by", "elbo", "--out", "x.csv"],
      /--by is for VAEs; other models score by their loss/,
    ],
    [["train", "table.csv", "--model", "pixel-rnn"], /--model pixel-rnn is for images; for tables there are/],
    [
      ["train", "images.npy", "--model", "pixel-rnn", "--mask", "0.5"],
      /--mask has no effect on --model pixel-rnn: it is for conv-vae/,
    ],
    [
      ["train", "images.npy", "--model", "conv-vae", "--levels", "5"],
      /--levels has no effect on --model conv-vae: it is for pixel-rnn, pixel-cnn/,
    ],
    [
      ["train", "images.npy", "--model", "pixel-rnn", "--levels", "257"],
      /levels must be an integer from 2 to 256, got 257/,
    ],
  ])("is told, %#", async (args, words) => {
    const placed = args.map((arg) => (/^(plain|run|images\.npy|table\.csv)$/.test(arg) ? at(arg) : arg));
    const { code, err } = await reparam([
      ...placed,
      ...(args.includes("--out") ? [] : ["--out", at("nothing.npy")]),
    ]);
    expect(code).toBe(2);
    expect(err).toMatch(words);
  });

  it("that would take days or all memory is refused before it begins", () => {
    const large = pixelCnn({ inputShape: [256, 256, 3] });
    const long = { examples: 50_000, epochs: 100, batchSize: 1 };
    expect(() => checkPixelWork(large, long)).toThrow(
      /^100 epochs of 50000 images with 196608 values would take about \d+ h/,
    );
    expect(() => checkPixelWork(large, { ...long, batchSize: 64 })).toThrow(
      /^images of 256×256×3, 64 at a time, would take about \d+\.\d GB: give smaller images \(--size 28\), or fewer/,
    );
    expect(() => checkPixelWork(large, { ...long, batchSize: 64 })).toThrow(UsageError);
    const small = pixelRnn({ inputShape: [28, 28, 1] });
    expect(() => checkPixelWork(small, { examples: 60_000, epochs: 10, batchSize: 64 })).not.toThrow();
  });
});
