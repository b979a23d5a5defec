// Laws of reparam compare: which runs may be compared, on what, and that it says what it measured.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../src/data/index.js";
import { key, random, tensor } from "../../src/index.js";
import { textsOf } from "../support/pages.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
const IMAGES = at("images.npy");

beforeAll(async () => {
  writeFileSync(IMAGES, writeNpy(random.uniform(key(1), [40, 6, 6])));
  writeFileSync(at("others.npy"), writeNpy(random.uniform(key(2), [30, 6, 6])));
  for (const [name, ...options] of [
    ["components", "--model", "pca", "--latent", "3"],
    ["plain", "--model", "dense-ae", "--latent", "2", "--epochs", "2"],
    ["seeded", "--model", "pca", "--latent", "2", "--seed", "2"],
    ["fewer", "--model", "pca", "--latent", "2", "--count", "30"],
  ]) {
    const { code, err } = await reparam(["train", IMAGES, ...options, "--out", at(name!)]);
    if (code !== 0) throw new Error(err);
  }
});
const run = (names: readonly string[], ...more: string[]) =>
  reparam(["compare", ...names.map((name) => at(name)), ...more, "--out", at("out")]);

describe("reparam compare", () => {
  it("measures runs on the examples that they held out, as their reports do", async () => {
    const { code, out, err } = await run(["components", "plain"]);
    expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
    const [header, ...rows] = readFileSync(at("out", "comparison.csv"), "utf8").trim().split("\n");
    expect(header).toBe("name,parameters,epochs,seconds,squaredError,psnr,negativeElbo,kl");
    for (const [i, name] of ["components", "plain"].entries()) {
      const psnr = Number(rows[i]!.split(",")[5]);
      expect(rows[i]!.startsWith(`"${name}",`)).toBe(true);
      expect(out).toContain(`PSNR ${psnr.toFixed(2)} dB`);
      const html = readFileSync(at(name, "report.html"), "utf8");
      expect(html).toContain(`${psnr.toFixed(1)}<small> dB</small>`);
    }
    const page = readFileSync(at("out", "comparison.html"), "utf8");
    expect(textsOf(page, "p").join()).toContain(IMAGES);
  });

  it("is the same page when it is asked for again", async () => {
    await run(["components", "plain"]);
    const first = readFileSync(at("out", "comparison.html"), "utf8");
    await run(["components", "plain"]);
    expect(readFileSync(at("out", "comparison.html"), "utf8") === first).toBe(true);
  });

  it.each([
    ["seeded", "--seed 2"],
    ["fewer", "--count 30"],
  ])(
    "refuses runs that did not hold out the same examples, and takes them on others: %s",
    async (other, words) => {
      const { code, err } = await run(["components", other]);
      expect(code).toBe(2);
      expect(err).toContain("did not hold out the same examples");
      expect(err).toContain(words);
      expect(err).toContain("name data behind the runs");
      expect((await run(["components", other, "others.npy"])).code).toBe(0);
    },
  );

  it("takes runs that know classes beside others, and refuses those that know different ones", async () => {
    for (const [name, classes] of [
      ["three", 3],
      ["two", 2],
    ] as const) {
      const labels = tensor(Array.from({ length: 40 }, (_, i) => i % classes));
      writeFileSync(at(`${name}.npy`), writeNpy(labels));
      const options = ["--labels", at(`${name}.npy`), "--condition", "--latent", "2", "--epochs", "1"];
      const made = await reparam(["train", IMAGES, ...options, "--model", "dense-vae", "--out", at(name)]);
      expect([made.code, made.code === 0 ? "" : made.err]).toEqual([0, ""]);
    }
    const { code, out, err } = await run(["components", "three"]);
    expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
    expect(out).toMatch(/three: .*−ELBO -?[\d.e+]+ nats/);
    const different = await run(["three", "two"]);
    expect([different.code, different.err]).toEqual([2, expect.stringMatching(/know different classes/)]);
  });

  it("refuses options that would change what was held out, and data that do not fit", async () => {
    const { code, err } = await run(["components", "plain"], "--count", "10");
    expect([code, err]).toEqual([2, expect.stringMatching(/--count would change what was held out/)]);
    writeFileSync(at("wide.npy"), writeNpy(random.uniform(key(2), [30, 6, 7])));
    const wide = await run(["components", "wide.npy"]);
    expect([wide.code, wide.err]).toEqual([2, expect.stringMatching(/the model takes 6×6×1/)]);
    const none = await run(["nothing", "components"]);
    expect(none.code).toBe(2);
  });
});
