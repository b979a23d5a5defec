// Laws of a command's data: files of every kind become images or tables, with their labels and names.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Options, UsageError } from "../../src/cli/command.js";
import { type Data, divide, pick, readData } from "../../src/cli/data.js";
import { faces, shapes, writeNpy } from "../../src/data/index.js";
import { writePng } from "../../src/images/index.js";
import { key, ops, random, tensor } from "../../src/index.js";
import { expectSame, forAll } from "../support/laws.js";

const folder = mkdtempSync(join(tmpdir(), "reparam-data-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const images = random.uniform(key(1), [6, 4, 5, 1]);

beforeAll(() => {
  writeFileSync(at("four.npy"), writeNpy(images));
  writeFileSync(at("three.npy"), writeNpy(ops.reshape(images, [6, 4, 5])));
  writeFileSync(at("one.npy"), writeNpy(tensor([1, 2, 3])));
  writeFileSync(at("colour.npy"), writeNpy(random.uniform(key(2), [6, 4, 5, 3])));
  writeFileSync(at("labels.npy"), writeNpy(tensor([5, 4, 3, 2, 1, 0])));
  writeFileSync(at("column.npy"), writeNpy(tensor([5, 4, 3, 2, 1, 0], [6, 1])));
  writeFileSync(at("three labels.npy"), writeNpy(tensor([5, 4, 3])));
  writeFileSync(at("onehot.npy"), writeNpy(tensor([1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1], [6, 2])));
  writeFileSync(at("row.npy"), writeNpy(tensor([5, 4, 3, 2, 1, 0], [1, 6])));
  writeFileSync(at("cube.npy"), writeNpy(tensor([5, 4, 3, 2, 1, 0], [6, 1, 1])));
  writeFileSync(at("eight.npy"), writeNpy(tensor([5, 4, 3, 2, 1, 0, 9, 9])));
  writeFileSync(at("broken.npy"), writeNpy(tensor([5, 4, 3.5, 2, 1, 0])));
  writeFileSync(at("negative.npy"), writeNpy(tensor([1, 0, 1, -1, 1, -1])));
  writeFileSync(at("nan.npy"), writeNpy(tensor([5, NaN, 3, 2, 1, 0])));
  writeFileSync(at("ids.csv"), "id,label\n0,7\n1,8\n2,9\n3,7\n4,8\n5,9\n");
  writeFileSync(at("alcohol.csv"), "alcohol,kind,kind\n9.5,1,1\n10,2,2\n");
  writeFileSync(at("years.csv"), "2020,2021\n1,2\n3,4\n");
  writeFileSync(at("missing.csv"), "NA;NA\n1;2\n");
  writeFileSync(at("two channels.npy"), writeNpy(tensor([0.5, 0, 0.25, 1], [2, 1, 1, 2])));
  writeFileSync(at("four channels.npy"), writeNpy(random.uniform(key(4), [2, 2, 2, 4])));
  writeFileSync(at("five channels.npy"), writeNpy(random.uniform(key(4), [2, 2, 2, 5])));
  writeFileSync(at("five.npy"), writeNpy(tensor([0, 1, 2, 3, 4])));
  writeFileSync(at("table.csv"), "a,kind,b\n1,7,2\n3,8,4\n5,9,6\n");
  writeFileSync(at("labels.csv"), "kind\n7\n8\n9\n");
  writeFileSync(at("single.csv"), "kind\n7\n8\n9\n");
  for (const [i, name] of ["old/1.png", "old/2.png", "young/10.png"].entries()) {
    mkdirSync(join(at("people"), name, ".."), { recursive: true });
    writeFileSync(join(at("people"), name), writePng(ops.reshape(ops.slice(images, i, i + 1), [4, 5, 1])));
  }
  writeFileSync(join(at("people"), "old/3.png"), "not a picture");
});

const read = (source: string, options: Record<string, string | boolean> = {}): Promise<Data> =>
  readData(source, new Options(options), key(3));
const expectRefusal = async (source: string, options: Record<string, string | boolean>, words: string) => {
  const error = await read(source, options).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message.replace(folder, ".")).toBe(words);
};

describe("built-in images", () => {
  it("are those of the library, with the factors that made them", async () => {
    const own = await read("faces", { count: "3", size: "16" });
    expectSame(own.values, faces({ count: 3, size: 16, key: key(3) }).images);
    expect(Object.keys(own.factors!)).toEqual(
      Object.keys(faces({ count: 3, size: 16, key: key(3) }).factors),
    );
    expectSame(
      (await read("shapes", { count: "4" })).values,
      shapes({ count: 4, size: 32, key: key(3) }).images,
    );
  });

  it("are square", async () => {
    await expectRefusal("faces", { size: "16x20" }, "--size of faces must be one number");
  });
});

describe("files", () => {
  it("of [n, height, width] get their channel, those of [n, height, width, channels] stay", async () => {
    for (const name of ["three.npy", "four.npy"]) expectSame((await read(at(name))).values, images);
  });

  it("get the size asked for, whether they have a channel or not", async () => {
    const [three, four] = [
      await read(at("three.npy"), { size: "8" }),
      await read(at("four.npy"), { size: "8" }),
    ];
    expect(three.values.shape).toEqual([6, 8, 8, 1]);
    expectSame(three.values, four.values);
    expect((await read(at("four.npy"), { size: "2x3", fit: "stretch" })).values.shape).toEqual([6, 2, 3, 1]);
    expect((await read(at("colour.npy"), { grey: true })).values.shape).toEqual([6, 4, 5, 1]);
  });

  it("of another shape are refused, and tables that are to be resized", async () => {
    await expectRefusal(
      at("one.npy"),
      {},
      "./one.npy has the shape [3]: images or a table of numbers are needed",
    );
    await expectRefusal(at("table.csv"), { size: "8" }, "--size is for images, ./table.csv is a table");
    await expectRefusal(at("table.csv"), { grey: true }, "--grey is for images, ./table.csv is a table");
  });

  it("are cut to their first examples", async () => {
    const { values, labels } = await read(at("four.npy"), { count: "2", labels: at("labels.npy") });
    expectSame(values, ops.slice(images, 0, 2));
    expect([...labels!.data]).toEqual([5, 4]);
    expect((await read(at("four.npy"), { count: "100" })).values.shape[0]).toBe(6);
  });
});

describe("labels", () => {
  it("come from a file with one for each example", async () => {
    for (const name of ["labels.npy", "column.npy"]) {
      const { labels } = await read(at("four.npy"), { labels: at(name) });
      expectSame(labels!, tensor([5, 4, 3, 2, 1, 0]));
    }
    const table = await read(at("table.csv"), { labels: at("labels.csv") });
    expect([table.values.shape, [...table.labels!.data]]).toEqual([
      [3, 3],
      [7, 8, 9],
    ]);
  });

  it("come from a column of the table, which is then no longer in it", async () => {
    const { values, labels, columns } = await read(at("table.csv"), { labels: "kind" });
    expectSame(
      values,
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    expect([[...labels!.data], columns]).toEqual([
      [7, 8, 9],
      ["a", "b"],
    ]);
    expect((await read(at("table.csv"))).columns).toEqual(["a", "kind", "b"]);
    const first = await read(at("table.csv"), { labels: "kind", count: "2" });
    expect([first.values.shape, [...first.labels!.data]]).toEqual([
      [2, 2],
      [7, 8],
    ]);
  });

  it.each([
    ["eight.npy", "./eight.npy has 8 labels for 6 examples"],
    ["three labels.npy", "./three labels.npy has 3 labels for 6 examples"],
    ["onehot.npy", "./onehot.npy has the shape [6, 2]: labels are one integer per example, [6]"],
    ["row.npy", "./row.npy has the shape [1, 6]: labels are one integer per example, [6]"],
    ["cube.npy", "./cube.npy has the shape [6, 1, 1]: labels are one integer per example, [6]"],
    [
      "ids.csv",
      "./ids.csv has the shape [6, 2] (columns id, label): labels are one integer per example, [6]",
    ],
    ["broken.npy", "./broken.npy must be integers: number 3 of 6 is 3.5"],
    ["nan.npy", "./nan.npy must be integers: number 2 of 6 is NaN"],
    ["negative.npy", "./negative.npy must be integers from 0 on: number 4 of 6 is -1"],
  ])("of %s are refused, whatever the count of examples used", async (name, words) => {
    await expectRefusal(at("four.npy"), { labels: at(name) }, words);
    await expectRefusal(at("four.npy"), { labels: at(name), count: "3" }, words);
  });

  it("are refused where a column is not of integers, has its name twice, or is not there", async () => {
    await expectRefusal(
      at("alcohol.csv"),
      { labels: "alcohol" },
      "--labels alcohol must be integers: number 1 of 2 is 9.5",
    );
    await expectRefusal(
      at("alcohol.csv"),
      { labels: "kind" },
      "--labels kind is the name of more than one column",
    );
    await expectRefusal(
      at("table.csv"),
      { labels: "Kind" },
      "--labels Kind is neither a file nor a column of the table (a, kind, b)",
    );
  });

  it("are refused for built-in images", async () => {
    await expectRefusal(
      "faces",
      { labels: at("labels.npy") },
      "--labels has no effect on faces: it is for a folder and a file",
    );
  });

  it("are refused where there are too few, or nothing else is left", async () => {
    await expectRefusal(at("four.npy"), { labels: at("five.npy") }, "./five.npy has 5 labels for 6 examples");
    await expectRefusal(at("single.csv"), { labels: "kind" }, "--labels kind leaves no column to train on");
    await expect(read(at("four.npy"), { labels: at("absent.npy") })).rejects.toThrow("absent.npy");
  });

  it("come from the subfolders of pictures, unless others are given", async () => {
    const heard = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const own = await read(at("people"), { skip: true });
    expect(own.names).toEqual(["old/1.png", "old/2.png", "young/10.png"]);
    expect([[...own.labels!.data], own.labelNames]).toEqual([
      [0, 0, 1],
      ["old", "young"],
    ]);
    expect(own.values.shape).toEqual([3, 4, 5, 1]);
    const others = await read(at("people"), { skip: true, labels: at("three labels.npy") });
    expect([[...others.labels!.data], others.labelNames]).toEqual([[5, 4, 3], undefined]);
    expect(heard.mock.calls.map(([text]) => text)).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/^left out old\/3\.png: .+\n$/)),
    );
    heard.mockRestore();
  });
});

