// Laws of trees as flat records: flattenTree and unflattenTree are inverse, and say what does not fit.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dense,
  flattenTree,
  key,
  ones,
  readSafetensors,
  relu,
  sequential,
  type Tensor,
  tensor,
  type Tree,
  unflattenTree,
  writeSafetensors,
  zeros,
} from "../../src/index.js";
import { expectRefused } from "../support/refusals.js";

const name = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.string({ maxLength: 4, unit: fc.constantFrom("~", "/", "0", "1", "2", "a") }),
  fc.constantFrom("0", "1", "00", "", "__proto__", "__metadata__", "~2", "~20", "constructor", "length"),
);

/** Trees without empty arrays and objects. */
const { tree } = fc.letrec<{ tree: Tree; leaf: Tensor; list: Tree; object: Tree }>((tie) => ({
  tree: fc.oneof({ depthSize: "small" }, tie("leaf"), tie("list"), tie("object")),
  leaf: fc.float32Array({ minLength: 1, maxLength: 2 }).map((values) => tensor(values)),
  list: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }),
  object: fc
    .uniqueArray(fc.tuple(name, tie("tree")), { minLength: 1, maxLength: 3, selector: ([name]) => name })
    .map((entries) => Object.fromEntries(entries)),
}));

/** A tree as text, in which arrays and objects, and every name, are told apart; the order of names does not matter. */
function show(node: Tree): string {
  if (Array.isArray(node)) return `[${node.map(show).join()}]`;
  if ("storage" in node)
    return `<${[...(node as Tensor).data].map((x) => (Object.is(x, -0) ? "-0" : x)).join()}>`;
  const entries = Object.entries(node as Record<string, Tree>).map(
    ([name, entry]) => `${JSON.stringify(name)}:${show(entry)}`,
  );
  return `{${entries.sort().join()}}`;
}

describe("flattenTree", () => {
  it("joins names and indices by slashes", () => {
    const kernel = ones([2]);
    const flat = flattenTree({ encoder: [{ kernel }, { kernel, bias: kernel }], "a/b": { "~": kernel } });
    expect(Object.keys(flat)).toEqual(["encoder/0/kernel", "encoder/1/kernel", "encoder/1/bias", "a~1b/~0"]);
    expect(flat["encoder/0/kernel"]).toBe(kernel);
  });

  it("tells names from indices, nothing and the name of metadata", () => {
    const t = ones([1]);
    expect(Object.keys(flattenTree(t))).toEqual([""]);
    expect(Object.keys(flattenTree([t]))).toEqual(["0"]);
    expect(Object.keys(flattenTree({ 0: t, "": t, __metadata__: t }))).toEqual([
      "~20",
      "~2",
      "~2__metadata__",
    ]);
    expect(Object.keys(flattenTree({}))).toEqual([]);
  });

  it("refuses what would be lost", () => {
    const t = ones([1]);
    expectRefused(
      () => flattenTree({ a: [t, 3] } as never),
      TypeError,
      "flattenTree: tree.a[1] must be a tensor",
    );
    expectRefused(() => flattenTree({ a: undefined } as never), TypeError, "flattenTree: tree.a must be");
    expectRefused(() => flattenTree(new Map() as never), TypeError, "flattenTree: tree must be");
    expectRefused(() => flattenTree(Array(2) as never), TypeError, "flattenTree: tree[0] must be");
    const endless: Tree[] = [];
    endless.push(endless);
    expectRefused(() => flattenTree(endless), RangeError, "flattenTree: tree must nest at most 64 deep");
  });
});

describe("unflattenTree", () => {
  it("is the inverse of flattenTree, also by way of a file", () => {
    fc.assert(
      fc.property(tree, (original) => {
        const flat = flattenTree(original);
        expect(show(unflattenTree(flat))).toBe(show(original));
        expect(show(unflattenTree(flat, original))).toBe(show(original));
        expect(show(unflattenTree(readSafetensors(writeSafetensors(flat)).tensors))).toBe(show(original));
      }),
      { numRuns: 500 },
    );
  });

  it("restores the parameters of layers, those without parameters too", () => {
    const layer = sequential(dense(3), relu(), dense(2), relu());
    const { params } = layer.init(key(1), [4]);
    const fresh = layer.init(key(2), [4]).params;
    const restored = unflattenTree(readSafetensors(writeSafetensors(flattenTree(params))).tensors, fresh);
    expect(show(restored)).toBe(show(params));
  });

  it("makes ordinary objects, whatever the names", () => {
    const made = unflattenTree({ "__proto__/a": ones([1]) }) as object;
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(Object.keys(made)).toEqual(["__proto__"]);
    expect(({} as { a?: unknown }).a).toBeUndefined();
    expect(unflattenTree({})).toEqual({});
  });

  const t = ones([2]);
  it.each<[string, Record<string, Tensor>, string]>([
    ["a path through a tensor", { a: t, "a/b": t }, "tensors must have no path that leads through a tensor"],
    ["a tensor on a path", { "a/b": t, a: t }, "tensors must have no path that leads through a tensor"],
    ["a tensor and its entries", { "": t, a: t }, "tensors must have no path that leads through a tensor"],
    ["an array with a gap", { "a/0": t, "a/2": t }, "tensors must have every index"],
    ["an array without beginning", { "a/1000000": t }, "tensors must have every index"],
    ["indices beside names", { "a/0": t, "a/b": t }, "tensors must have every index"],
    ["an index with zeros before", { "a/00": t }, "tensors must have paths as flattenTree writes them"],
    ["an endless index", { "12345678901": t }, "tensors must have paths as flattenTree writes them"],
    ["an empty name", { "a//b": t }, "tensors must have paths as flattenTree writes them"],
    ["a slash at the end", { "a/": t }, "tensors must have paths as flattenTree writes them"],
    ["an unknown escape", { "a~3": t }, "tensors must have paths as flattenTree writes them"],
    ["an escape too many", { "~2a": t }, "tensors must have paths as flattenTree writes them"],
    [
      "endless nesting",
      { [Array(1e5).fill("a").join("/")]: t },
      "tensors must have paths of at most 64 names",
    ],
  ])("refuses %s", (_, tensors, start) => {
    expectRefused(() => unflattenTree(tensors), RangeError, `unflattenTree: ${start}`);
  });

  it("refuses what is not like the tree given", () => {
    const like = { a: t, b: [t] };
    const call = (tensors: Record<string, Tensor>) => () => unflattenTree(tensors, like);
    expectRefused(
      call({ a: t }),
      RangeError,
      'unflattenTree: tensors must have "b/0", as like has, got ["a"]',
    );
    const more = { a: t, "b/0": t, c: t };
    expectRefused(call(more), RangeError, 'unflattenTree: tensors must have only the paths of like, got "c"');
    const wide = { a: zeros([3]), "b/0": t };
    expectRefused(
      call(wide),
      RangeError,
      'unflattenTree: tensors["a"].shape must be [2], as in like, got [3]',
    );
    expectRefused(() => unflattenTree({}, 3 as never), TypeError, "unflattenTree: like must be a tensor");
  });

  it("refuses what is not an object of tensors", () => {
    expectRefused(() => unflattenTree([] as never), TypeError, "unflattenTree: tensors must be an object");
    expectRefused(
      () => unflattenTree({ a: 1 } as never),
      TypeError,
      'unflattenTree: tensors["a"] must be a tensor',
    );
  });
});
