// Every option of every command on tiny data, through to the end: of a training that is its report.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commandLine.js";
import { LIKELIHOODS, MODEL_NAMES } from "../../src/cli/models.js";
import { writeNpy } from "../../src/data/index.js";
import { writePng } from "../../src/images/index.js";
import { key, random, tensor } from "../../src/index.js";
import { reparam } from "../support/inProcess.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-options-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
const numbers = (count: number, f: (i: number) => number) => Array.from({ length: count }, (_, i) => f(i));

const [IMAGES, PICTURES, TABLE] = [at("images.npy"), at("pictures"), at("table.csv")];
const [LABELS, CODES, NUMBERS, FEW] = [at("labels.npy"), at("codes.rpz"), at("numbers.npy"), at("few.npy")];
const WINES = numbers(24, (i) => i).map((i) => `${i},${(i * 7) % 5},${i % 3}`);

beforeAll(async () => {
  writeFileSync(IMAGES, writeNpy(random.uniform(key(1), [24, 8, 8])));
  writeFileSync(LABELS, writeNpy(tensor(numbers(24, (i) => i % 3))));
  writeFileSync(NUMBERS, writeNpy(random.normal(key(9), [24, 3])));
  writeFileSync(FEW, writeNpy(tensor(numbers(12, (i) => i % 2))));
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
    [IMAGES, "second"],
    [TABLE, "table", "--labels", "kind"],
    [PICTURES, "colour", "--size", "8", "--skip"],
    [PICTURES, "grey", "--size", "8", "--grey", "--skip"],
    [PICTURES, "levels", "--skip", "--likelihood", "discretizedLogistic"],
    [IMAGES, "vae-of-classes", "--labels", LABELS, "--condition"],
    [TABLE, "table-of-classes", "--labels", "kind", "--condition"],
    [PICTURES, "colour-of-classes", "--size", "8", "--skip", "--labels", FEW, "--condition"],
    [PICTURES, "grey-of-classes", "--size", "8", "--grey", "--skip", "--labels", FEW, "--condition"],
  ] as const) {
    const { code, err } = await reparam(["train", source, ...tiny, ...more, "--out", at(out)]);
    if (code !== 0) throw new Error(err);
  }
  const pixels = ["--model", "pixel-rnn", "--levels", "4", "--hidden", "4", "--epochs", "1"];
  const trained = await reparam(["train", IMAGES, ...pixels, "--out", at("pixels")]);
  if (trained.code !== 0) throw new Error(trained.err);
  const made = await reparam(["compress", at("vae"), IMAGES, "--out", CODES]);
  if (made.code !== 0) throw new Error(made.err);
  // A run that was cut off.
  const cut = ["train", IMAGES, "--epochs", "50", "--latent", "2", "--batch", "4", "--out", at("cut")];
  let isSent = false;
  const { code, err } = await reparam(cut, (said) => {
    if (!isSent && said.includes("epoch 1/")) isSent = process.emit("SIGINT");
  });
  if (code !== 130) throw new Error(err);
});

/** Arguments before the option, and its values; `true` for one that takes none. */
type Case = readonly [args: readonly string[], ...values: readonly (string | true)[]];

const SHAPES = ["shapes", "--count", "20", "--size", "8"];
const TRAIN: Record<string, Case[]> = {
  model: [
    [["shapes", "--count", "20", "--size", "28"], ...MODEL_NAMES],
    [[TABLE], "dense-vae", "dense-ae", "linear", "pca"],
  ],
  latent: [[[IMAGES], "1", "2", "5"]],
  codebook: [[[IMAGES, "--model", "vq-vae"], "2", "40"]],
  levels: [[[IMAGES, "--model", "pixel-rnn"], "2", "256"]],
  hidden: [[[IMAGES, "--model", "pixel-cnn"], "1", "5"]],
  layers: [[[IMAGES, "--model", "pixel-rnn"], "1", "2"]],
  beta: [[[IMAGES], "0", "4"]],
  epochs: [[[IMAGES], "1", "3"]],
  likelihood: [[[IMAGES], ...LIKELIHOODS]],
  gamma: [[[IMAGES], "0.001", "2"]],
  condition: [
    [[IMAGES, "--labels", LABELS], true],
    [[TABLE, "--labels", "kind"], true],
  ],
  names: [[[IMAGES, "--labels", LABELS, "--condition"], "shirt,shoe,bag"]],
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
  background: [[[PICTURES, "--skip", "--size", "8"], "black", "#336699"]],
  "max-bytes": [[[PICTURES, "--skip", "--size", "8"], "1296", "9007199254740991"]],
  header: [[[TABLE], "yes"]],
  separator: [[[TABLE], ","]],
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
  overwrite: [[SHAPES, true]],
  resume: [[[], at("cut")]],
};

