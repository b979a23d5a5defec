// Laws of what commands write: CSV that reads back as it was, pictures from black to white.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ranged } from "../../src/cli/form.js";
import { checkOutput, labelled, toCsv, writeValues } from "../../src/cli/output.js";
import { readCsv, readNpy } from "../../src/data/index.js";
import { readPng } from "../../src/images/index.js";
import { key, random, tensor } from "../../src/index.js";
import { expectSame, forAll } from "../support/laws.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-output-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const bytes = (name: string) => new Uint8Array(readFileSync(at(name)));

describe("toCsv", () => {
  it("gives every float32 back, bit by bit", () => {
    const floats = fc.float({ noNaN: true, noDefaultInfinity: true });
    forAll(fc.array(fc.tuple(floats, floats), { minLength: 1 }), 100, (rows) => {
      const table = tensor(rows as [number, number][]);
      const { data, columns } = readCsv(toCsv(["a", "b"], table));
      expect(columns).toEqual(["a", "b"]);
      expectSame(data, table);
    });
  });

  it("quotes names that commas, quotes or line ends would break", () => {
    const names = ["plain", "a,b", 'say "x"', "two\nlines", "two\r\nlines", "a\rb"];
    const text = toCsv(["x", "y,z"], tensor(names.map((_, i) => [i, -i])), names);
    expect(text).toBe(
      'name,x,"y,z"\nplain,0,0\n"a,b",1,-1\n"say ""x""",2,-2\n"two\nlines",3,-3\n"two\r\nlines",4,-4\n"a\rb",5,-5\n',
    );
  });

  it("takes one number per row too", () => {
    expect(toCsv(["score"], tensor([3, 4]), ["a", "b"])).toBe("name,score\na,3\nb,4\n");
  });
});

describe("checkOutput", () => {
  it("takes the endings named, and no others", () => {
    expect(() => checkOutput("a/b.csv", [".npy", ".csv"])).not.toThrow();
    for (const name of ["b.txt", "csv", "b.csv.gz", ""]) {
      expect(() => checkOutput(name, [".npy", ".csv"])).toThrow(
        `--out must end in .npy, .csv, got ${JSON.stringify(name)}`,
      );
    }
  });
});

describe("writeValues", () => {
  const images = random.uniform(key(1), [5, 2, 3, 1]);

  it("writes npy as it is", async () => {
    await writeValues(at("a.npy"), images, { columns: "x" });
    expectSame(readNpy(bytes("a.npy")), images);
  });

  it("writes a row per example as CSV, with numbered or named columns", async () => {
    await writeValues(at("a.csv"), images, { columns: "x" });
    const { data, columns } = readCsv(bytes("a.csv"));
    expect(columns).toEqual(["x0", "x1", "x2", "x3", "x4", "x5"]);
    expect([data.shape, data.data]).toEqual([[5, 6], images.data]);
    const table = tensor([[1, 2]]);
    await writeValues(at("b.csv"), table, labelled({ ...ranged([2]), columns: ["a", "b"] }, ["first"]));
    expect(readFileSync(at("b.csv"), "utf8")).toBe("name,a,b\nfirst,1,2\n");
  });

  it("writes images as one picture, from the least of their range to the greatest", async () => {
    const form = ranged([2, 2, 1], [-100, 300]);
    const pixels = tensor([-100, 100, 300, -900, 900, -100, 100, 300], [2, 2, 2, 1]);
    await writeValues(at("a.png"), pixels, labelled(form));
    const picture = readPng(bytes("a.png"));
    expect(picture.shape).toEqual([2, 5, 1]);
    const half = Math.round(255 / 2) / 255;
    // White between the two images.
    expectSame(picture, tensor([0, half, 1, 1, 0, 1, 0, 1, half, 1], [2, 5, 1]));
  });

  it("makes no picture of a table", async () => {
    await expect(writeValues(at("t.png"), tensor([[1, 2]]), { columns: "x" })).rejects.toThrow(
      /t\.png: only images become a picture; use \.npy or \.csv$/,
    );
  });
});
