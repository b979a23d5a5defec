// Mistakes of the caller: one line that says what to do, exit code 2, and nothing written.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../src/data/index.js";
import { compress, compressLossless } from "../../src/coding/index.js";
import { dense, imageVae, key, lectures, saveModel, tensor, vae, zeros } from "../../src/index.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-mistakes-"));
const before = process.cwd();
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

beforeAll(() => {
  // What is written without --out would stand here.
  process.chdir(folder);
  const model = imageVae({ inputShape: [16, 16, 1], latentSize: 2, channels: [4] });
  const plain = lectures.linear({ features: 3 });
  const write = (name: string, content: Uint8Array | string) => writeFileSync(join(folder, name), content);
  write("vae.safetensors", saveModel(model, model.init(key(1))));
  write("plain.safetensors", saveModel(plain, plain.init(key(1))));
  write("broken.safetensors", saveModel(model, model.init(key(1))).subarray(0, 5000));
  write("colour.npy", writeNpy(zeros([4, 16, 16, 3])));
  write("large.npy", writeNpy(zeros([4, 20, 20, 1])));
  write("text.csv", "a,b\n1,two\n");
  const [nan, names] = [zeros([4, 16, 16, 1]).data.slice(), ["a,b,c", "1,2,3", "4,5,1e39"]];
  nan[300] = NaN;
  write("nan.npy", writeNpy(tensor(nan, [4, 16, 16, 1])));
  write("infinite.csv", names.join("\n"));
  write("codes.rpz", compress(plain, plain.init(key(1)), zeros([2, 3])));
  write("lossless.rpz", losslessFile());
});

/** A file without loss, by a VAE of levels. */
function losslessFile(): Uint8Array {
  const model = vae({
    inputShape: [3],
    latentSize: 1,
    encoder: dense(2),
    decoder: dense(6),
    likelihood: { type: "discretizedLogistic" },
  });
  return compressLossless(model, model.init(key(1)), zeros([2, 3]));
}

