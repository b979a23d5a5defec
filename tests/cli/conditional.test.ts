// Conditional models from the command line: labels to classes and back, through to the report, and what is refused.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../src/data/index.js";
import { readPng, writePng } from "../../src/images/index.js";
import { classify, key, loadModel, ops, random, tensor, type Tensor, type Vae } from "../../src/index.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-conditional-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
const [IMAGES, LABELS, PICTURES] = [at("images.npy"), at("labels.npy"), at("pictures")];
const COUNT = 60;
const NAMES = "bright,left,right";

/** Noise on a ground that says the class: grey, or one half lit. */
function imagesOf(classes: readonly number[]): Tensor {
  const noise = random.uniform(key(1), [classes.length, 8, 8, 1]).data;
  const values = noise.map((value, i) => {
    const [kind, column] = [classes[Math.floor(i / 64)]!, i % 8];
    const ground = kind === 0 ? 0.5 : (kind === 1) === column < 4 ? 0.8 : 0.1;
    return ground + 0.1 * value;
  });
  return tensor(values, [classes.length, 8, 8, 1]);
}

const classes = Array.from({ length: COUNT }, (_, i) => i % 3);

/** What the training says. */
let told = "";

beforeAll(async () => {
  writeFileSync(IMAGES, writeNpy(imagesOf(classes)));
  writeFileSync(LABELS, writeNpy(tensor(classes)));
  // Other labels than numbers from 0 on.
  writeFileSync(at("tens.npy"), writeNpy(tensor(classes.map((label) => 10 * label + 10))));
  writeFileSync(at("four.npy"), writeNpy(tensor(classes.map((label) => label + 1))));
  const images = imagesOf(classes);
  classes.forEach((label, i) => {
    const place = join(PICTURES, ["a", "b", "c"][label]!);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `${i}.png`), writePng(ops.slice(images, i, i + 1)));
  });
  const how = "--condition --latent 2 --epochs 60 --batch 9 --likelihood gaussian --gamma 0.1".split(" ");
  const { code, err } = await reparam(
    ["train", IMAGES, "--labels", LABELS, "--names", NAMES, "--out", at("run")].concat(how),
  );
  if (code !== 0) throw new Error(err);
  told = err;
});

const said = async (...args: string[]) => {
  const { code, out, err } = await reparam(args);
  return { code, text: (out + err).replaceAll(folder, ".").trim() };
};

