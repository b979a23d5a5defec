// Laws of plans: the data decide what is not told, the same seed plans the same, and a run goes on as it began.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Options, UsageError } from "../../src/cli/command.js";
import { divide, readData } from "../../src/cli/data.js";
import { dataRange, toModel } from "../../src/cli/form.js";
import { HELD_OUT, type Plan, planOf } from "../../src/cli/plan.js";
import { writeNpy } from "../../src/data/index.js";
import { fold, key, ops, random, type Tensor, tensor, type Vae } from "../../src/index.js";
import { expectSame } from "../support/laws.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-plan-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

/** 20 images of 8×8; ink is 0 or 1, grey lies between. */
const grey = ops.add(ops.scale(random.uniform(key(1), [20, 8, 8, 1]), 0.6), 0.2);
const ink = tensor(
  random.uniform(key(2), [20, 8, 8, 1]).data.map((value) => Number(value > 0.7)),
  [20, 8, 8, 1],
);

beforeAll(() => {
  const write = (name: string, values: Tensor) => writeFileSync(at(name), writeNpy(values));
  write("grey.npy", grey);
  write("ink.npy", ink);
  write("paper.npy", ops.sub(1, ink));
  write("bytes.npy", ops.scale(ink, 255));
  write("signed.npy", ops.sub(ops.scale(grey, 2), 1));
  write("28.npy", random.uniform(key(3), [20, 28, 28, 1]));
  write("unit-table.npy", ops.reshape(grey, [20, 64]));
  write("binary-table.npy", ops.reshape(ink, [20, 64]));
  write("shifted-table.npy", ops.add(ops.reshape(ink, [20, 64]), 0.5));
  write("labels.npy", tensor(Array.from({ length: 20 }, (_, i) => i)));
  writeFileSync(
    at("table.csv"),
    `a,b\n${Array.from({ length: 20 }, (_, i) => `${i},${5 - i}`).join("\n")}\n`,
  );
});

const plan = (data: string, options: Record<string, string | boolean> = {}): Promise<Plan> =>
  planOf({ data: ["faces", "shapes"].includes(data) ? data : at(data), options });
const likelihoodOf = ({ model }: Plan) => model.spec.options.likelihood;

describe("planOf", () => {
  it("plans the same for the same seed, and other data for another", async () => {
    const options = { count: "40", size: "16", seed: "5" };
    const [one, same, other] = [
      await plan("shapes", options),
      await plan("shapes", options),
      await plan("shapes", { ...options, seed: "6" }),
    ];
    expect(one.seed).toEqual(same.seed);
    expectSame(one.rest.values, same.rest.values);
    expectSame(one.aside.values, same.aside.values);
    expect(one.model.spec).toEqual(same.model.spec);
    expect([...other.aside.values.data]).not.toEqual([...one.aside.values.data]);
    expect((await plan("shapes", { count: "40", size: "16" })).seed).toEqual(
      (await plan("shapes", { count: "40", size: "16", seed: "1" })).seed,
    );
  });

  it("draws and divides with keys that reports use too: they find the same examples held out", async () => {
    const options = { count: "40", size: "16" };
    const { seed, aside } = await plan("shapes", options);
    const data = await readData("shapes", new Options(options), fold(seed, 0));
    const again = divide(data, HELD_OUT, fold(seed, 1)).aside;
    expectSame(again.values, aside.values);
  });

  it("holds a tenth of the examples out", async () => {
    const { rest, aside } = await plan("grey.npy");
    expect([rest.values.shape[0], aside.values.shape[0]]).toEqual([18, 2]);
  });

  it("takes a convolutional VAE for images and a dense one for tables", async () => {
    expect((await plan("grey.npy")).name).toBe("conv-vae");
    expect((await plan("table.csv")).name).toBe("dense-vae");
    expect((await plan("grey.npy", { model: "linear" })).name).toBe("linear");
  });

  it("takes Bernoulli's likelihood for ink and a Gaussian one for grey, unless told", async () => {
    expect(likelihoodOf(await plan("ink.npy"))).toBe("bernoulli");
    expect(likelihoodOf(await plan("paper.npy"))).toBe("bernoulli");
    expect(likelihoodOf(await plan("bytes.npy"))).toBe("bernoulli");
    expect(likelihoodOf(await plan("binary-table.npy"))).toBe("bernoulli");
    expect(likelihoodOf(await plan("grey.npy"))).toEqual({ type: "gaussian", gamma: 0.08 });
    expect(likelihoodOf(await plan("table.csv"))).toEqual({ type: "gaussian", gamma: 0.3 });
    expect(likelihoodOf(await plan("grey.npy", { likelihood: "bernoulli" }))).toBe("bernoulli");
    expect(likelihoodOf(await plan("ink.npy", { likelihood: "gaussian", gamma: "0.2" }))).toEqual({
      type: "gaussian",
      gamma: 0.2,
    });
    await expect(plan("table.csv", { likelihood: "bernoulli" })).rejects.toThrow(
      new UsageError("--likelihood bernoulli is for values from 0 to 1"),
    );
  });

  it("lets a Gaussian's beta fall from 20 times its weight to itself by half of the training", async () => {
    // 18 examples in batches of 6: 3 steps an epoch, 30 in all.
    const { model } = await plan("grey.npy", { beta: "3", batch: "6", epochs: "10" });
    expect(model.spec.options.beta).toBe(3);
    const images = grey;
    const params = model.init(key(1));
    const betaAt = (step: number) => {
      const { loss, terms } = (model as Vae).loss(params, images, { training: true, key: key(2), step });
      return (loss.data[0]! - terms.reconstruction!.data[0]!) / terms.kl!.data[0]!;
    };
    expect(betaAt(0) / 60).toBeCloseTo(1, 2);
    for (let step = 1; step <= 15; step++) expect(betaAt(step)).toBeLessThan(betaAt(step - 1));
    for (const step of [15, 20, 29]) expect(betaAt(step) / 3).toBeCloseTo(1, 2);
    const sharpless = await plan("ink.npy", { beta: "3" });
    expect(sharpless.model.spec.options.beta).toBe(3);
  });
});