/** Options of data for a command and models of a kind, `""` or `"-of-classes"`; `labels` differ. */
const inputOf = (kind: string, ...labels: Case[]): Record<string, Case[]> => ({
  size: [[[at(`vae${kind}`), "shapes", "--count", "20"], "8"]],
  grey: [[[at(`grey${kind}`), PICTURES, "--skip", "--size", "8"], true]],
  fit: [[[at(`colour${kind}`), PICTURES, "--skip", "--size", "8"], "crop", "stretch", "pad"]],
  background: [[[at(`colour${kind}`), PICTURES, "--skip", "--size", "8"], "white"]],
  "max-bytes": [[[at(`colour${kind}`), PICTURES, "--skip", "--size", "8"], "1296"]],
  header: [[[at(`table${kind}`), TABLE, "--labels", "kind"], "yes"]],
  separator: [[[at(`table${kind}`), TABLE, "--labels", "kind"], ","]],
  skip: [[[at(`colour${kind}`), PICTURES, "--size", "8"], true]],
  count: [
    [[at(`vae${kind}`), IMAGES], "20"],
    [[at(`vae${kind}`), ...SHAPES.filter((word) => !["--count", "20"].includes(word))], "18"],
  ],
  labels,
  seed: [[[at(`vae${kind}`), ...SHAPES], "0", "7"]],
});
const input = (...labels: Case[]) => inputOf("", ...labels);
const columns: Case = [[at("table"), TABLE], "kind"];
const images = [at("vae"), IMAGES];
const ofClasses = [at("vae-of-classes"), IMAGES];
let files = 0;
const named = (...endings: string[]) => endings.map((ending) => at(`out${files++}${ending}`));

const CASES: Record<string, Record<string, Case[]>> = {
  train: TRAIN,
  reconstruct: { ...input(columns, [ofClasses, LABELS]), out: [[images, ...named(".npy", ".csv", ".png")]] },
  encode: { ...input(columns, [ofClasses, LABELS]), out: [[images, ...named(".npy", ".csv")]] },
  generate: {
    count: [[[at("vae")], "1", "10"]],
    seed: [[[at("vae")], "0", "7"]],
    label: [[[at("vae-of-classes")], "0", "2"]],
    temperature: [[[at("vae")], "0", "0.5"]],
    out: [
      [[at("vae")], ...named(".png", ".npy", ".csv")],
      [[at("table")], ...named(".npy", ".csv")],
      [[at("pixels")], ...named(".png")],
    ],
  },
  complete: {
    size: [[[at("pixels"), PICTURES, "--skip", "--grey"], "8"]],
    grey: [[[at("pixels"), PICTURES, "--skip", "--size", "8"], true]],
    fit: [[[at("pixels"), PICTURES, "--skip", "--size", "8", "--grey"], "crop", "stretch", "pad"]],
    background: [[[at("pixels"), PICTURES, "--skip", "--size", "8", "--grey"], "white"]],
    "max-bytes": [[[at("pixels"), PICTURES, "--skip", "--size", "8", "--grey"], "1296"]],
    skip: [[[at("pixels"), PICTURES, "--size", "8", "--grey"], true]],
    count: [[[at("pixels"), IMAGES], "5"]],
    rows: [[[at("pixels"), IMAGES], "0", "8"]],
    temperature: [[[at("pixels"), IMAGES], "0", "0.5"]],
    seed: [[[at("pixels"), IMAGES], "0", "7"]],
    out: [[[at("pixels"), IMAGES], ...named(".png", ".npy", ".csv")]],
  },
  score: {
    ...input(columns),
    by: [
      [images, "elbo", "reconstruction", "logLikelihood"],
      [[at("vae-of-classes"), IMAGES], "joint"],
      [[at("vae-of-classes"), IMAGES, "--labels", LABELS], "elbo"],
    ],
    out: [[images, ...named(".csv")]],
  },
  classify: {
    samples: [[ofClasses, "1", "3"]],
    reject: [[ofClasses, "0", "0.25", "1"]],
    ...inputOf("-of-classes", [ofClasses, LABELS], [[at("table-of-classes"), TABLE], "kind"]),
    out: [[ofClasses, ...named(".csv")]],
  },
  compress: {
    bits: [[images, "2", "16"]],
    steps: [[images, "fitted", "range"]],
    lossless: [[[at("levels"), PICTURES, "--skip"], true]],
    ...input(columns),
    out: [[images, ...named(".rpz")]],
  },
  decompress: {
    start: [[[at("vae"), CODES], "0", "5"]],
    end: [[[at("vae"), CODES], "1", "24"]],
    out: [[[at("vae"), CODES], ...named(".npy", ".csv", ".png")]],
  },
  mixture: {
    components: [[[NUMBERS], "auto", "2", "1-3"]],
    samples: [[[NUMBERS], "1", "20"]],
    seed: [[[NUMBERS, "--components", "2"], "0", "7"]],
    header: [[[TABLE, "--components", "1"], "yes"]],
    separator: [[[TABLE, "--components", "1"], ","]],
    count: [[[NUMBERS, "--components", "1"], "10"]],
    labels: [
      [[NUMBERS, "--components", "1"], LABELS],
      [[TABLE, "--components", "1"], "kind"],
    ],
    out: [[[NUMBERS, "--components", "1"], at("mixed")]],
  },
  estimators: {
    dimensions: [[["--samples", "4"], "1", "2,16"]],
    samples: [[["--dimensions", "2"], "2", "3,50"]],
    seed: [[["--dimensions", "2", "--samples", "4"], "0", "7"]],
    out: [[["--dimensions", "2", "--samples", "4"], at("estimated")]],
  },
  report: { ...input([images, LABELS], [[at("vae")], LABELS], columns), out: [[[at("vae")], at("again")]] },
  compare: {
    ...input([images, LABELS], [[at("vae")], LABELS], columns),
    out: [[[at("vae"), at("second")], at("compared")]],
  },
  info: {},
};

