// The grammar of the public surface: what stands where in a signature, and one word for one thing.

import { describe, expect, it } from "vitest";
import { publicNames } from "./support/publicNames.js";
import { type Source, sourcesBelow } from "./support/sources.js";

/** A parameter of a function, or a field of an interface, with its type. */
interface Slot {
  readonly name: string;
  readonly type: string;
}

/** A function or method as it is declared. */
interface Signature {
  /** `src/ops/conv2d.ts: conv2d`, for messages. */
  readonly place: string;
  readonly slots: readonly Slot[];
}

/** A text cut at commas or semicolons outside of all brackets. */
function parts(text: string): string[] {
  const found: string[] = [""];
  let depth = 0;
  for (const [i, sign] of [...text].entries()) {
    if ("([{<".includes(sign)) depth++;
    if (")]}".includes(sign) || (sign === ">" && text[i - 1] !== "=")) depth--;
    if (depth === 0 && (sign === "," || sign === ";")) found.push("");
    else found[found.length - 1] += sign;
  }
  return found.map((part) => part.trim()).filter((part) => part !== "");
}

/** What stands in the bracket that opens at `start`. */
function inside(text: string, start: number): string {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if ("([{".includes(text[i]!)) depth++;
    if (")]}".includes(text[i]!) && --depth === 0) return text.slice(start + 1, i);
  }
  return "";
}

const slotOf = (text: string): Slot => {
  const [, name = text, type = ""] = /^(?:readonly |\.\.\.)*(\w+)\??(?::\s*)?([^]*)$/.exec(text) ?? [];
  return { name, type };
};

/** Exported functions with a docstring, and the methods of exported interfaces. */
function signaturesOf({ path, text }: Source): Signature[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const at = (name: string, open: number) => ({
    place: `${path}: ${name}`,
    slots: parts(inside(code, open)).map(slotOf),
  });
  const functions = [...code.matchAll(/^export (?:async )?function (\w+)(?:<[^(]*>)?\(/gm)].map((match) =>
    at(match[1]!, match.index + match[0].length - 1),
  );
  const methods = [...code.matchAll(/^export interface (\w+)[^{]*\{/gm)].flatMap((match) => {
    const start = match.index + match[0].length - 1;
    const body = inside(code, start);
    return [...body.matchAll(/^ {2}(\w+)\??(?:<[^(]*>)?\(/gm)].map((method) =>
      at(`${match[1]}.${method[1]}`, start + 1 + method.index + method[0].length - 1),
    );
  });
  return [...functions, ...methods];
}

/** The names of the fields of all exported interfaces. */
function fieldsOf({ path, text }: Source): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "");
  return [...code.matchAll(/^export interface (\w+)[^{]*\{/gm)].flatMap((match) =>
    parts(inside(code, match.index + match[0].length - 1)).map(
      (field) => `${path}: ${match[1]}.${slotOf(field).name}`,
    ),
  );
}

/** Words that stand for a thing which has another name here. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  codeSize: "latentSize",
  latentDim: "latentSize",
  strides: "stride",
  kernelSize: "kernel",
  poolSize: "size",
  lr: "learningRate",
  seed: "key",
  slope: "alpha",
};

const nameOf = (place: string) => place.replace(/^.*[:.] ?/, "");

/** What a signature has against the grammar. */
function faultsOf({ place, slots }: Signature): string[] {
  const names = slots.map(({ name }) => name);
  const faults: string[] = [];
  const last = names.length - 1;
  const isMethod = / \w+\./.test(place);
  slots.forEach(({ name, type }, i) => {
    const isOptions = /options$/i.test(name) || /Options\b(?!.*=>)/.test(type);
    if (isOptions && i !== last) faults.push(`${place}: options must stand last`);
    if (/^Key\b/.test(type) && (name !== "key" || i !== 0)) faults.push(`${place}: a key must stand first`);
    if (/^ModelParams\b/.test(type) && i > (isMethod ? 0 : 1)) {
      faults.push(`${place}: params must stand first, or after the model`);
    }
    if (name === "inputs" && names.includes("params") && names[i - 1] !== "params") {
      faults.push(`${place}: inputs must follow params`);
    }
    if (name === "images" && names.includes("params")) faults.push(`${place}: a batch must be called inputs`);
    const word = OTHER_WORDS[name];
    if (word !== undefined && !(name === "seed" && nameOf(place) === "key")) {
      faults.push(`${place}: ${name} must be called ${word}`);
    }
  });
  return faults;
}

const isPublic = new Set(publicNames().map(({ place }) => nameOf(place)));
const sources = sourcesBelow("src").filter(({ path }) => !/^src\/(cli|check|wasm)\//.test(path));
const signatures = sources
  .flatMap(signaturesOf)
  .filter(({ place }) => isPublic.has(place.replace(/^.*: /, "").replace(/\..*/, "")));

describe("public signatures", () => {
  it("are found, with their parameters", () => {
    const slotsOf = (wanted: string) =>
      signatures.find(({ place }) => place === wanted)?.slots.map(({ name }) => name);
    expect(slotsOf("src/ops/conv2d.ts: conv2d")).toEqual(["input", "filter", "options"]);
    expect(slotsOf("src/autodiff/autodiff.ts: valueAndGrad")).toEqual(["f", "options"]);
    expect(slotsOf("src/random/draws.ts: uniform")).toEqual(["key", "shape", "options"]);
    expect(slotsOf("src/models/vae/types.ts: Vae.encode")?.slice(0, 2)).toEqual(["params", "inputs"]);
    expect(signatures.length).toBeGreaterThan(200);
  });

  it("follow the grammar", () => {
    expect(signatures.flatMap(faultsOf)).toEqual([]);
  });

  it("follow the grammar, and planted breaches are caught", () => {
    const signature = (parameters: string): string[] => {
      const text = `export function planted(${parameters}): Tensor {}`;
      return signaturesOf({ path: "src/planted.ts", text }).flatMap(faultsOf);
    };
    expect(signature("params: ModelParams, inputs: Tensor, options: BatchOptions = {}")).toEqual([]);
    expect(signature("options: PlantedOptions, x: Tensor")).toHaveLength(1);
    expect(signature("x: Tensor, key: Key")).toHaveLength(1);
    expect(signature("noise: Key, x: Tensor")).toHaveLength(1);
    expect(signature("inputs: Tensor, model: Model, params: ModelParams")).toHaveLength(2);
    expect(signature("params: ModelParams, codes: Tensor, inputs: Tensor")).toHaveLength(1);
    expect(signature("params: ModelParams, images: Tensor")).toHaveLength(1);
    expect(signature("codeSize: number")).toHaveLength(1);
  });

  it("name options as everywhere else", () => {
    const fields = sources.flatMap(fieldsOf);
    expect(fields.length).toBeGreaterThan(300);
    expect(fields.filter((field) => Object.hasOwn(OTHER_WORDS, nameOf(field)))).toEqual([]);
  });
});