describe("reparam train --condition", () => {
  it("keeps classes and names with the model", () => {
    const { model } = loadModel(readFileSync(at("run", "model.safetensors")));
    expect(told).toContain("54 examples of 8×8×1, 6 held out, 3 classes; ");
    expect(model.condition).toEqual({ classes: 3, names: NAMES.split(","), as: "maps" });
  });

  it("shows each class, latents under every class, and what is taken for what", () => {
    const html = readFileSync(at("run", "report.html"), "utf8");
    for (const part of ["classes", "confusion"]) expect(html).toContain(`<section id="${part}">`);
    expect(html).toContain('<th scope="row">bright</th>');
    expect(html).toContain("All are decoded as ");
    const pictures = ["classes", "underEveryClass"].map((name) =>
      readPng(readFileSync(at("run", `${name}.png`))),
    );
    // Rows of 8 samples for 3 classes, and of an original and 3 classes; a pixel between images.
    expect(pictures.map(({ shape }) => shape.slice(0, 2))).toEqual([
      [3 * 9 - 1, 8 * 9 - 1],
      [6 * 9 - 1, 4 * 9 - 1],
    ]);
    // All six held-out examples are told apart.
    expect(html).toContain("<b>100 %</b> are right".replace(" %", "\u202f%"));
  });

  it("writes the same report anew, and one on other data with their labels", async () => {
    const html = readFileSync(at("run", "report.html"), "utf8");
    expect((await said("report", at("run"))).code).toBe(0);
    expect(readFileSync(at("run", "report.html"), "utf8") === html).toBe(true);
    expect(await said("report", at("run"), IMAGES, "--out", at("other"))).toEqual({
      code: 2,
      text:
        "reparam report: the model knows what class an example is, and ./images.npy has no labels: add --labels " +
        "(reparam classify finds the most probable)",
    });
    const labelled = ["report", at("run"), IMAGES, "--labels", LABELS, "--out", at("other")];
    expect((await said(...labelled)).code).toBe(0);
  });

  it("takes subfolders as classes, and other numbers by their names", async () => {
    const tiny = ["--condition", "--epochs", "1", "--latent", "2"];
    await said("train", PICTURES, ...tiny, "--out", at("folders"));
    await said("train", IMAGES, "--labels", at("tens.npy"), ...tiny, "--out", at("tens"));
    const conditionOf = (run: string) =>
      loadModel(readFileSync(at(run, "model.safetensors"))).model.condition;
    expect(conditionOf("folders")).toEqual({ classes: 3, names: ["a", "b", "c"], as: "maps" });
    expect(conditionOf("tens")).toEqual({ classes: 3, names: ["10", "20", "30"], as: "maps" });
    const encode = (labels: string, out: string) =>
      said("encode", at("tens"), IMAGES, "--labels", labels, "--out", at(out));
    expect((await encode(at("tens.npy"), "tens-codes.npy")).code).toBe(0);
    expect((await encode(LABELS, "codes.npy")).code).toBe(0);
    expect(readFileSync(at("tens-codes.npy")).equals(readFileSync(at("codes.npy")))).toBe(true);
  });

  it.each<[string[], string]>([
    [
      [IMAGES, "--condition"],
      "--condition needs labels, and ./images.npy has none: add --labels, or sort pictures into a subfolder for each class",
    ],
    [[IMAGES, "--labels", LABELS, "--names", NAMES], "--names has no effect without --condition"],
    [
      [IMAGES, "--labels", LABELS, "--condition", "--names", "a,b"],
      "--names has 2 names, for labels from 0 to 1: ./images.npy has 2",
    ],
    [
      [IMAGES, "--labels", LABELS, "--condition", "--names", "a,2,b"],
      '--names must be words with commas between, such as shirt,shoe, got "2"',
    ],
    [
      [IMAGES, "--labels", LABELS, "--condition", "--names", "a,a,b"],
      "--names must be different from each other",
    ],
    [
      [PICTURES, "--condition", "--names", "a,b,c"],
      "--names has no effect on ./pictures: its subfolders are names already",
    ],
    [
      [IMAGES, "--model", "conv-ae", "--condition"],
      "--condition has no effect on --model conv-ae: it is for conv-vae, dense-vae, denseVae, convVae",
    ],
  ])("refuses what does not fit, %#", async (args, words) => {
    const { code, text } = await said("train", ...args, "--out", at("refused"));
    expect([code, text]).toEqual([2, `reparam train: ${words}`]);
  });

  it("goes on only with the condition that it began with", async () => {
    const { code, text } = await said("train", "--resume", at("run"), "--names", "a,b,c");
    expect([code, text]).toEqual([
      2,
      `reparam train: --names a,b,c contradicts ./run, which began with --names ${NAMES}: for another begin a new run with --out`,
    ]);
  });
});

describe("reparam generate --label", () => {
  const generated = async (...args: string[]) => {
    const { code, text } = await said(
      "generate",
      at("run"),
      "--count",
      "6",
      ...args,
      "--out",
      at("made.npy"),
    );
    expect([code, text]).toEqual([0, "6 samples: ./made.npy"]);
    return readNpy(readFileSync(at("made.npy")));
  };

  it("draws one class, by name or number, or all one after the other", async () => {
    const left = await generated("--label", "left");
    expect((await generated("--label", "1")).data).toEqual(left.data);
    const brightest = (images: Tensor, i: number) => {
      const own = images.data.subarray(i * 64, (i + 1) * 64);
      const half = (side: number) =>
        own.reduce((sum, v, at) => sum + (at % 8 < 4 === (side === 0) ? v : 0) / 32, 0);
      return half(0) - half(1);
    };
    const all = await generated();
    for (const i of [0, 3, 5]) expect(brightest(left, i)).toBeGreaterThan(0.3);
    expect(Math.abs(brightest(all, 0))).toBeLessThan(0.3);
    expect(brightest(all, 2)).toBeGreaterThan(0.3);
    expect(brightest(all, 5)).toBeLessThan(-0.3);
  });

  it("is refused for what is no class, and for other models", async () => {
    expect((await said("generate", at("run"), "--label", "lft")).text).toBe(
      'reparam generate: --label must be one of bright, left, right, got "lft" (did you mean left?)',
    );
    await said("train", IMAGES, "--epochs", "1", "--out", at("plain"));
    expect((await said("generate", at("plain"), "--label", "left")).text).toBe(
      "reparam generate: --label is for models that know classes (reparam train --condition)",
    );
  });
});

