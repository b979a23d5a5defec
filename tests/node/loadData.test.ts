// Laws of loading data from the disk: the content tells the kind, pixels come from 0 to 1, folders in a fixed order.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writePng } from "../../src/images.js";
import { full, type Tensor, tensor, writeNpy } from "../../src/index.js";
import { loadData } from "../../src/node/index.js";
import { compareNames } from "../../src/node/paths.js";

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
    const { kind, images } = await loadData(put("any name.csv", bytes));
    expect([kind, images.shape]).toEqual(["idx", [2, 2, 3, 1]]);
    expect(images.data).toEqual(unit);
  });

  it.each<[string, Uint8Array]>([
    ["plain", labels],
    ["packed", gzipSync(labels)],
  ])("leaves labels in IDX, %s, as they are", async (_, bytes) => {
    const { kind, images } = await loadData(put("x", bytes));
    expect([kind, images.shape, [...images.data]]).toEqual(["idx", [3], [7, 0, 9]]);
  });

  it("leaves IDX images of other numbers than bytes", async () => {
    const shorts = Uint8Array.from([0, 0, 11, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2]);
    for (const bytes of [shorts, gzipSync(shorts)]) {
      expect([...(await loadData(put("x", bytes))).images.data]).toEqual([258]);
    }
  });

  it("reads npy, scaled only where it holds bytes with three axes", async () => {
    const floats = await loadData(put("x.png", writeNpy(full([1, 2, 2], 9))));
    expect([floats.kind, floats.images]).toEqual(["npy", full([1, 2, 2], 9)]);
    const bytes = (await loadData(put("x", npyOfBytes("(2, 2, 3)", pixels)))).images;
    expect([bytes.shape, bytes.data]).toEqual([[2, 2, 3], unit]);
    const matrix = (await loadData(put("x", npyOfBytes("(4, 3)", pixels)))).images;
    expect([matrix.shape, matrix.data]).toEqual([[4, 3], Float32Array.from(pixels)]);
  });

  it("reads tables, with the names of their columns", async () => {
    expect(await loadData(put("x", "a,b\n1,2\n3,4\n"))).toEqual({
      kind: "csv",
      images: tensor([1, 2, 3, 4], [2, 2]),
      columns: ["a", "b"],
    });
    expect(await loadData(put("x", "1;2"))).toEqual({ kind: "csv", images: tensor([1, 2], [1, 2]) });
  });

  it("reads one PNG as a stack of one, without alpha", async () => {
    const file = writePng(tensor([1, 0.2, 1, 0], [1, 2, 2]));
    const { kind, images, names } = await loadData(put("x.idx", file), { background: 1 });
    expect([kind, images.shape, names]).toEqual(["png", [1, 1, 2, 1], ["x.idx"]]);
    expect([...images.data]).toEqual([1, 1]);
    expect([...(await loadData(put("x", file))).images.data]).toEqual([Math.fround(0.2), 0]);
  });

  it("brings images to size, grey and fit", async () => {
    const red = put("red", writePng(tensor([1, 0, 0, 1, 0, 0], [1, 2, 3])));
    const grey = await loadData(red, { grey: true, size: [3, 2], fit: "pad", background: 1 });
    expect(grey.images).toEqual(tensor([1, 1, 0.2126, 0.2126, 1, 1], [1, 3, 2, 1]));
    const digits = await loadData(put("idx", idx), { size: [4, 4] });
    expect(digits.images.shape).toEqual([2, 4, 4, 1]);
    const cropped = await loadData(put("row", writePng(tensor([0, 1, 0, 0], [1, 4, 1]))), { size: [1, 2] });
    expect([...cropped.images.data]).toEqual([1, 0]);
  });

  it("takes the URL of a file, whatever its name", async () => {
    const path = put("sub/ä b%20#.csv", "1,2");
    expect((await loadData(pathToFileURL(path))).images).toEqual(tensor([1, 2], [1, 2]));
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
    const { kind, images, names, skipped, ...rest } = await loadData(folder);
    expect([kind, images.shape, firstOf(images)]).toEqual(["folder", [4, 2, 2, 1], [1, 9, 10, 100]]);
    expect(names).toEqual(["image 1.png", "image 9.png", "image 10.png", "image 100.png"]);
    expect([skipped, rest]).toEqual([[], {}]);
  });

  it("calls subfolders classes, when all pictures lie in them", async () => {
    put("dog/2.png", picture(3));
    put("cat/10.png", picture(2));
    put("cat/deep/1.png", picture(1));
    const all = await loadData(pathToFileURL(`${folder}/`));
    expect(all.names).toEqual(["cat/10.png", "cat/deep/1.png", "dog/2.png"]);
    expect([all.classes, all.labels, firstOf(all.images)]).toEqual([
      ["cat", "dog"],
      tensor([0, 0, 1]),
      [2, 1, 3],
    ]);
    put("1.png", picture(4));
    const mixed = await loadData(folder);
    expect([mixed.names?.[0], mixed.classes, mixed.labels]).toEqual(["1.png", undefined, undefined]);
  });

  it("tells PNGs by content or name, lists other files, and passes over hidden ones", async () => {
    put("b", picture(1));
    put("a.txt", "x");
    put(".hidden.png", "x");
    put(".git/c.png", picture(2));
    symlinkSync(join(folder, "b"), join(folder, "link.PNG"));
    symlinkSync(folder, join(folder, "loop"));
    symlinkSync(join(folder, "none"), join(folder, "dangling.png"));
    const { names, skipped } = await loadData(folder);
    expect([names, skipped]).toEqual([["b", "link.PNG"], [{ name: "a.txt", reason: "not a PNG file" }]]);
  });

  it("refuses a broken picture by name, or leaves it out and says so", async () => {
    put("1.png", picture(1).slice(0, 50));
    put("2.png", picture(2));
    put("3.png", "no picture");
    put("4.png", picture(4));
    await expectRefusal(loadData(folder), 'loadData("1.png").readPng: ');
    const { images, names, skipped } = await loadData(folder, { broken: "skip" });
    expect([images.shape, firstOf(images), names]).toEqual([
      [2, 2, 2, 1],
      [2, 4],
      ["2.png", "4.png"],
    ]);
    expect(images.data).toHaveLength(8);
    expect(images.data.buffer.byteLength).toBe(32);
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
    const { images } = await loadData(folder, { size: [3, 3], grey: true });
    expect([images.shape, firstOf(images)]).toEqual([
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
