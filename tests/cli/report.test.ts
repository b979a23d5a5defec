// Whose data a report is about: the run's own held-out ones, or others, which it then names, counts and colours.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../src/data/index.js";
import { writePng } from "../../src/images/index.js";
import { key, random, tensor } from "../../src/index.js";
import { reparam } from "../support/inProcess.js";
import { textsOf } from "../support/pages.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-report-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

const saved = (name: string, count: number, labels: readonly string[]) => {
  writeFileSync(at(`${name}.npy`), writeNpy(random.uniform(key(count), [count, 8, 8])));
  writeFileSync(
    at(`${name}Labels.npy`),
    writeNpy(tensor(Array.from({ length: count }, (_, i) => i % labels.length))),
  );
};

beforeAll(async () => {
  saved("own", 40, ["a", "b", "c"]);
  saved("other", 25, ["a", "b"]);
  for (const [i, kind] of ["cats", "dogs", "cats", "dogs", "owls"].entries()) {
    mkdirSync(at("pets", kind), { recursive: true });
    writeFileSync(at("pets", kind, `${i}.png`), writePng(random.uniform(key(i), [8, 8, 1])));
  }
  const own = [
    at("own.npy"),
    "--labels",
    at("ownLabels.npy"),
    "--latent",
    "3",
    "--epochs",
    "2",
    "--seed",
    "5",
  ];
  const built = ["shapes", "--count", "30", "--size", "8", "--epochs", "1"];
  for (const args of [
    [...own, "--out", at("run")],
    [...built, "--out", at("shapes")],
  ]) {
    const { code, err } = await reparam(["train", ...args]);
    if (code !== 0) throw new Error(err);
  }
});

let count = 0;

/** What the page of a report says. */
async function pageOf(...args: string[]) {
  const out = at(`page${count++}`);
  const { code, err } = await reparam(["report", ...args, "--out", out]);
  expect(code, err).toBe(0);
  const html = readFileSync(join(out, "report.html"), "utf8");
  const [title] = textsOf(html, "h1");
  const settings = textsOf(html.split("</header>")[0]!, "span");
  const [, measured] = /Measured on ([^<]*)\./.exec(html)!;
  const codes = html.split('id="codes"')[1]!.split("</section>")[0]!;
  return { html, title, settings, measured, legend: textsOf(codes, "figcaption")[0] };
}

describe("the report of a run's own data", () => {
  it("names them, and says that they were held out", async () => {
    const { html, ...page } = await pageOf(at("run"));
    expect(page).toMatchObject({ title: "conv-vae on own.npy", measured: "4 held-out examples" });
    expect(page.settings).toContain(`data ${at("own.npy")}`);
    expect(page.settings).toContain(`labels ${at("ownLabels.npy")}`);
    expect(page.settings.join()).not.toContain("trained on");
    expect(html).toBe(readFileSync(at("run", "report.html"), "utf8"));
  });

  it("stays one of the held-out data with other labels, or with options as they were", async () => {
    expect((await pageOf(at("shapes"), "--count", "30", "--size", "8")).measured).toBe("3 held-out examples");
    writeFileSync(at("more.npy"), writeNpy(tensor(Array.from({ length: 40 }, (_, i) => i % 2))));
    const { measured, legend, settings } = await pageOf(at("run"), "--labels", at("more.npy"));
    expect([measured, legend]).toEqual(["4 held-out examples", expect.stringMatching(/^( \d(, )?)+$/)]);
    expect(settings).toContain(`labels ${at("more.npy")}`);
  });

  it.each([
    ["--seed", "2"],
    ["--count", "20"],
  ])("says of examples chosen otherwise, by %s %s, only how many", async (...args) => {
    const { measured, settings } = await pageOf(at("shapes"), ...args);
    expect(measured).toBe(`${args[0] === "--count" ? 20 : 30} examples`);
    expect(settings).toContain("trained on shapes");
  });
});

describe("the report of other data", () => {
  it("tells their name, count and labels, and what was trained on", async () => {
    const page = await pageOf(at("run"), at("other.npy"), "--labels", at("otherLabels.npy"));
    expect(page).toMatchObject({ title: "conv-vae on other.npy", measured: "25 examples", legend: " 0,  1" });
    expect(page.settings).toEqual([
      `data ${at("other.npy")}`,
      `labels ${at("otherLabels.npy")}`,
      "count 25",
      `trained on ${at("own.npy")}`,
      "latent 3",
      "epochs 2",
      "seed 5",
    ]);
    expect(page.html).toContain("The average of each label");
  });

  it("has no labels of the training data", async () => {
    const page = await pageOf(at("run"), at("other.npy"));
    expect(page.legend).toBeUndefined();
    expect(page.settings.join()).not.toContain("abels");
    expect(page.html).not.toContain("The average of each label");
  });

  it("counts what was asked for, and has the names of subfolders for labels", async () => {
    expect(await pageOf(at("run"), at("other.npy"), "--count", "7")).toMatchObject({
      measured: "7 examples",
    });
    const page = await pageOf(at("run"), at("pets"));
    expect(page).toMatchObject({
      title: "conv-vae on pets",
      measured: "5 examples",
      legend: " cats,  dogs,  owls",
    });
  });

  it("never calls held out what the run's data are called too", async () => {
    expect((await pageOf(at("run"), at("own.npy"))).measured).toBe("40 examples");
  });
});

describe("numbers of latents", () => {
  it("are those of the columns that encode writes", async () => {
    const { html } = await pageOf(at("run"));
    const { code } = await reparam(["encode", at("run"), at("own.npy"), "--out", at("codes.csv")]);
    expect(code).toBe(0);
    const columns = readFileSync(at("codes.csv"), "utf8").split("\n")[0]!.split(",");
    const rows = html.split('id="dimensions"')[1]!.split('<div class="rows">')[1]!.split("</div>")[0]!;
    const shown = textsOf(rows, "span").map((text) => text.split(" ")[0]!);
    expect(shown.sort()).toEqual(columns);
    expect(columns).toEqual(["z0", "z1", "z2"]);
  });
});

describe("a run with a damaged history", () => {
  it.each([
    ["{", /history\.json is damaged: it is not JSON/],
    ["null", /history\.json is damaged: it must hold the steps and epochs of a training/],
    [
      '{"steps":[{}],"epochs":[]}',
      /history\.json is damaged: it must hold the steps and epochs of a training/,
    ],
  ])("is refused in one line: %s", async (text, words) => {
    const history = readFileSync(at("run", "history.json"));
    writeFileSync(at("run", "history.json"), text);
    const { code, err } = await reparam(["report", at("run"), "--out", at("none")]);
    writeFileSync(at("run", "history.json"), history);
    expect([code, err.trimEnd().split("\n").length]).toEqual([2, 1]);
    expect(err).toMatch(words);
  });
});
