// Laws of what commands say and read of a run: in words, and in its own terms.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Options, UsageError } from "../../src/cli/command.js";
import { info } from "../../src/cli/info.js";
import { reportCommand } from "../../src/cli/report.js";
import { openModel } from "../../src/cli/run.js";
import { train } from "../../src/cli/train.js";
import { writeNpy } from "../../src/data/index.js";
import { imageVae, key, lectures, random, saveModel, tensor } from "../../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-run-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

/** What was said on either stream. */
let said: string[];
beforeEach(() => {
  said = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => said.push(String(text)) > 0);
  }
});
afterEach(() => void vi.restoreAllMocks());

const given = (positionals: string[], options: Record<string, string | boolean>) => ({
  positionals,
  options: new Options(options),
});
const TINY = { count: "40", size: "8", latent: "2", epochs: "1", batch: "16" };

describe("a new run", () => {
  it("tells what it trains on", async () => {
    expect(await train.run(given(["shapes"], { ...TINY, out: at("anew") }))).toBe(0);
    expect(said.join("")).toMatch(
      /conv-vae on shapes: 36 examples of 8×8×1, 4 held out; \d+ \d{3} parameters\n/,
    );
  });

  it("says in words that it diverged", async () => {
    const wild = { ...TINY, epochs: "3", lr: "1e9", out: at("wild") };
    await expect(train.run(given(["shapes"], wild))).rejects.toThrow(UsageError);
    await expect(train.run(given(["shapes"], wild))).rejects.toThrow(
      /^the loss is not finite at step \d; a smaller --lr may help$/,
    );
  });
});

describe("reparam report", () => {
  it("takes neither labels nor count of the run's own data for other data", async () => {
    const images = (count: number) => writeNpy(random.uniform(key(count), [count, 8, 8]));
    writeFileSync(at("own.npy"), images(30));
    writeFileSync(at("other.npy"), images(50));
    writeFileSync(at("labels.npy"), writeNpy(tensor(Array.from({ length: 30 }, (_, i) => i % 3))));
    const { count: _, size: __, ...options } = TINY;
    const own = { ...options, labels: at("labels.npy"), out: at("labelled") };
    expect(await train.run(given([at("own.npy")], own))).toBe(0);
    expect(await reportCommand.run(given([at("labelled")], {}))).toBe(0);
    const other = { out: at("other") };
    expect(await reportCommand.run(given([at("labelled"), at("other.npy")], other))).toBe(0);
    expect(said.at(-1)).toBe(`report: ${at("other", "report.html")}\n`);
  });
});

describe("reparam info", () => {
  const show = async (name: string, bytes: Uint8Array) => {
    writeFileSync(at(name), bytes);
    await info.run(given([at(name)], {}));
    return said.join("").split("\n");
  };

  it("tells what a model is, with all numbers in groups of the same kind", async () => {
    const model = imageVae({ inputShape: [28, 28, 1], likelihood: { type: "gaussian", gamma: 0.08 } });
    const form = { dataShape: [28, 28, 1], mean: [0], deviation: [1], range: [0, 1] };
    const settings = { data: "clothes.idx", options: { seed: "4", likelihood: "gaussian" } };
    const lines = await show("a.safetensors", saveModel(model, model.init(key(1)), { form, settings }));
    expect(lines.slice(0, 7)).toEqual([
      "vae for 28×28×1, 419 409 parameters",
      "data: clothes.idx",
      "seed: 4",
      "likelihood: gaussian, gamma 0.08",
      "latentSize: 16",
      "beta: 1",
      "",
    ]);
    expect(lines.join("\n")).toMatch(/total +419 409 +664 576/);
    expect(lines.join("\n")).not.toMatch(/\d,\d{3}|null/);
  });

  it("takes models that the library saved, and tables", async () => {
    const model = lectures.linear({ features: 4 });
    const lines = await show("b.safetensors", saveModel(model, model.init(key(1))));
    expect(lines.slice(0, 3)).toEqual([
      "autoencoder for 4 columns, 22 parameters",
      "loss: squaredError",
      "reduction: mean",
    ]);
    const { info: kept } = await openModel(at("b.safetensors"));
    expect(kept.form).toMatchObject({ dataShape: [4], mean: [0], deviation: [1] });
  });
});
