// Every option of every command on tiny data, through to the end: of a training that is its report.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commandLine.js";
import { LIKELIHOODS, MODEL_NAMES } from "../../src/cli/models.js";
import { key, random, tensor, writeNpy, writePng } from "../../src/index.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-options-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
const numbers = (count: number, f: (i: number) => number) => Array.from({ length: count }, (_, i) => f(i));

const [IMAGES, PICTURES, TABLE] = [at("images.npy"), at("pictures"), at("table.csv")];
const LABELS = at("labels.npy");
const WINES = numbers(24, (i) => i).map((i) => `${i},${(i * 7) % 5},${i % 3}`);

beforeAll(async () => {
  writeFileSync(IMAGES, writeNpy(random.uniform(key(1), [24, 8, 8])));
  writeFileSync(LABELS, writeNpy(tensor(numbers(24, (i) => i % 3))));
  writeFileSync(TABLE, ["alcohol,acid,kind", ...WINES].join("\n"));
  mkdirSync(PICTURES);
  for (let i = 0; i < 12; i++) {
    writeFileSync(join(PICTURES, `${i}.png`), writePng(random.uniform(key(i), [9, 12, 3])));
  }
  writeFileSync(join(PICTURES, "damaged.png"), writePng(random.uniform(key(1), [9, 12, 3])).subarray(0, 90));
  // What the other commands use.
  const tiny = ["--epochs", "1", "--latent", "2"];
  for (const [source, out, ...more] of [
    [IMAGES, "vae"],
    [TABLE, "table", "--labels", "kind"],
    ["shapes", "shapes", "--count", "24", "--size", "8"],
    [PICTURES, "colour", "--size", "8", "--skip"],
    [PICTURES, "grey", "--size", "8", "--grey", "--skip"],
  ] as const) {
    const { code, err } = await reparam(["train", source, ...tiny, ...more, "--out", at(out)]);
    expect([out, code], err).toEqual([out, 0]);
  }
  // A run that was cut off.
  const cut = ["train", IMAGES, "--epochs", "50", "--latent", "2", "--batch", "4", "--out", at("cut")];
  let isSent = false;
  const { code } = await reparam(cut, (said) => {
    if (!isSent && said.includes("epoch 1/")) isSent = process.emit("SIGINT");
  });
  expect(code).toBe(130);
});

/** Arguments before the option, and its values; `true` for one that takes none. */
type Case = readonly [args: readonly string[], ...values: readonly (string | true)[]];

const SHAPES = ["shapes", "--count", "20", "--size", "8"];
const TRAIN: Record<string, Case[]> = {
  model: [
    [["shapes", "--count", "20", "--size", "28"], ...MODEL_NAMES],
    [[TABLE], "dense-vae", "dense-ae", "linear"],
  ],
  latent: [[[IMAGES], "1", "2", "5"]],
  beta: [[[IMAGES], "0", "4"]],
  epochs: [[[IMAGES], "1", "3"]],
  likelihood: [[[IMAGES], ...LIKELIHOODS]],
  gamma: [[[IMAGES], "0.001", "2"]],
  batch: [[[IMAGES], "1", "7", "1000"]],
  lr: [[[IMAGES], "0", "1e-3"]],
  seed: [[SHAPES, "0", "9007199254740991"]],
  denoise: [
    [[IMAGES], "0", "0.3"],
    [[TABLE], "0.3"],
  ],
  mask: [
    [[IMAGES], "0", "0.5", "1"],
    [[TABLE], "0.5"],
  ],
  size: [
    [["shapes", "--count", "20"], "8"],
    [[PICTURES, "--skip"], "6", "6x9"],
  ],
  grey: [[[PICTURES, "--skip", "--size", "8"], true]],
  fit: [[[PICTURES, "--skip", "--size", "8"], "crop", "stretch", "pad"]],
  skip: [[[PICTURES, "--size", "8"], true]],
  count: [
    [["faces", "--size", "8"], "20"],
    [["faces", "--size", "16"], "20"],
    [[IMAGES], "10"],
  ],
  labels: [
    [[IMAGES], LABELS],
    [[TABLE], "kind"],
  ],
  out: [[SHAPES, at("elsewhere")]],
  resume: [[[], at("cut")]],
};

/** Options of data for a command and a model; `labels` differ. */
const input = (...labels: Case[]): Record<string, Case[]> => ({
  size: [[[at("vae"), "shapes", "--count", "20"], "8"]],
  grey: [[[at("grey"), PICTURES, "--skip", "--size", "8"], true]],
  fit: [[[at("colour"), PICTURES, "--skip", "--size", "8"], "crop", "stretch", "pad"]],
  skip: [[[at("colour"), PICTURES, "--size", "8"], true]],
  count: [
    [[at("vae"), IMAGES], "20"],
    [[at("shapes"), ...SHAPES.filter((word) => !["--count", "20"].includes(word))], "18"],
  ],
  labels,
  seed: [[[at("shapes"), ...SHAPES], "0", "7"]],
});
const columns: Case = [[at("table"), TABLE], "kind"];
const [out, images] = ["--out", [at("vae"), IMAGES]];
const files = (...endings: string[]) => endings.map((ending) => at(`out${ending}`));