describe("the form", () => {
  it("leaves pixels from 0 to 1, and tables of such values, as they are", async () => {
    for (const name of ["grey.npy", "ink.npy", "unit-table.npy"]) {
      expect((await plan(name)).form).toMatchObject({ mean: [0], deviation: [1], range: [0, 1] });
    }
  });

  it("brings other pixels to [0, 1], and those of the tanh model to [−1, 1]", async () => {
    const ends = async (name: string, options = {}) => {
      const { form, model, rest } = await plan(name, options);
      const { data } = toModel(rest.values, form, model);
      return [Math.min(...data), Math.max(...data), ...dataRange(form)!];
    };
    expect(await ends("bytes.npy")).toEqual([0, 1, 0, 255]);
    const [low, high] = await ends("signed.npy");
    expect(low).toBeGreaterThanOrEqual(0);
    expect(low).toBeLessThan(0.05);
    expect(high).toBeGreaterThan(0.95);
    expect(high).toBeLessThanOrEqual(1);
    const [least, most] = await ends("28.npy", { model: "strided" });
    expect(least).toBeLessThan(-0.95);
    expect(most).toBeGreaterThan(0.95);
  });

  it("standardizes other tables, and remembers what their columns are called", async () => {
    const { form } = await plan("table.csv");
    expect(form.columns).toEqual(["a", "b"]);
    expect(form.range).toBeUndefined();
    expect(form.mean[0]).toBeCloseTo(9.5);
    expect((await plan("shifted-table.npy")).form.range).toBeUndefined();
  });
});

describe("the corruption", () => {
  /** What becomes of the data as the model sees them. */
  const corrupted = async (name: string, options: Record<string, string>) => {
    const { corrupt, form, model, rest } = await plan(name, options);
    const input = toModel(rest.values, form, model);
    const { params, state } = corrupt!.init(key(1), model.inputShape);
    const { output } = corrupt!.apply(params, state, input, { training: true, key: key(4) });
    return { input, output: output as Tensor };
  };
  const deviation = (a: Tensor, b: Tensor) =>
    Math.sqrt(a.data.reduce((sum, value, i) => sum + (value - b.data[i]!) ** 2, 0) / a.size);

  it("is none unless asked for", async () => {
    expect((await plan("grey.npy")).corrupt).toBeUndefined();
  });

  it("of --denoise is noise of that deviation, of pixels cut to their range", async () => {
    const small = await corrupted("grey.npy", { denoise: "0.05" });
    expect(deviation(small.input, small.output)).toBeCloseTo(0.05, 2);
    const large = await corrupted("grey.npy", { denoise: "5" });
    expect([Math.min(...large.output.data), Math.max(...large.output.data)]).toEqual([0, 1]);
    const tanh = await corrupted("28.npy", { denoise: "5", model: "strided" });
    expect([Math.min(...tanh.output.data), Math.max(...tanh.output.data)]).toEqual([-1, 1]);
    const twice = await corrupted("28.npy", { denoise: "0.01", model: "strided" });
    expect(deviation(twice.input, twice.output)).toBeCloseTo(0.02, 3);
    const table = await corrupted("table.csv", { denoise: "2" });
    expect(deviation(table.input, table.output)).toBeGreaterThan(1.2);
    expect(Math.min(...table.output.data)).toBeLessThan(-2);
  });

  it("of --mask hides patches of 4×4, of vectors too", async () => {
    for (const model of ["conv-ae", "shallow", "denseVae"]) {
      const { input, output } = await corrupted("28.npy", { mask: "0.5", model });
      for (let row = 0; row < 28; row++) {
        for (let column = 0; column < 28; column++) {
          const [i, corner] = [28 * row + column, 28 * (row - (row % 4)) + column - (column % 4)];
          const isHidden = output.data[corner] !== input.data[corner];
          expect(output.data[i]).toBe(isHidden ? 0 : input.data[i]);
        }
      }
      const hidden = output.data.reduce((sum, value) => sum + Number(value === 0), 0);
      expect(hidden / output.size).toBeCloseTo(24 / 49, 1);
    }
  });

  it("of --mask hides black where black is −1, and single columns of a table", async () => {
    const { output } = await corrupted("28.npy", { mask: "1", model: "strided" });
    expect(new Set(output.data)).toEqual(new Set([-1]));
    const table = await corrupted("table.csv", { mask: "0.5" });
    for (let row = 0; row < 18; row++) {
      const kept = [0, 1].filter((i) => table.output.data[2 * row + i] === table.input.data[2 * row + i]);
      expect(kept).toHaveLength(1);
    }
  });

  it("is of one kind", async () => {
    await expect(plan("grey.npy", { mask: "0.5", denoise: "0.5" })).rejects.toThrow(
      new UsageError("give either --denoise or --mask"),
    );
  });
});

describe("labels", () => {
  it("stay with their examples through the division", async () => {
    const { rest, aside } = await plan("grey.npy", { labels: at("labels.npy") });
    for (const { values, labels } of [rest, aside]) {
      labels!.data.forEach((label, row) => {
        expectSame(ops.slice(values, row, row + 1), ops.slice(grey, label, label + 1));
      });
    }
  });
});
