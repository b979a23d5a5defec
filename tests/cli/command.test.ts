// Laws of arguments: what is read from them, what is refused, and help that fits a terminal.

import { describe, expect, it } from "vitest";
import { classifyCommand } from "../../src/cli/classify.js";
import {
  COMMON,
  type Command,
  columnsOf,
  helpOf,
  Options,
  parse,
  UsageError,
  wrap,
} from "../../src/cli/command.js";
import { compressCommand } from "../../src/cli/compress.js";
import { decompressCommand } from "../../src/cli/decompress.js";
import { encode } from "../../src/cli/encode.js";
import { generate } from "../../src/cli/generate.js";
import { info } from "../../src/cli/info.js";
import { reconstruct } from "../../src/cli/reconstruct.js";
import { reportCommand } from "../../src/cli/report.js";
import { score } from "../../src/cli/score.js";
import { train } from "../../src/cli/train.js";

const COMMANDS = [
  train,
  reconstruct,
  encode,
  generate,
  score,
  classifyCommand,
  compressCommand,
  decompressCommand,
  reportCommand,
  info,
];

const copy: Command = {
  name: "copy",
  takes: "FROM [TO]",
  summary: "Copies.",
  options: {
    count: { type: "string", value: "N", help: "how many" },
    deep: { type: "boolean", help: "with all that is inside" },
  },
  run: () => Promise.resolve(0),
};
const none: Command = { ...copy, name: "none", takes: "" };

const refused = (call: () => unknown, words: string | RegExp) => {
  expect(call).toThrow(UsageError);
  expect(call).toThrow(words);
};

describe("parse", () => {
  it("tells positional arguments from options, in any order", () => {
    for (const args of [
      ["a", "b", "--count", "3", "--deep"],
      ["--count=3", "a", "--deep", "b"],
    ]) {
      const { positionals, options } = parse(copy, args)!;
      expect(positionals).toEqual(["a", "b"]);
      expect(options.text("count")).toBe("3");
      expect(options.flag("deep")).toBe(true);
    }
    expect(parse(copy, ["a"])!.options.flag("deep")).toBe(false);
    expect(parse(copy, ["a"])!.options.text("count")).toBeUndefined();
  });

  it("takes negative numbers as values, and refuses them in its own words", () => {
    for (const text of ["-1", "-0.5", "-.5", "-1e3", "-Infinity"]) {
      for (const args of [
        ["a", "--count", text],
        ["--count", text, "a"],
        ["a", `--count=${text}`],
      ]) {
        const { options, positionals } = parse(copy, args)!;
        expect([positionals, options.text("count")]).toEqual([["a"], text]);
        refused(() => options.integer("count", 1), `got ${JSON.stringify(text)}`);
      }
    }
    refused(() => parse(copy, ["a", "--deep", "-1"]), "Unknown option '-1'");
  });

  it("takes as many positional arguments as the command does", () => {
    refused(() => parse(copy, []), "takes FROM [TO], got nothing");
    refused(() => parse(copy, ["a", "b", "c"]), "takes FROM [TO], got a b c");
    refused(() => parse(none, ["a"]), "takes no arguments, got a");
    const open = { ...copy, takes: "FROM [FROM…] [TO]" };
    expect(parse(open, ["a", "b", "c", "d", "e"])!.positionals).toEqual(["a", "b", "c", "d", "e"]);
    refused(() => parse(open, []), "takes FROM [FROM…] [TO], got nothing");
    expect(parse(none, [])!.positionals).toEqual([]);
  });

  it("takes what begins with a minus and a digit for a number", () => {
    for (const value of ["-1", "-2.5e-1", "-.5"]) {
      const { positionals, options } = parse(copy, ["a", "--count", value])!;
      expect([positionals, options.text("count")]).toEqual([["a"], value]);
    }
  });

  it("gives nothing where help is asked for, whatever else there is", () => {
    expect(parse(copy, ["-h"])).toBeUndefined();
    expect(parse(copy, ["--help"])).toBeUndefined();
    expect(parse(copy, ["a", "b", "c", "--help"])).toBeUndefined();
  });

  it.each([
    [["a", "--size", "3"], "Unknown option '--size'; see reparam copy --help"],
    [["a", "--count"], "Option '--count <value>' argument missing; see reparam copy --help"],
    [["a", "--count", "--deep"], "Option '--count' argument is ambiguous; see reparam copy --help"],
    [["a", "--coutn", "3"], "Unknown option '--coutn' (did you mean --count?); see reparam copy --help"],
    [["a", "--Deep"], "Unknown option '--Deep' (did you mean --deep?); see reparam copy --help"],
    [["a", "--no-deep"], "Unknown option '--no-deep'; see reparam copy --help"],
    [["a", "-c", "3"], "Unknown option '-c'; see reparam copy --help"],
    [["a", "--count", "-x"], "Option '--count' argument is ambiguous; see reparam copy --help"],
    [["a", "--deep=3"], "Option '--deep' does not take an argument; see reparam copy --help"],
  ])("refuses %j in one line", (args, words) => {
    expect(() => parse(copy, args)).toThrow(new UsageError(words));
  });
});

