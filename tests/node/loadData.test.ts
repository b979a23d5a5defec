// Laws of loading data from the disk: the content tells the kind, pixels come from 0 to 1, folders in a fixed order.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writeNpy } from "../../src/data/index.js";
import { writePng, type Background } from "../../src/images/index.js";
import { full, type Tensor, tensor } from "../../src/index.js";
import { loadData } from "../../src/node/index.js";
import { compareNames } from "../../src/node/paths.js";
import { pngOf } from "../support/pngFiles.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reparam-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a file below the folder and returns its path. */
function put(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** A picture of one value, in steps of 1/255. */
const picture = (level: number, shape: readonly number[] = [2, 2, 1]) => writePng(full(shape, level / 255));
const firstOf = (images: Tensor) =>
  Array.from({ length: images.shape[0]! }, (_, i) =>
    Math.round(255 * images.data[(i * images.size) / images.shape[0]!]!),
  );
const expectRefusal = (promise: Promise<unknown>, words: string | RegExp) =>
  expect(promise).rejects.toThrow(words);

const pixels = Uint8Array.from({ length: 12 }, (_, i) => 23 * i);
const unit = Float32Array.from(pixels, (value) => value / 255);
const idx = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, ...pixels]);
const labels = Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]);

/** An npy file of bytes. */
function npyOfBytes(shape: string, bytes: Uint8Array): Uint8Array {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }\n`;
  return Uint8Array.from([
    0x93,
    ...Buffer.from("NUMPY"),
    1,
    0,
    header.length,
    0,
    ...Buffer.from(header),
    ...bytes,
  ]);
}

describe("loadData of a file", () => {
  it.each<[string, Uint8Array]>([
    ["plain", idx],
    ["packed", gzipSync(idx)],
  ])("reads images in IDX, %s, from 0 to 1 with a channel axis", async (_, bytes) => {
    const { kind, inputs } = await loadData(put("any name.csv", bytes));
    expect([kind, inputs.shape]).toEqual(["idx", [2, 2, 3, 1]]);
    expect(inputs.data).toEqual(unit);
  });

  it.each<[string, Uint8Array]>([
    ["plain", labels],
    ["packed", gzipSync(labels)],
  ])("leaves labels in IDX, %s, as they are", async (_, bytes) => {
    const { kind, inputs } = await loadData(put("x", bytes));
    expect([kind, inputs.shape, [...inputs.data]]).toEqual(["idx", [3], [7, 0, 9]]);
  });

  it("leaves IDX images of other numbers than bytes", async () => {
    const shorts = Uint8Array.from([0, 0, 11, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2]);
    for (const bytes of [shorts, gzipSync(shorts)]) {
      expect([...(await loadData(put("x", bytes))).inputs.data]).toEqual([258]);
    }
  });

  it("reads npy, scaled only where it holds bytes with three axes", async () => {
    const floats = await loadData(put("x.png", writeNpy(full([1, 2, 2], 9))));
    expect([floats.kind, floats.inputs]).toEqual(["npy", full([1, 2, 2], 9)]);
    const bytes = (await loadData(put("x", npyOfBytes("(2, 2, 3)", pixels)))).inputs;
    expect([bytes.shape, bytes.data]).toEqual([[2, 2, 3], unit]);
    const matrix = (await loadData(put("x", npyOfBytes("(4, 3)", pixels)))).inputs;
    expect([matrix.shape, matrix.data]).toEqual([[4, 3], Float32Array.from(pixels)]);
  });

  it("reads tables, with the names of their columns", async () => {
    expect(await loadData(put("x", "a,b\n1,2\n3,4\n"))).toEqual({
      kind: "csv",
      inputs: tensor([1, 2, 3, 4], [2, 2]),
      columns: ["a", "b"],
    });
    expect(await loadData(put("x", "1;2"))).toEqual({ kind: "csv", inputs: tensor([1, 2], [1, 2]) });
  });

  it("reads one PNG as a stack of one, without alpha", async () => {
    const file = writePng(tensor([1, 0.2, 1, 0], [1, 2, 2]));
    const { kind, inputs, names } = await loadData(put("x.idx", file), { background: 1 });
    expect([kind, inputs.shape, names]).toEqual(["png", [1, 1, 2, 1], ["x.idx"]]);
    expect([...inputs.data]).toEqual([1, 1]);
    expect([...(await loadData(put("x", file))).inputs.data]).toEqual([1, 1]);
    const onBlack = await loadData(put("x", file), { background: "black" });
    expect([...onBlack.inputs.data]).toEqual([Math.fround(0.2), 0]);
  });

  it("brings images to size, grey and fit", async () => {
    const red = put("red", writePng(tensor([1, 0, 0, 1, 0, 0], [1, 2, 3])));
    const grey = await loadData(red, { grey: true, size: [3, 2], fit: "pad", background: 1 });
    expect(grey.inputs).toEqual(tensor([1, 1, 0.2126, 0.2126, 1, 1], [1, 3, 2, 1]));
    const digits = await loadData(put("idx", idx), { size: [4, 4] });
    expect(digits.inputs.shape).toEqual([2, 4, 4, 1]);
    const cropped = await loadData(put("row", writePng(tensor([0, 1, 0, 0], [1, 4, 1]))), { size: [1, 2] });
    expect([...cropped.inputs.data]).toEqual([1, 0]);
  });

  it("takes the URL of a file, whatever its name", async () => {
    const path = put("sub/ä b%20#.csv", "1,2");
    expect((await loadData(pathToFileURL(path))).inputs).toEqual(tensor([1, 2], [1, 2]));
  });

  it("refuses what it cannot read, with the file's name", async () => {
    await expectRefusal(
      loadData(put("a.csv", "1,x")),
      'loadData("a.csv").readCsv: line 1, column 2 must be a finite',
    );
    await expectRefusal(
      loadData(put("a.png", picture(1).slice(0, 40))),
      'loadData("a.png").readPng: bytes must',
    );
    await expectRefusal(loadData(put("a", idx.slice(0, 20))), 'loadData("a").loadIdx: bytes must be 28 long');
    await expectRefusal(
      loadData(put("a", gzipSync(idx).subarray(0, 25))),
      'loadData("a").loadIdx: bytes must be',
    );
    await expectRefusal(loadData(put("a", gzipSync("1,2"))), 'loadData("a"): bytes must begin as IDX');
    await expectRefusal(loadData(put("a", writeNpy(full([2], 1)).slice(0, 90))), 'loadData("a").readNpy: ');
    await expectRefusal(
      loadData(put("a", Uint8Array.of(255, 216, 255, 1, 0))),
      'loadData("a"): bytes must begin as IDX',
    );
    await expectRefusal(loadData(put("a", "")), 'loadData("a").readCsv: file must hold');
    await expectRefusal(loadData(put("a", labels), { size: [2, 2] }), 'loadData("a"): array must be images');
    await expectRefusal(loadData(put("a", "1,2"), { grey: true }), 'loadData("a"): array must be images');
    await expectRefusal(loadData(join(folder, "none")), "ENOENT");
  });

  it("refuses wrong arguments before it looks", async () => {
    await expectRefusal(loadData(5 as never), /^loadData: path must be a text or a URL, got 5/);
    await expectRefusal(
      loadData({ href: "file:///x", pathname: "/x" }),
      /^loadData: path must be a text or a URL/,
    );
    await expectRefusal(loadData(""), /^loadData: path must name a file/);
    await expectRefusal(loadData("a\0b"), /^loadData: path must name a file/);
    await expectRefusal(
      loadData(new URL("https://example.org/x")),
      /^loadData: path must be a URL of a file/,
    );
    for (const options of [
      { size: [2] },
      { size: 2 },
      { fit: "x" },
      { grey: 1 },
      { broken: "x" },
      { background: NaN },
    ]) {
      const [name] = Object.keys(options);
      await expectRefusal(loadData("none", options as never), new RegExp(`^loadData: ${name}`));
    }
    await expectRefusal(
      loadData("none", { crop: true } as never),
      /^loadData: options must have only the names/,
    );
  });

  it("refuses gzip where the platform cannot unpack it", async () => {
    const path = put("a", gzipSync(idx));
    vi.stubGlobal("DecompressionStream", undefined);
    await expectRefusal(loadData(path), /loadIdx: this platform cannot unpack gzip/).finally(() =>
      vi.unstubAllGlobals(),
    );
  });
});

describe("loadData of a folder", () => {
  it("reads pictures in the order of their names, as people count", async () => {
    for (const level of [10, 9, 1, 100]) put(`image ${level}.png`, picture(level));
    const { kind, inputs, names, skipped, ...rest } = await loadData(folder);
    expect([kind, inputs.shape, firstOf(inputs)]).toEqual(["folder", [4, 2, 2, 1], [1, 9, 10, 100]]);
    expect(names).toEqual(["image 1.png", "image 9.png", "image 10.png", "image 100.png"]);
    expect([skipped, rest]).toEqual([[], {}]);
  });

  it("calls subfolders classes, when all pictures lie in them", async () => {
    put("dog/2.png", picture(3));
    put("cat/10.png", picture(2));
    put("cat/deep/1.png", picture(1));
    const all = await loadData(pathToFileURL(`${folder}/`));
    expect(all.names).toEqual(["cat/10.png", "cat/deep/1.png", "dog/2.png"]);
    expect([all.classes, all.labels, firstOf(all.inputs)]).toEqual([
      ["cat", "dog"],
      tensor([0, 0, 1]),
      [2, 1, 3],
    ]);
    put("1.png", picture(4));
    const mixed = await loadData(folder);
    expect([mixed.names?.[0], mixed.classes, mixed.labels]).toEqual(["1.png", undefined, undefined]);
  });

  it("tells PNGs by content or name, and lists all that it passes over", async () => {
    put("b", picture(1));
    put("a.txt", "x");
    put(".hidden.png", "x");
    put(".git/c.png", picture(2));
    symlinkSync(join(folder, "b"), join(folder, "link.PNG"));
    symlinkSync(folder, join(folder, "loop"));
    symlinkSync(join(folder, "none"), join(folder, "dangling.png"));
    const { names, skipped } = await loadData(folder);
    expect(names).toEqual(["b", "link.PNG"]);
    expect(skipped).toEqual([
      { name: ".git/", reason: "hidden" },
      { name: ".hidden.png", reason: "hidden" },
      { name: "a.txt", reason: "not a PNG file" },
      { name: "dangling.png", reason: "a link that leads nowhere" },
      { name: "loop", reason: "a link to a folder" },
    ]);
  });

  it("lists what is neither a file nor a folder, at any depth, and never opens it", async () => {
    put("cat/1.png", picture(1));
    put("cat/.thumbs/1.png", picture(1));
    execFileSync("mkfifo", [join(folder, "cat/pipe.png")]);
    symlinkSync(join(folder, "cat/pipe.png"), join(folder, "cat/to pipe.png"));
    const { names, classes, skipped } = await loadData(folder);
    expect([names, classes]).toEqual([["cat/1.png"], ["cat"]]);
    expect(skipped).toEqual([
      { name: "cat/.thumbs/", reason: "hidden" },
      { name: "cat/pipe.png", reason: "neither a file nor a folder" },
      { name: "cat/to pipe.png", reason: "a link to what is neither a file nor a folder" },
    ]);
  });

  const KINDS: readonly (readonly [
    name: string,
    bytes: Uint8Array,
    grey: readonly number[],
    colour: boolean,
  ])[] = [
    ["grey", picture(51), [0.2, 0.2, 0.2], false],
    ["grey and alpha", writePng(tensor([0.2, 1, 0.2, 1, 0.2, 1, 0.2, 0], [2, 2, 2])), [0.2, 0.2, 0.2], false],
    [
      "colour",
      writePng(tensor(Array.from({ length: 4 }, () => [1, 0.2, 0]).flat(), [2, 2, 3])),
      [1, 0.2, 0],
      true,
    ],
    [
      "colour and alpha",
      writePng(tensor(Array.from({ length: 4 }, () => [1, 0.2, 0, 0]).flat(), [2, 2, 4])),
      [1, 1, 1],
      true,
    ],
    [
      "16 bits",
      pngOf({ width: 2, height: 2, depth: 16, colorType: 0, samples: Array(4).fill(13107) }),
      [0.2, 0.2, 0.2],
      false,
    ],
    [
      "a palette",
      pngOf({
        width: 2,
        height: 2,
        depth: 1,
        colorType: 3,
        samples: [0, 0, 0, 0],
        before: [["PLTE", [255, 51, 0]]],
      }),
      [1, 0.2, 0],
      true,
    ],
    [
      "one transparent grey",
      pngOf({
        width: 2,
        height: 2,
        depth: 8,
        colorType: 0,
        samples: [7, 7, 7, 7],
        before: [["tRNS", [0, 7]]],
      }),
      [1, 1, 1],
      false,
    ],
  ];

  it("loads pictures of every kind together: colour wins, white is behind what is transparent", async () => {
    for (const order of [KINDS, [...KINDS].reverse()]) {
      for (const count of [1, 2, 3, KINDS.length]) {
        const some = order.slice(0, count);
        rmSync(folder, { recursive: true });
        for (const [i, [, bytes]] of some.entries()) put(`${i}.png`, bytes);
        const { inputs } = await loadData(folder);
        const channels = some.some(([, , , isColour]) => isColour) ? 3 : 1;
        expect(inputs.shape).toEqual([count, 2, 2, channels]);
        const first = some.flatMap((_, i) =>
          Array.from({ length: channels }, (_, k) => inputs.data[i * 4 * channels + k]),
        );
        const wanted = some.flatMap(([, , rgb]) => rgb.slice(0, channels).map(Math.fround));
        expect(first).toEqual(wanted);
        expect((await loadData(folder, { grey: true })).inputs.shape).toEqual([count, 2, 2, 1]);
      }
    }
  });

  it("names the option that leaves a damaged picture out, where it refuses one", async () => {
    put("1.png", picture(1));
    put("2.png", picture(2).slice(0, 50));
    const cure = ' (the option broken: "skip" leaves such pictures out)';
    await expect(loadData(folder)).rejects.toThrow(cure);
    const { skipped } = await loadData(folder, { broken: "skip" });
    expect(skipped![0].reason).not.toContain("option");
  });

  it("keeps grey pictures grey when the only one of colour is damaged", async () => {
    put("1.png", picture(1));
    put("2.png", picture(2, [2, 2, 3]).slice(0, 50));
    expect((await loadData(folder, { broken: "skip" })).inputs.shape).toEqual([1, 2, 2, 1]);
  });

  it("lays transparent pictures on the background asked for; one of colour makes grey pictures colour", async () => {
    put("1.png", writePng(tensor([0.2, 0], [1, 1, 2])));
    const pixel = async (background?: Background) => [
      ...(await loadData(folder, background === undefined ? {} : { background })).inputs.data,
    ];
    expect(await pixel()).toEqual([1]);
    expect(await pixel("black")).toEqual([0]);
    expect(await pixel(0.5)).toEqual([0.5]);
    expect(await pixel("#ff0000")).toEqual([1, 0, 0]);
    expect(await pixel("#333333")).toEqual([Math.fround(0.2)]);
    const grey = await loadData(folder, { background: "#ff0000", grey: true });
    expect([...grey.inputs.data]).toEqual([Math.fround(0.2126)]);
  });

  it("refuses pictures that take more than maxBytes, or leaves them out", async () => {
    put("1.png", picture(1));
    put("2.png", picture(2, [20, 20, 1]));
    await expectRefusal(
      loadData(folder, { size: [2, 2], maxBytes: 1599 }),
      /2\.png.*at most 1599 bytes.*got 1600/,
    );
    const { names, skipped } = await loadData(folder, { maxBytes: 16, broken: "skip" });
    expect([names, skipped!.map(({ name }) => name)]).toEqual([["1.png"], ["2.png"]]);
  });

  it("refuses a broken picture by name, or leaves it out and says so", async () => {
    put("1.png", picture(1).slice(0, 50));
    put("2.png", picture(2));
    put("3.png", "no picture");
    put("4.png", picture(4));
    await expectRefusal(loadData(folder), 'loadData("1.png").readPng: ');
    const { inputs, names, skipped } = await loadData(folder, { broken: "skip" });
    expect([inputs.shape, firstOf(inputs), names]).toEqual([
      [2, 2, 2, 1],
      [2, 4],
      ["2.png", "4.png"],
    ]);
    expect(inputs.data).toHaveLength(8);
    expect(inputs.data.buffer.byteLength).toBe(32);
    expect(skipped!.map(({ name }) => name)).toEqual(["1.png", "3.png"]);
    expect(skipped![1]!.reason).toMatch(
      /^loadData\("3.png"\).readPng: bytes must begin with PNG's signature/,
    );
  });

  it("refuses shapes that differ, and makes them alike when asked", async () => {
    put("1.png", picture(1));
    put("2.png", picture(2, [4, 2, 3]));
    for (const broken of ["refuse", "skip"] as const) {
      await expectRefusal(
        loadData(folder, { broken }),
        'loadData("2.png"): shape must be [2, 2, 1], as of the first',
      );
    }
    const { inputs } = await loadData(folder, { size: [3, 3], grey: true });
    expect([inputs.shape, firstOf(inputs)]).toEqual([
      [2, 3, 3, 1],
      [1, 2],
    ]);
  });

  it("refuses folders without a whole picture", async () => {
    await expectRefusal(loadData(folder), "loadData: path must hold at least one PNG file");
    put("1.png", "x");
    await expectRefusal(
      loadData(folder, { broken: "skip" }),
      /^loadData: path must hold at least one whole PNG file/,
    );
  });
});

describe("loadData of a table", () => {
  it("takes a first line of values for data, refuses one of missing values, and is told what is a header", async () => {
    const path = put("t.csv", "NA,NA\n1,2\n");
    await expectRefusal(
      loadData(path),
      /readCsv: line 1, column 1 must be .*, got "NA" \(.*option header: true/,
    );
    expect((await loadData(path, { header: true })).columns).toEqual(["NA", "NA"]);
    await expectRefusal(loadData(path, { header: false }), /line 1, column 1/);
    const table = await loadData(put("t.csv", "a;b,c\n3,4"), { separator: "," });
    expect([table.columns, table.inputs.shape]).toEqual([
      ["a;b", "c"],
      [1, 2],
    ]);
  });

  it("refuses options for tables where there is none", async () => {
    for (const option of [{ header: true }, { header: false }, { separator: ";" as const }]) {
      const [name] = Object.keys(option);
      await expectRefusal(
        loadData(put("i/x", idx), option),
        `loadData("x"): file must be a table (CSV) for the option ${name}, got "idx"`,
      );
      await expectRefusal(
        loadData(folder, option),
        `must be a table (CSV) for the option ${name}, got "a folder"`,
      );
    }
    await expectRefusal(
      loadData("none", { header: "yes" as never }),
      "loadData: header must be true or false",
    );
    await expectRefusal(loadData("none", { separator: "|" as never }), "loadData: separator must be one of");
    await expectRefusal(loadData("none", { maxBytes: 0 }), "loadData: maxBytes must be an integer ≥ 1");
  });

  it("says what a file of another program seems to be", async () => {
    await expectRefusal(loadData(put("a.npz", "PK\x03\x04\0\0")), /\(these bytes are a zip file, as npz/);
    await expectRefusal(
      loadData(put("a.jpg", Uint8Array.of(255, 216, 255, 0, 1))),
      /\(these bytes are a JPEG file\)/,
    );
  });
});

describe("loadData of npy", () => {
  it.each([
    ["<u1", "'<u1'", 1],
    [">u1", "'>u1'", 1],
    ["|u1", '"|u1"', 1],
    ["|b1", "'|b1'", 1],
    ["|i1", "'|i1'", 1],
  ])("scales pixels by the type in the parsed header: %s", async (code, descr, size) => {
    const long = " ".repeat(300);
    for (const header of [
      `{'descr': ${descr}, 'fortran_order': False, 'shape': (1, 1, 1), }`,
      `{'shape': (1, 1, 1), ${long}'fortran_order': True, ${long}'descr' : ${descr} }`,
    ]) {
      const text = Buffer.from(`${header}\n`);
      const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, text.length & 255, text.length >> 8]);
      const file = Buffer.concat([start, text, Buffer.alloc(size, 1)]);
      const { inputs } = await loadData(put("x", file));
      expect([...inputs.data]).toEqual([code.endsWith("u1") ? Math.fround(1 / 255) : 1]);
    }
  });
});

describe("the order of names", () => {
  it("is by number where both have digits, else by code unit, and never a tie", () => {
    const names = [
      "10",
      "9",
      "a10b2",
      "a10b10",
      "a9",
      "B",
      "a",
      "a009",
      "ä",
      "a99999999999999999999",
      "",
      "z",
    ];
    const wanted = [
      "",
      "9",
      "10",
      "B",
      "a",
      "a009",
      "a9",
      "a10b2",
      "a10b10",
      "a99999999999999999999",
      "z",
      "ä",
    ];
    expect([...names].sort(compareNames)).toEqual(wanted);
    expect([...names].reverse().sort(compareNames)).toEqual(wanted);
    expect(compareNames("a1", "a1")).toBe(0);
  });
});
