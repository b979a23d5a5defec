// Laws of reparam mixture: what it writes belongs together, and what it cannot use is told.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCsv, writeNpy } from "../../src/data/index.js";
import { type GaussianMixture, key, mixtureLogProb, ops, random, readTree, tensor } from "../../src/index.js";
import { elementsOf } from "../support/pages.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-mixture-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

/** Two groups, in columns of very different sizes. */
const points = ops.mul(
  ops.concat([random.normal(key(1), [50, 3]), random.normal(key(2), [30, 3], { mean: 9 })]),
  tensor([1000, 1, 0.001]),
);
beforeAll(async () => {
  writeFileSync(at("codes.npy"), writeNpy(points));
  writeFileSync(at("images.npy"), writeNpy(random.uniform(key(1), [9, 4, 4])));
  writeFileSync(at("gap.npy"), writeNpy(tensor([[1], [NaN], [2]])));
  const { code, err } = await reparam(["mixture", at("codes.npy"), "--samples", "70", "--out", at("out")]);
  if (code !== 0) throw new Error(err);
});
const table = (name: string) => readCsv(readFileSync(at("out", name)));

describe("reparam mixture", () => {
  it("finds the groups, whatever the sizes of their columns, and says so", () => {
    const { data: values } = table("components.csv");
    expect(values.shape).toEqual([2, 7]);
    const weights = [values.data[0]!, values.data[7]!].sort((a, b) => a - b);
    expect(weights[0]).toBeCloseTo(30 / 80, 3);
    const high = values.data[1]! > values.data[8]! ? 0 : 7;
    expect(values.data[high + 1]! / 1000).toBeCloseTo(9, 0);
    expect(values.data[high + 3]! / 0.001).toBeCloseTo(9, 0);
    [1000, 1, 0.001].forEach((size, column) => {
      for (const row of [0, 7]) {
        expect(Math.abs(values.data[row + 4 + column]! / size - 1)).toBeLessThan(0.35);
      }
    });
  });

  it("writes the mixture that its densities and its choice are of", () => {
    const mixture = readTree(readFileSync(at("out", "mixture.safetensors"))) as unknown as GaussianMixture;
    const { data: values } = table("assignments.csv");
    const known = mixtureLogProb(points, mixture).data;
    const width = values.shape[1]!;
    known.forEach((density, i) => expect(values.data[(i + 1) * width - 1]).toBeCloseTo(density, 3));
    const chosen = table("selection.csv").data;
    expect(chosen.shape).toEqual([10, 4]);
    const bic = Array.from({ length: 10 }, (_, i) => chosen.data[4 * i + 3]!);
    expect(bic.indexOf(Math.min(...bic))).toBe(1);
    expect(table("samples.csv").data.shape).toEqual([70, 3]);
  });

  it("shows choice, points, samples and Gaussians on a page of its own", () => {
    const html = readFileSync(at("out", "mixture.html"), "utf8");
    const sections = elementsOf(html).filter(({ name }) => name === "section");
    expect(sections.map(({ attributes }) => attributes["id"])).toEqual(["choice", "plane", "gaussians"]);
    expect(readdirSync(at("out"))).toContain("density.png");
  });

  it("takes one column, and columns that do not vary", async () => {
    const wide = Array.from({ length: 12 }, (_, i) => `${i % 5},7`);
    writeFileSync(at("flat.csv"), ["a,b", ...wide, ""].join("\n"));
    writeFileSync(at("line.csv"), ["a", ...wide.map((row) => row.split(",")[0]), ""].join("\n"));
    for (const name of ["flat", "line"]) {
      const { code, err } = await reparam([
        "mixture",
        at(`${name}.csv`),
        "--components",
        "2",
        "--out",
        at(name),
      ]);
      expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
    }
  });

  it.each([
    [["images.npy"], /has images: a mixture is of codes/],
    [["gap.npy"], /example 1 must be finite, got NaN at column 0/],
    [
      ["codes.npy", "--components", "3-2"],
      /--components must be auto, a number ≥ 1, or two such as 2-8, got "3-2"/,
    ],
    [["codes.npy", "--components", "81"], /--components must be at most the number of points, 80/],
  ])("refuses %j", async ([name, ...more], words) => {
    const { code, err } = await reparam(["mixture", at(name!), ...more, "--out", at("none")]);
    expect([code, err]).toEqual([2, expect.stringMatching(words)]);
    expect(readdirSync(folder)).not.toContain("none");
  });
});