const CASES: Record<string, Record<string, Case[]>> = {
  train: TRAIN,
  reconstruct: { ...input(columns), out: [[images, ...files(".npy", ".csv", ".png")]] },
  encode: { ...input(columns), out: [[images, ...files(".npy", ".csv")]] },
  generate: {
    count: [[[at("vae")], "1", "10"]],
    seed: [[[at("vae")], "0", "7"]],
    temperature: [[[at("vae")], "0", "0.5"]],
    out: [
      [[at("vae")], ...files(".png", ".npy", ".csv")],
      [[at("table")], ...files(".npy", ".csv")],
    ],
  },
  score: {
    ...input(columns),
    by: [[images, "elbo", "reconstruction", "logLikelihood"]],
    out: [[images, ...files(".csv")]],
  },
  report: { ...input([images, LABELS], [[at("vae")], LABELS], columns), out: [[[at("vae")], at("again")]] },
  info: {},
};

/** Where results go unless the case is about that: no command writes into the folder of the tests. */
const PLACES: Record<string, string> = {
  reconstruct: at("result.npy"),
  encode: at("result.npy"),
  generate: at("result.npy"),
  score: at("result.csv"),
};

const ALL = Object.entries(CASES).flatMap(([command, options]) =>
  Object.entries(options).flatMap(([option, cases]) =>
    cases.flatMap(([args, ...values]) => values.map((value) => ({ command, option, args, value }))),
  ),
);

let runs = 0;

describe("every option of every command", () => {
  it("has a case, and every case is of an option", () => {
    const options = COMMANDS.map((command) => [command.name, Object.keys(command.options).sort()]);
    expect(Object.entries(CASES).map(([name, cases]) => [name, Object.keys(cases).sort()])).toEqual(options);
    for (const { command, option, value } of ALL) {
      const { type } = COMMANDS.find(({ name }) => name === command)!.options[option]!;
      expect([command, option, value === true ? "boolean" : "string"]).toEqual([command, option, type]);
    }
  });

  it("says what happens without it, unless nothing does", () => {
    const optional = ["labels", "denoise", "mask", "resume"];
    for (const command of COMMANDS) {
      for (const [name, { type, help }] of Object.entries(command.options)) {
        if (type === "string" && !optional.includes(name))
          expect(help, `${command.name} --${name}`).toContain("default");
      }
    }
  });

  it.each(ALL)("$command --$option $value", async ({ command, option, args, value }) => {
    const folderOfRun = at(`run${runs++}`);
    const isPlaced = ["out", "resume"].includes(option);
    const place = command === "train" || command === "report" ? folderOfRun : PLACES[command]!;
    const whole = [
      command,
      ...args,
      ...(value === true ? [`--${option}`] : [`--${option}`, value]),
      ...(isPlaced ? [] : [out, place]),
      ...(command === "train" && !["epochs", "resume"].includes(option) ? ["--epochs", "1"] : []),
      ...(command === "train" && !["latent", "resume", "model"].includes(option) ? ["--latent", "2"] : []),
    ];
    const { code, out: said, err } = await reparam(whole);
    expect(code, `${whole.join(" ")}\n${err}`).toBe(0);
    if (command !== "train" && command !== "report") {
      expect(statSync(isPlaced ? (value as string) : place).size).toBeGreaterThan(0);
      return;
    }
    const own = isPlaced ? (value as string) : folderOfRun;
    expect(said).toBe(`report: ${join(own, "report.html")}\n`);
    const html = readFileSync(join(own, "report.html"), "utf8");
    const name = command === "report" && option === "seed" ? "seed of the data" : option;
    const told = `<span>${name} <b>${value === true ? "yes" : value}</b></span>`;
    expect(isPlaced || html.includes(told), told).toBe(true);
    if (command === "report") return;
    // Written anew, the report is the same.
    const again = await reparam(["report", own]);
    expect(again.code, again.err).toBe(0);
    expect(readFileSync(join(own, "report.html"), "utf8") === html).toBe(true);
  });

  it("goes with the others", async () => {
    const all =
      "--size 8 --grey --fit pad --skip --count 11 --latent 3 --beta 2 --epochs 2 --likelihood gaussian";
    const rest = "--gamma 0.2 --batch 5 --lr 1e-3 --seed 4 --mask 0.3 --model dense-vae";
    const asked = [PICTURES, ...all.split(" "), ...rest.split(" "), "--labels", at("few.npy")];
    writeFileSync(at("few.npy"), writeNpy(tensor(numbers(11, (i) => i % 2))));
    const { code, err } = await reparam(["train", ...asked, "--out", at("all")]);
    expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
    const more = ["--grey", "--size", "8", "--skip", "--out", at("other")];
    expect((await reparam(["report", at("all"), PICTURES, ...more])).code).toBe(0);
  });
});