describe("reparam classify", () => {
  it("writes labels with their evidence, and tells how many are right", async () => {
    const options = ["--labels", LABELS, "--reject", "0.1", "--out", at("classes.csv")];
    const { code, text } = await said("classify", at("run"), IMAGES, ...options);
    expect(code).toBe(0);
    const [first, second, ...rest] = text.split("\n");
    expect([first, second]).toEqual(["60 labels: ./classes.csv", "accuracy 100.0 %"]);
    expect(rest.slice(0, 3)).toEqual([
      "  bright  100.0 % right",
      "  left    100.0 % right",
      "  right   100.0 % right",
    ]);
    expect(rest[3]).toMatch(
      /^\d+ rejected, with evidence below -?\d.* nats; accuracy of the others 100\.0 %$/,
    );
    const lines = readFileSync(at("classes.csv"), "utf8").trim().split("\n");
    expect(lines[0]).toBe("name,label,evidence,rejected,log p(bright),log p(left),log p(right)");
    const rows = lines.slice(1).map((line) => line.split(","));
    expect(rows.map(([, label]) => label)).toEqual(classes.map((label) => NAMES.split(",")[label]));
    const { model, params } = loadModel(readFileSync(at("run", "model.safetensors")));
    const images = readNpy(readFileSync(IMAGES));
    const range = [
      images.data.reduce((a, b) => Math.min(a, b)),
      images.data.reduce((a, b) => Math.max(a, b)),
    ];
    expect(range[0]! >= 0 && range[1]! <= 1).toBe(true);
    const { logEvidence } = classify(model as Vae, params, images);
    expect(rows.map(([, , evidence]) => Number(evidence))).toEqual([...logEvidence.data]);
    // A tenth of the training examples lies below the threshold, and training saw nearly all of these.
    const rejected = rows.filter(([, , , mark]) => mark === "1");
    expect(rejected.length).toBeGreaterThanOrEqual(5);
    expect(rejected.length).toBeLessThanOrEqual(12);
    const least = Math.min(
      ...rows.filter(([, , , mark]) => mark === "0").map(([, , evidence]) => Number(evidence)),
    );
    for (const [, , evidence] of rejected) expect(Number(evidence)).toBeLessThan(least);
  });

  it("scores jointly as it finds evidence, without labels", async () => {
    await said("classify", at("run"), IMAGES, "--out", at("classes.csv"));
    expect((await said("score", at("run"), IMAGES, "--by", "joint", "--out", at("scores.csv"))).code).toBe(0);
    const column = (file: string, at: number) =>
      readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => Number(line.split(",")[at]));
    expect(column(at("scores.csv"), 1)).toEqual(column(at("classes.csv"), 2).map((value) => -value));
  });

  it("is for models that know classes", async () => {
    const words = "is for models that know classes (reparam train --condition)";
    expect((await said("classify", at("plain"), IMAGES)).text).toBe(`reparam classify: classify ${words}`);
    expect((await said("score", at("plain"), IMAGES, "--by", "joint")).text).toBe(
      `reparam score: --by joint is for models that know classes (reparam train --condition)`,
    );
    expect((await said("score", at("run"), IMAGES)).text).toContain(
      "./images.npy has no labels: add --labels",
    );
    expect((await said("encode", at("run"), IMAGES, "--labels", at("four.npy"))).text).toBe(
      "reparam encode: ./images.npy has the label 3, which the model does not know: bright, left, right",
    );
    expect((await said("compress", at("run"), IMAGES)).text).toContain("model must have no condition");
  });
});
