// What a command of the command line is: its name, its arguments, and the help that is printed from these.

import { parseArgs, type ParseArgsConfig } from "node:util";
import { closest } from "../check/check.js";

/** An option with the words of its help. */
export interface OptionHelp {
  readonly type: "string" | "boolean";
  /** What stands for the value in the help, such as `N`. */
  readonly value?: string;
  readonly help: string;
}

/** Parsed arguments. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly options: Options;
}

/** A command: `reparam NAME …`. */
export interface Command {
  readonly name: string;
  /** The arguments without options, as the help shows them: `MODEL DATA`, `[DATA]`. */
  readonly takes: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionHelp>>;
  run(given: Arguments): Promise<number>;
}

/** A mistake of the caller: one line that says what to do, and exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Refuses what was asked, in one line. */
export function fail(message: string): never {
  throw new UsageError(message);
}

/** ` (did you mean train?)`, where one of the names is near to what was written. */
export function meant(written: string, names: readonly string[]): string {
  const name = closest(written, names);
  return name === undefined ? "" : ` (did you mean ${name}?)`;
}

/** Options by name, read with their checks. */
export class Options {
  constructor(private readonly values: Readonly<Record<string, string | boolean | undefined>>) {}

  /** Everything that was given and that a run depends on, by name. */
  all(): Record<string, string | boolean> {
    const given = Object.entries(this.values).filter(
      ([name, value]) => name !== "resume" && name !== "threads" && value !== undefined,
    );
    return Object.fromEntries(given) as Record<string, string | boolean>;
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  text(name: string): string | undefined {
    return this.values[name] as string | undefined;
  }

  choice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text !== undefined && !allowed.includes(text as T)) {
      const rule = `must be one of ${allowed.join(", ")}`;
      fail(`--${name} ${rule}, got ${JSON.stringify(text)}${meant(text, allowed)}`);
    }
    return text as T | undefined;
  }

  number(name: string, low = -Infinity, high = Infinity): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < low || value > high) {
      const range = high < Infinity ? ` from ${low} to ${high}` : low > -Infinity ? ` ≥ ${low}` : "";
      fail(`--${name} must be a number${range}, got ${JSON.stringify(text)}`);
    }
    return value;
  }

  integer(name: string, low: number): number | undefined {
    const value = this.number(name);
    if (value !== undefined && (!Number.isSafeInteger(value) || value < low)) {
      fail(`--${name} must be an integer ≥ ${low}, got ${JSON.stringify(this.text(name))}`);
    }
    return value;
  }
}

/** The options of every command. */
export const COMMON: Command["options"] = {
  threads: {
    type: "string",
    value: "N",
    help: "threads that share the work (default: all cores up to 8); results do not depend on it",
  },
  help: { type: "boolean", help: "show this help" },
};

/** `--lr -1` as `--lr=-1`: what begins with a minus and a digit is a number, and no option. */
function withNumbers(args: readonly string[], options: Command["options"]): string[] {
  return args.reduce<string[]>((joined, arg) => {
    const last = joined.at(-1) ?? "";
    const takesValue = last.startsWith("--") && options[last.slice(2)]?.type === "string";
    if (takesValue && /^-(\.?\d|inf)/i.test(arg)) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
    return joined;
  }, []);
}

/** What is wrong with arguments that Node's parser refuses. */
function mistakeIn(error: Error, names: readonly string[]): string {
  // Node's first sentence says what is wrong; the rest is advice about "--" that only confuses here.
  const [sentence] = error.message.split(/\.\s/);
  const [, unknown] = /^Unknown option '--(.*)'$/.exec(sentence) ?? [];
  if (unknown === undefined) return sentence;
  const name = closest(unknown, names);
  return name === undefined ? sentence : `${sentence} (did you mean --${name}?)`;
}

/** Reads a command's arguments; undefined when its help was asked for. */
export function parse(command: Command, args: string[]): Arguments | undefined {
  const options = { ...command.options, ...COMMON };
  const config: ParseArgsConfig = {
    args: withNumbers(args, options),
    allowPositionals: true,
    options: {
      ...Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }])),
      help: { type: "boolean", short: "h" },
    },
  };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs(config);
  } catch (error) {
    return fail(`${mistakeIn(error as Error, Object.keys(options))}; see reparam ${command.name} --help`);
  }
  if (parsed.values.help === true) return undefined;
  // `[RUN…]` stands for any number of them.
  const most = command.takes.includes("…")
    ? Infinity
    : command.takes.split(" ").filter((word) => word !== "").length;
  const least = command.takes.split(" ").filter((word) => word !== "" && !word.startsWith("[")).length;
  const { positionals } = parsed;
  if (positionals.length < least || positionals.length > most) {
    const wanted = command.takes === "" ? "no arguments" : command.takes;
    fail(`takes ${wanted}, got ${positionals.length === 0 ? "nothing" : positionals.join(" ")}`);
  }
  return { positionals, options: new Options(parsed.values as Record<string, string | boolean>) };
}

/** Characters in a line of help. */
const WIDTH = 100;

/** Text in lines that are not wider than `width`; words are not broken. */
export function wrap(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Terms on the left, what they mean beside them. */
export function columnsOf(rows: readonly (readonly [term: string, meaning: string])[]): string[] {
  const width = Math.max(...rows.map(([term]) => term.length)) + 4;
  return rows.flatMap(([term, meaning]) =>
    wrap(meaning, WIDTH - width).map((line, i) => (i === 0 ? `  ${term}` : "").padEnd(width) + line),
  );
}

/** The help of a command. */
export function helpOf({ name, takes, summary, options }: Command): string {
  const rows = Object.entries({ ...options, ...COMMON }).map(
    ([option, { value = "", help }]) => [`--${option} ${value}`.trimEnd(), help] as const,
  );
  const usage = `Usage: reparam ${[name, takes, "[options]"].filter((word) => word !== "").join(" ")}`;
  return [usage, "", ...wrap(summary), "", ...columnsOf(rows)].join("\n");
}