describe("tables", () => {
  it("are read as the command line says", async () => {
    await expect(read(at("missing.csv"))).rejects.toThrow(
      /line 1, column 1 .*, got "NA" \(.*option --header yes/,
    );
    const told = await read(at("missing.csv"), { header: "yes", separator: ";" });
    expect([told.columns, told.values.shape]).toEqual([["NA", "NA"], [1, 2]]); // prettier-ignore
    expect((await read(at("years.csv"))).values.shape).toEqual([3, 2]);
    const years = await read(at("years.csv"), { header: "yes", labels: "2021" });
    expect([years.columns, [...years.labels!.data]]).toEqual([["2020"], [2, 4]]);
    await expect(read(at("table.csv"), { header: "no" })).rejects.toThrow(
      /line 1, column 1 must be .*, got "a"/,
    );
    await expect(read(at("table.csv"), { separator: "tab" })).rejects.toThrow(
      /is the option --separator "," meant/,
    );
    await expectRefusal(at("table.csv"), { header: "maybe" }, '--header must be one of yes, no, got "maybe"');
    await expectRefusal(at("table.csv"), { separator: "|" }, '--separator must be one of ,, ;, tab, got "|"');
    await expect(read(at("four.npy"), { header: "yes" })).rejects.toThrow(
      /be a table .* the option --header, got "npy"/,
    );
  });
});

describe("pictures", () => {
  it("that take more memory than they may are refused or left out, by the option's name", async () => {
    const heard = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const picture = at("people/old/1.png");
    const words = "must take at most 79 bytes as float32 \\(the option --max-bytes\\), got 80";
    const cure = " \\(the option --skip leaves such pictures out\\)";
    await expect(read(picture, { "max-bytes": "79" })).rejects.toThrow(new RegExp(`${words}$`));
    expect((await read(picture, { "max-bytes": "80" })).values.shape).toEqual([1, 4, 5, 1]);
    await expect(read(at("people"), { "max-bytes": "79" })).rejects.toThrow(new RegExp(`${words}${cure}$`));
    writeFileSync(at("people/old/4.png"), writePng(random.uniform(key(1), [40, 50, 1])));
    const some = await read(at("people"), { "max-bytes": "80", skip: true });
    rmSync(at("people/old/4.png"));
    expect(some.names).toEqual(["old/1.png", "old/2.png", "young/10.png"]);
    expect(heard.mock.calls.join("")).toMatch(/left out old\/4\.png: .*80 bytes .*--max-bytes\), got 8000/);
    heard.mockRestore();
    for (const [source, is] of [
      ["four.npy", "./four.npy"],
      ["table.csv", "./table.csv"],
    ]) {
      const told = `--max-bytes has no effect on ${is}: it is for pictures (PNG)`;
      await expectRefusal(at(source!), { "max-bytes": "80" }, told);
    }
    for (const bytes of ["0", "-1", "1.5", "", "many", "1e400"]) {
      await expect(read(picture, { "max-bytes": bytes })).rejects.toThrow(/^--max-bytes must be/);
    }
  });
});