const MISTAKES: readonly [args: string[], says: RegExp][] = [
  [["fly"], /^reparam: there is no command "fly"; see reparam --help$/],
  [["train", "--bogus", "1"], /^reparam train: Unknown option '--bogus'; see reparam train --help$/],
  [["train", "shapes", "--epochs", "none"], /--epochs must be a number, got "none"/],
  [["train", "shapes", "--epochs", "1.5"], /--epochs must be an integer ≥ 1, got "1.5"/],
  [["train", "shapes", "--epochs", "-1"], /--epochs must be an integer ≥ 1, got "-1"/],
  [["train", "shapes", "--seed", "-0.5"], /--seed must be an integer ≥ 0, got "-0.5"/],
  [["train", "shapes", "--epochs", "0"], /--epochs must be an integer ≥ 1, got "0"/],
  [["train", "shapes", "--beta", "-1"], /--beta must be a number ≥ 0, got "-1"/],
  [["train", "shapes", "--model", "gan"], /--model must be one of conv-vae, .*, got "gan"/],
  [["train", "shapes", "--model", "shallow"], /--model shallow is for images of 28×28×1.*add --size 28/],
  [["train", "shapes", "--size", "big"], /--size must be N or HxW.*got "big"/],
  [["train", "shapes", "--denoise", "0.5", "--mask", "0.5"], /give either --denoise or --mask/],
  [["train", "shapes", "--model", "stacked", "--latent", "3"], /--latent has no effect on --model stacked/],
  [["train", "shapes", "--fit", "pad", "--size", "8"], /--fit has no effect on shapes/],
  [["train", "large.npy", "--out", "text.csv"], /--out text\.csv is a file: choose a folder/],
  [["encode", "vae.safetensors", "large.npy", "--seed", "3"], /--seed has no effect on large\.npy/],
  [["encode", "vae.safetensors", "large.npy", "--out", "large.npy"], /would take the place of large\.npy/],
  [["generate", "vae.safetensors", "--out", "none/x.png"], /none\/x\.png: there is no such.*\(ENOENT\)/],
  [["train", "nothing-here.npy"], /nothing-here\.npy: there is no such file or folder \(ENOENT\)/],
  [["train", "text.csv"], /text\.csv.*"two"/],
  [["train", "one", "two"], /takes \[DATA\], got one two/],
  [["train", "--resume", "."], /is no folder of a run/],
  [["encode", "vae.safetensors"], /takes MODEL DATA, got vae\.safetensors/],
  [["encode", "absent.safetensors", "shapes"], /absent\.safetensors/],
  [["encode", "broken.safetensors", "shapes"], /readSafetensors/],
  [
    ["encode", "vae.safetensors", "shapes", "--size", "16", "--out", "codes.txt"],
    /--out must end in \.npy, \.csv/,
  ],
  [
    ["encode", "vae.safetensors", "large.npy"],
    /the model takes 16×16×1, large\.npy has 20×20×1: add --size 16$/,
  ],
  [
    ["encode", "vae.safetensors", "colour.npy"],
    /the model takes 16×16×1, colour\.npy has 16×16×3: add --grey/,
  ],
  [["generate", "plain.safetensors"], /a plain autoencoder has no prior.*train a VAE/],
  [["score", "plain.safetensors", "text.csv"], /text\.csv/],
  [["score", "vae.safetensors", "shapes", "--by", "luck"], /--by must be one of elbo/],
  [["classify", "vae.safetensors", "shapes", "--size", "16"], /classify is for models that know classes/],
  [["classify", "vae.safetensors", "shapes", "--reject", "2"], /--reject must be a number from 0 to 1/],
  [
    ["compress", "vae.safetensors", "shapes", "--size", "16", "--lossless"],
    /compressLossless: model must have the likelihood \{ type: "discretizedLogistic" \}/,
  ],
  [
    ["compress", "vae.safetensors", "shapes", "--lossless", "--bits", "4"],
    /--bits has no effect with --lossless/,
  ],
  [["compress", "plain.safetensors", "shapes", "--bits", "1"], /--bits must be an integer ≥ 2, got "1"/],
  [["compress", "vae.safetensors", "shapes", "--size", "16", "--bits", "17"], /compress: bits must be/],
  [["compress", "vae.safetensors", "shapes", "--out", "codes.npy"], /--out must end in \.rpz/],
  [["compress", "vae.safetensors", "large.npy"], /the model takes 16×16×1, large\.npy has 20×20×1/],
  [
    ["decompress", "vae.safetensors", "large.npy"],
    /large\.npy: decompress: bytes must be a file that compress/,
  ],
  [["decompress", "vae.safetensors", "absent.rpz"], /absent\.rpz: there is no such file/],
  [
    ["decompress", "codes.rpz", "plain.safetensors"],
    /codes\.rpz is a compressed file, .* \(plain\.safetensors is one: it comes first\)$/,
  ],
  [
    ["train", "codes.rpz"],
    /codes\.rpz is a compressed file, which reparam decompress reads; data are needed/,
  ],
  [
    ["decompress", "plain.safetensors", "lossless.rpz"],
    /lossless\.rpz was written with --lossless, by a VAE, which the model of plain\.safetensors is not$/,
  ],
  ...["encode", "reconstruct", "score", "compress"].flatMap((command): [string[], RegExp][] => [
    [[command, "vae.safetensors", "nan.npy"], /nan\.npy: example 1 must be finite, got NaN at \[2, 12, 0\]$/],
    [[command, "plain.safetensors", "infinite.csv"], /infinite\.csv.*1e39/],
  ]),
  [["train", "shapes", "--codebook", "8"], /--codebook has no effect on --model conv-vae/],
  [["info", "large.npy"], /large\.npy is an npy file; a model is needed/],
];

describe("a mistake", () => {
  // One after the other: trainings into one folder would find it locked.
  it.each(MISTAKES)("reparam %j is answered in one line", async (args, says) => {
    const { code, out, err } = await reparam(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err.trimEnd()).toMatch(says);
    expect(err).toMatch(/^reparam/);
  });

  it("leaves no file behind", async () => {
    for (const [args] of MISTAKES.slice(0, 6)) await reparam(args);
    expect(readdirSync(folder).sort()).toEqual([
      "broken.safetensors",
      "codes.rpz",
      "colour.npy",
      "infinite.csv",
      "large.npy",
      "lossless.rpz",
      "nan.npy",
      "plain.safetensors",
      "text.csv",
      "vae.safetensors",
    ]);
  });
});

describe("--help", () => {
  const COMMANDS = [
    "train",
    "reconstruct",
    "encode",
    "generate",
    "complete",
    "score",
    "classify",
    "report",
    "info",
  ];

  it("lists all commands", async () => {
    const { code, out } = await reparam(["--help"]);
    expect(code).toBe(0);
    for (const name of COMMANDS) expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  it.each(COMMANDS)("tells the options of %s", async (name) => {
    const { code, out, err } = await reparam([name, "--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(new RegExp(`^Usage: reparam ${name} .*\\[options\\]`));
    expect(out).toContain("--help");
  });

  it("is what comes without a command, with exit code 2", async () => {
    const { code, out } = await reparam([]);
    expect([code, out.split("\n")[0]]).toEqual([2, "Usage: reparam COMMAND …"]);
  });
});