/** How results are called, unless the case is about that. */
const ENDINGS: Record<string, string> = {
  reconstruct: ".npy",
  encode: ".npy",
  generate: ".npy",
  complete: ".npy",
  score: ".csv",
  classify: ".csv",
  compress: ".rpz",
  decompress: ".npy",
};

const ALL = Object.entries(CASES).flatMap(([command, options]) =>
  Object.entries(options).flatMap(([option, cases]) =>
    cases.flatMap(([args, ...values]) => values.map((value) => ({ command, option, args, value }))),
  ),
);

/** Options whose cases are of models that do not take `--latent`, or are about it. */
const WITHOUT_LATENT = ["latent", "model", "levels", "hidden", "layers"];
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
    const silent = COMMANDS.flatMap(({ options }) =>
      Object.entries(options).flatMap(([name, { type, help }]) =>
        type === "string" && !help.includes("default") ? name : [],
      ),
    );
    // Labels, noise and masks are absent then, and a run is new.
    expect([...new Set(silent)].sort()).toEqual([
      "denoise",
      "header",
      "labels",
      "mask",
      "resume",
      "separator",
    ]);
  });

  /** Runs a command with an option; returns where its result is. */
  async function run({ command, option, args, value }: (typeof ALL)[number]): Promise<string> {
    const isPlaced = ["out", "resume"].includes(option);
    const place = isPlaced ? String(value) : at(`result${runs++}${ENDINGS[command] ?? ""}`);
    const isTraining = command === "train" && option !== "resume";
    const whole = [
      command,
      ...args,
      ...(value === true ? [`--${option}`] : [`--${option}`, value]),
      ...(isPlaced ? [] : ["--out", place]),
      ...(isTraining && option !== "epochs" && value !== "pca" ? ["--epochs", "1"] : []),
      ...(isTraining && !WITHOUT_LATENT.includes(option) ? ["--latent", "2"] : []),
    ];
    const { code, out, err } = await reparam(whole);
    expect(code, `${whole.join(" ")}\n${err}`).toBe(0);
    expect(out).toContain(place);
    return place;
  }
  const hasReport = ({ command }: (typeof ALL)[number]) => command === "train" || command === "report";

  it.each(ALL.filter((one) => !hasReport(one)))("$command --$option $value", async (one) => {
    expect(statSync(await run(one)).size).toBeGreaterThan(0);
  });

  it.each(ALL.filter(hasReport))("$command --$option $value, through to the report", async (one) => {
    const { command, option, value } = one;
    const place = await run(one);
    const html = readFileSync(join(place, "report.html"), "utf8");
    const name = command === "report" && option === "seed" ? "seed of the data" : option;
    const told = `<span>${name} <b>${value === true ? "yes" : value}</b></span>`;
    expect(html.includes(told)).toBe(!["out", "overwrite", "resume"].includes(option));
    // Written anew, the report of a training is the same.
    const again = await reparam(command === "train" ? ["report", place] : ["info", String(one.args[0])]);
    expect(again.code, again.err).toBe(0);
    expect(readFileSync(join(place, "report.html"), "utf8") === html).toBe(true);
  });

  it("goes with the others", async () => {
    const all =
      "--size 8 --grey --fit pad --skip --count 11 --latent 3 --beta 2 --epochs 2 --likelihood gaussian";
    const rest = "--gamma 0.2 --batch 5 --lr 1e-3 --seed 4 --mask 0.3 --model dense-vae";
    const asked = [PICTURES, ...all.split(" "), ...rest.split(" "), "--labels", FEW, "--condition"];
    const { code, err } = await reparam(["train", ...asked, "--out", at("all")]);
    expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
    const more = ["--grey", "--size", "8", "--skip", "--labels", FEW, "--out", at("other")];
    expect((await reparam(["report", at("all"), PICTURES, ...more])).code).toBe(0);
  });
});