describe("channels", () => {
  it("of arrays are 1 or 3, or are said to be transparent", async () => {
    await expectRefusal(
      at("two channels.npy"),
      {},
      "./two channels.npy has 2 channels: if these are grey and alpha, add --background white (or another)",
    );
    await expectRefusal(
      at("four channels.npy"),
      { size: "2" },
      "./four channels.npy has 4 channels: if these are colour and alpha, add --background white (or another)",
    );
    await expectRefusal(
      at("five channels.npy"),
      { background: "white" },
      "./five channels.npy has 5 channels: images have 1 (grey) or 3 (colour)",
    );
    const of = async (background: string) => [
      ...(await read(at("two channels.npy"), { background })).values.data,
    ];
    expect(await of("white")).toEqual([1, 0.25]);
    expect(await of("0.75")).toEqual([0.75, 0.25]);
    expect((await of("#FF0000")).slice(0, 3)).toEqual([1, 0, 0]);
    expect((await read(at("four channels.npy"), { background: "black" })).values.shape).toEqual([2, 2, 2, 3]);
    for (const background of ["red", "", "-1", "255", "#fff"]) {
      await expectRefusal(
        at("two channels.npy"),
        { background },
        `--background must be white, black, #rrggbb or a number from 0 to 1, got ${JSON.stringify(background)}`,
      );
    }
  });
});