describe("Options", () => {
  const options = new Options({
    n: "12",
    r: "-2.5e-1",
    word: "fox",
    empty: " ",
    far: "1e999",
    absent: undefined,
  });

  it("reads numbers, and checks their range", () => {
    expect(options.number("n")).toBe(12);
    expect(options.number("r")).toBe(-0.25);
    expect(options.number("n", 12, 12)).toBe(12);
    expect(options.number("absent")).toBeUndefined();
    refused(() => options.number("word"), '--word must be a number, got "fox"');
    refused(() => options.number("empty"), '--empty must be a number, got " "');
    refused(() => options.number("far"), '--far must be a number, got "1e999"');
    refused(() => options.number("r", 0), '--r must be a number ≥ 0, got "-2.5e-1"');
    refused(() => options.number("n", 0, 1), '--n must be a number from 0 to 1, got "12"');
    refused(() => options.number("r", 0, 1), "--r must be a number from 0 to 1");
  });

  it("reads integers, and checks their range", () => {
    expect(options.integer("n", 12)).toBe(12);
    expect(options.integer("absent", 0)).toBeUndefined();
    refused(() => options.integer("n", 13), '--n must be an integer ≥ 13, got "12"');
    refused(() => options.integer("r", 0), '--r must be an integer ≥ 0, got "-2.5e-1"');
    refused(() => new Options({ n: "9007199254740993" }).integer("n", 0), "--n must be an integer ≥ 0");
  });

  it("reads choices", () => {
    expect(options.choice("word", ["dog", "fox"])).toBe("fox");
    expect(options.choice("absent", ["dog"])).toBeUndefined();
    refused(() => options.choice("word", ["dog", "cat"]), /^--word must be one of dog, cat, got "fox"$/);
    refused(() => options.choice("word", ["box"]), 'must be one of box, got "fox" (did you mean box?)');
  });

  it("tells all that was given, but for the run that goes on", () => {
    expect(new Options({ n: "1", deep: true, resume: "run", absent: undefined }).all()).toEqual({
      n: "1",
      deep: true,
    });
  });
});

describe("help", () => {
  it.each(COMMANDS)("of $name lists every option once, in aligned lines that fit", (command) => {
    const lines = helpOf(command).split("\n");
    expect(lines[0]).toBe(`Usage: reparam ${command.name} ${command.takes} [options]`);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    const listed = lines.flatMap((line) => /^ {2}--(\S+)/.exec(line)?.[1] ?? []);
    expect(listed).toEqual([...Object.keys(command.options), ...Object.keys(COMMON)]);
    const first = lines.findIndex((line) => line.startsWith("  --"));
    const columns = lines.slice(first).map((line) => /^( {2}--\S+( \S+)?)? {2,}/.exec(line)![0].length);
    expect(new Set(columns).size).toBe(1);
    const words = lines.join(" ").replaceAll(/\s+/g, " ");
    expect(words).toContain(command.summary);
    for (const { help } of Object.values(command.options)) expect(words).toContain(help);
  });

  it("names every value that is taken, and no other", () => {
    for (const { options } of COMMANDS) {
      for (const { type, value } of Object.values(options))
        expect(value !== undefined).toBe(type === "string");
    }
  });

  it("begins with a sentence that is short enough for the overview", () => {
    for (const { summary } of COMMANDS) {
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect(summary.split(/\.(?: |$)/)[0]!.length).toBeLessThan(90);
    }
  });
});

describe("wrap", () => {
  it("breaks between words, as late as it can, and loses none", () => {
    const text = "a quick brown fox jumps over the lazy dog";
    for (let width = 5; width < 50; width++) {
      const lines = wrap(text, width);
      expect(lines.join(" ")).toBe(text);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      lines.slice(1).forEach((line, i) => {
        expect(lines[i]!.length + 1 + line.split(" ")[0]!.length).toBeGreaterThan(width);
      });
    }
  });

  it("leaves words whole that are wider", () => {
    expect(wrap("an unbreakable word", 4)).toEqual(["an", "unbreakable", "word"]);
  });
});

describe("columnsOf", () => {
  it("puts meanings below each other, and what is left of them too", () => {
    const long = "word ".repeat(30).trim();
    const lines = columnsOf([
      ["a", "first"],
      ["long", long],
    ]);
    expect(lines.slice(0, 2)).toEqual(["  a     first", expect.stringMatching(/^ {2}long {2}word /)]);
    expect(lines[2]).toMatch(/^ {8}word/);
  });
});
