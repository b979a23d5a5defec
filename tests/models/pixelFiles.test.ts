// Files of models of pixels as accidents and attackers make them: what is loaded runs, all else is refused.
//
// MUTATIONS=100000 npx vitest run tests/models/pixelFiles.test.ts tries as many.

import { describe, expect, it } from "vitest";
import { isRefusal } from "../../src/check/check.js";
import {
  key,
  loadModel,
  pixelCnn,
  type PixelModel,
  pixelRnn,
  readTree,
  runtimeInfo,
  saveModel,
  writeTree,
  zeros,
} from "../../src/index.js";
import { generator } from "../fuzz/calls.js";

const MUTATIONS = Number(process.env.MUTATIONS ?? 1000);

const MODELS = [
  pixelRnn({ inputShape: [2, 3, 2], levels: 4, hidden: 3, layers: 2, kernel: 3 }),
  pixelCnn({ inputShape: [2, 3, 2], levels: 4, hidden: 3, layers: 2 }),
];

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
type Random = (below: number) => number;
const oneOf = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

const STRANGE = [
  null,
  true,
  "",
  "pixelRnn",
  "pixelCnn",
  "vae",
  -1,
  0,
  1,
  2,
  3,
  5,
  64,
  65,
  0.5,
  1e9,
  2 ** 53,
  [],
  {},
  [4, 4, 1],
];

/** A tree with one to three of its entries replaced, taken away or renamed. */
function forged(random: Random, tree: unknown): unknown {
  const copy = structuredCloneOf(tree);
  for (let n = 1 + random(3); n > 0; n--) {
    let place = copy as Record<string, unknown>;
    for (;;) {
      const names = Object.keys(place).filter((name) => name !== "kind" && name !== "version");
      if (names.length === 0) break;
      const name = oneOf(random, names);
      const inner = place[name];
      const isTree =
        isObject(inner) && [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(inner));
      if (isTree && random(5) > 0) {
        place = inner as Record<string, unknown>;
        continue;
      }
      const kind = random(4);
      if (kind === 0 && !Array.isArray(place)) delete place[name];
      else if (kind === 1) place[`${name}x`] = inner;
      else if (kind === 2) place[name] = zeros([1 + random(3), 1 + random(3)]);
      // Anew, for a later change may reach into it.
      else place[name] = structuredCloneOf(oneOf(random, STRANGE));
      break;
    }
  }
  return copy;
}

/** Objects and arrays anew; tensors as they are. */
function structuredCloneOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCloneOf);
  if (!isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, structuredCloneOf(entry)]));
}

/** Loads a file and uses the model: a refusal where that cannot be. */
function isUsed(bytes: Uint8Array): boolean {
  try {
    const { model, params } = loadModel(bytes);
    if (model.type !== "pixelRnn" && model.type !== "pixelCnn") return true;
    expect(model.logLikelihood(params, zeros([1, ...model.inputShape])).shape).toEqual([1]);
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}

describe("a file of a model of pixels", () => {
  it.each(MODELS)(`that was changed is refused, ${MUTATIONS} times: $type`, (model: PixelModel) => {
    const random = generator(1);
    // What other modules hold, a trainer for example, may be given back meanwhile.
    const held = runtimeInfo().memory.used;
    const file = saveModel(model, model.init(key(1)));
    for (let i = 0; i < MUTATIONS / 4; i++) {
      const damaged = file.slice(0, random(4) === 0 ? random(file.length) : file.length);
      if (damaged.length === file.length) damaged[random(file.length)]! ^= 1 + random(255);
      expect(isUsed(damaged)).toBe(false);
    }
    const tree = readTree(file);
    let used = 0;
    for (let i = 0; i < (3 * MUTATIONS) / 4; i++) used += Number(isUsed(writeTree(forged(random, tree))));
    // Some say nothing new, as an option that stays what it was.
    expect(used).toBeLessThan(0.3 * MUTATIONS);
    expect(isUsed(writeTree(tree))).toBe(true);
    expect(runtimeInfo().memory.used).toBeLessThanOrEqual(held);
  });
});