describe("a folder", () => {
  it("tells what was left out: the first ten, and how many more", async () => {
    const folder = at("mixed");
    mkdirSync(folder);
    for (let i = 0; i < 13; i++) writeFileSync(join(folder, `${i}.txt`), "");
    for (const name of ["a.png", "b.png"])
      writeFileSync(join(folder, name), writePng(tensor([0.5], [1, 1, 1])));
    const heard = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await read(folder);
    const lines = heard.mock.calls.map(([text]) => String(text));
    heard.mockRestore();
    expect(lines).toHaveLength(11);
    expect(lines[9]).toBe("left out 9.txt: not a PNG file\n");
    expect(lines[10]).toBe("left out 3 more\n");
  });
});

describe("--size", () => {
  it.each(["", "x", "8x", "x8", "8x8x8", "8.5", "-8", "0", "8x0"])("of %j is refused", async (size) => {
    await expectRefusal(
      "faces",
      { size },
      `--size must be N or HxW, such as 32 or 48x64, got ${JSON.stringify(size)}`,
    );
  });
});

describe("divide", () => {
  const data = (count: number): Data => {
    const numbers = tensor(Array.from({ length: count }, (_, i) => i));
    return {
      values: ops.reshape(numbers, [count, 1]),
      labels: numbers,
      factors: { yaw: numbers },
      names: [...numbers.data].map(String),
    };
  };

  it("parts all examples, with what belongs to them, in the share asked for", () => {
    forAll(
      fc.record({
        count: fc.integer({ min: 2, max: 60 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        seed: fc.nat(),
      }),
      100,
      ({ count, share, seed }) => {
        const { rest, aside } = divide(data(count), share, key(seed));
        const size = aside.values.shape[0]!;
        expect(Math.abs(size - share * count)).toBeLessThanOrEqual(1);
        expect(size).toBeGreaterThan(0);
        expect(size).toBeLessThan(count);
        const all = [...rest.values.data, ...aside.values.data];
        expect(all.sort((a, b) => a - b)).toEqual([...data(count).values.data]);
        for (const { values, labels, factors, names } of [rest, aside]) {
          expect([...labels!.data]).toEqual([...values.data]);
          expect([...factors!.yaw!.data]).toEqual([...values.data]);
          expect(names!.map(Number)).toEqual([...values.data]);
        }
      },
    );
  });

  it("is the same for the same key, and another for another", () => {
    const of = (seed: number) => [...divide(data(50), 0.2, key(seed)).aside.values.data];
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it("needs two examples", () => {
    expect(() => divide(data(1), 0.5, key(1))).toThrow(new UsageError("needs at least 2 examples, got 1"));
  });

  it("keeps what belongs to all examples", () => {
    const picked = pick({ ...data(3), labelNames: ["a"], columns: ["x"] }, Uint32Array.of(2));
    expect(picked).toMatchObject({ labelNames: ["a"], columns: ["x"], names: ["2"] });
  });
});
