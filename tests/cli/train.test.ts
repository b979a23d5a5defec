// The whole way of a person: train, look at every file, use the model, interrupt and go on.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCsv, readNpy } from "../../src/data/index.js";
import { readPng } from "../../src/images/index.js";
import { equals, type History, loadModel, tensor, type Tree } from "../../src/index.js";
import { tensorsOf } from "../../src/tensor/tree.js";
import { reparam, start } from "../support/commandLine.js";
import type { Ended } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = (...path: string[]) => new Uint8Array(readFileSync(join(folder, ...path)));
const text = (...path: string[]) => readFileSync(join(folder, ...path), "utf8");
const TINY = ["shapes", "--count", "80", "--size", "16", "--latent", "2", "--batch", "16"];

describe("reparam train", () => {
  let ended: Ended;
  beforeAll(async () => {
    ended = await reparam(folder, "train", ...TINY, "--epochs", "3", "--out", "run");
  });

  it("ends well and says where the report is", () => {
    expect(ended.code, ended.err).toBe(0);
    expect(ended.out).toBe(`report: ${join("run", "report.html")}\n`);
  });

  it("tells of each epoch in plain lines where nobody looks", () => {
    expect(ended.err).toMatch(/^conv-vae on shapes: 72 examples of 16×16×1, 8 held out/);
    expect(ended.err.match(/^epoch \d\/3 .*loss .*reconstruction .*kl .*validation/gm)).toHaveLength(3);
    expect(ended.err).not.toContain("\u001B");
  });

  it("writes a model that needs nothing else", () => {
    const { model, params, info } = loadModel(bytes("run", "model.safetensors"));
    expect(model.spec.type).toBe("vae");
    expect(model.inputShape).toEqual([16, 16, 1]);
    expect(tensorsOf(params.weights).every((t) => t.data.every(Number.isFinite))).toBe(true);
    expect(info).toMatchObject({ settings: { data: "shapes", options: { latent: "2" } } });
  });

  it("writes the history", () => {
    const { steps, epochs } = JSON.parse(text("run", "history.json")) as History;
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(steps).toHaveLength(15);
    expect(epochs[2]!.validation!.loss).toBeGreaterThan(0);
  });

  it("writes a report that needs no network, and pictures", () => {
    const html = text("run", "report.html");
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain("conv-vae on shapes");
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
    const pictures = readdirSync(join(folder, "run")).filter((name) => name.endsWith(".png"));
    expect(pictures).toEqual(expect.arrayContaining(["reconstructions.png", "samples.png"]));
    for (const name of pictures) expect(readPng(bytes("run", name)).shape).toHaveLength(3);
  });

  it("leaves nothing else in the folder", () => {
    const others = readdirSync(join(folder, "run")).filter((name) => !name.endsWith(".png"));
    const files = ["history.json", "model.safetensors", "report.html", "settings.json"];
    expect(others.sort()).toEqual(["checkpoints", ...files]);
    expect(readdirSync(join(folder, "run", "checkpoints"))).toEqual(["checkpoint-00000015.safetensors"]);
  });

  it("is used by the other commands", async () => {
    const data = ["shapes", "--count", "10", "--size", "16"];
    const results = await Promise.all([
      reparam(folder, "encode", "run", ...data, "--out", "codes.npy"),
      reparam(folder, "encode", "run/model.safetensors", ...data, "--out", "codes.csv"),
      reparam(folder, "reconstruct", "run", ...data, "--out", "again.png"),
      reparam(folder, "generate", "run", "--count", "9", "--out", "fresh.npy"),
      reparam(folder, "score", "run", ...data),
      reparam(folder, "info", "run"),
      reparam(folder, "report", "run", ...data, "--out", "other"),
    ]);
    for (const { code, err } of results) expect([code, err]).toEqual([0, ""]);
    const codes = readNpy(bytes("codes.npy"));
    expect(codes.shape).toEqual([10, 2]);
    const table = readCsv(text("codes.csv"));
    expect(table.columns).toEqual(["z0", "z1"]);
    expect(equals(table.data, codes)).toBe(true);
    expect(readPng(bytes("again.png")).shape).toEqual([3 * 17 - 1, 4 * 17 - 1, 1]);
    expect(readNpy(bytes("fresh.npy")).shape).toEqual([9, 16, 16, 1]);
    expect(text("scores.csv").split("\n")).toHaveLength(12);
    expect(results[4]!.out).toContain("most unusual:");
    expect(results[5]!.out).toContain("conv2dTranspose");
    expect(readdirSync(join(folder, "other"))).toContain("report.html");
  });
});

describe("reparam train, interrupted", () => {
  it("saves on Ctrl-C, says how to go on, and ends with the same bits as without", async () => {
    const asked = [...TINY, "--epochs", "40"];
    const whole = reparam(folder, "train", ...asked, "--out", "whole");
    let isSent = false;
    const cut = await start(folder, ["train", ...asked, "--out", "cut"], (said, child) => {
      if (isSent || !said.includes("epoch 2/40")) return;
      isSent = true;
      child.kill("SIGINT");
    }).ended;
    expect(cut.code, cut.err).toBe(130);
    expect(cut.err).toMatch(/stopped after step \d+; go on with: reparam train --resume cut\n$/);
    const on = await reparam(folder, "train", "--resume", "cut");
    expect(on.code, on.err).toBe(0);
    expect(on.err).not.toContain("epoch 1/40");
    expect((await whole).code).toBe(0);
    const weights = (name: string) => loadModel(bytes(name, "model.safetensors")).params as unknown as Tree;
    const [a, b] = ["whole", "cut"].map((name) => tensorsOf(weights(name)));
    expect(a!.map((t, i) => equals(t, b![i]!)).every(Boolean)).toBe(true);
  });
});

describe("reparam train on a table", () => {
  it("standardizes the columns and gives results in the table's units", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${1000 + i},${i % 7},5`);
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(folder, "table.csv"), ["a,b,c", ...rows].join("\n"));
    const args = [
      "train",
      "table.csv",
      "--model",
      "linear",
      "--latent",
      "2",
      "--epochs",
      "300",
      "--lr",
      "0.1",
    ];
    const trained = await reparam(folder, ...args, "--out", "table");
    expect(trained.code, trained.err).toBe(0);
    const again = await reparam(folder, "reconstruct", "table", "table.csv", "--out", "table-again.csv");
    expect(again.code, again.err).toBe(0);
    const { data } = readCsv(text("table-again.csv"));
    const wanted = tensor(rows.map((row) => row.split(",").map(Number)));
    expect(Math.max(...data.data.map((value, i) => Math.abs(value - wanted.data[i]!)))).toBeLessThan(0.1);
  });
});
