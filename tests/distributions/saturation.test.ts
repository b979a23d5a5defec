// Laws of Bernoulli and categorical distributions that are nearly sure: digits are kept on both sides.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bernoulliEntropy,
  bernoulliLogProb,
  binaryCrossEntropyWithLogits,
  categoricalEntropy,
  categoricalLogProb,
  ops,
  tensor,
  type Tensor,
  vjp,
} from "../../src/index.js";
import { evenly, expectTruth, valueAndSlopes } from "../support/extremes.js";
import { forAll } from "../support/laws.js";

const none = { reduction: "none" } as const;
const logits = fc.oneof(evenly(-200, 200).map(Math.fround), evenly(-1, 1).map(Math.fround));

describe("bernoulliEntropy", () => {
  const ofLogit = (z: Tensor) => bernoulliEntropy({ logits: z }, none);

  // By decimal arithmetic with 80 digits.
  it.each([
    [0.001, 0.6931470555599609],
    [1, 0.5822031088882179],
    [5, 0.04017960311054235],
    [15, 4.8944356775980915e-6],
    [17, 7.451887593879336e-7],
    [20, 4.3284225984118455e-8],
    [40, 1.7418252446695514e-16],
    [60, 5.341471565244877e-25],
    [80, 1.4619296241547863e-33],
    [100, 3.757276735781044e-42],
  ])("at logits of ±%d is %d", (logit, truth) => {
    expectTruth("above", valueAndSlopes(ofLogit, [logit]).value, truth, 2e-7);
    expectTruth("below", valueAndSlopes(ofLogit, [-logit]).value, truth, 2e-7);
  });

  it("has the slope −z·p·(1 − p) at every logit", () => {
    forAll(logits, 300, (z) => {
      const odds = Math.exp(-Math.abs(z));
      expectTruth(`${z}`, valueAndSlopes(ofLogit, [z]).slopes[0], (-z * odds) / (1 + odds) ** 2, 2e-7);
    });
  });

  it("of probabilities is right from 0 to 1, and has a finite slope at both", () => {
    const ofProbability = (p: Tensor) => bernoulliEntropy({ probabilities: p }, none);
    const tiny = [1e-40, 1e-30, 1e-10, 1e-8, 1e-7, 1e-4].map(Math.fround);
    for (const p of [...tiny, 0.1, 0.5, 0.9, 0.999, ...[1, 3, 100].map((n) => 1 - n * 2 ** -24)].map(
      Math.fround,
    )) {
      const { value, slopes } = valueAndSlopes(ofProbability, [p]);
      expectTruth(`${p}`, value, -p * Math.log(p) - (1 - p) * Math.log1p(-p), 2e-7);
      if (p > 1.1e-7 && p < 1 - 1.2e-7)
        expectTruth(`slope ${p}`, slopes[0], Math.log1p(-p) - Math.log(p), 2e-7, 1);
      expect(Number.isFinite(slopes[0])).toBe(true);
    }
    expect([0, 1].map((p) => valueAndSlopes(ofProbability, [p]).value + 0)).toEqual([0, 0]);
    expect(valueAndSlopes(ofProbability, [NaN]).value).toBeNaN();
    expect(valueAndSlopes(ofLogit, [NaN]).value).toBeNaN();
    expect([-Infinity, Infinity].map((z) => valueAndSlopes(ofLogit, [z]).value)).toEqual([0, 0]);
  });
});

describe("bernoulliLogProb and binaryCrossEntropyWithLogits", () => {
  it("keep the digits of both outcomes at every logit, with their slopes", () => {
    forAll(fc.tuple(logits, fc.constantFrom(0, 1)), 300, ([z, x]) => {
      // −log(1 + exp(∓z)), and the other outcome's probability.
      const against = x === 1 ? -z : z;
      const truth = Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(z)));
      const other = against > 0 ? 1 / (1 + Math.exp(-against)) : Math.exp(against) / (1 + Math.exp(against));
      const slope = x === 1 ? -other : other;
      const target = tensor([x]);
      const logProb = valueAndSlopes((own) => bernoulliLogProb(target, { logits: own }, none), [z]);
      expectTruth(`log p(${x}; ${z})`, -logProb.value, truth, 4e-7);
      expectTruth("its slope", -logProb.slopes[0], slope, 1e-6);
      const loss = valueAndSlopes((own) => binaryCrossEntropyWithLogits(own, target, none), [z]);
      expectTruth(`loss(${z}, ${x})`, loss.value, truth, 4e-7);
      expectTruth("its slope", loss.slopes[0], slope, 1e-6);
    });
  });
});

describe("categorical distributions", () => {
  // By decimal arithmetic with 80 digits.
  it.each([
    [[20, 0, 0], 8.656845179405438e-8, [-4.1223072363804075e-9, -20.000000004122306, -20.000000004122306]],
    [[0, 40, -3], 1.834891010323559e-16, [-40, -4.459867359050697e-18, -43]],
    [[17, 16.9375, -20], 0.6926591376250887, [-0.6623853823577756, -0.7248853823577756, -37.662385382357776]],
    [[-30, -80], 9.83662422461598e-21, [-1.9287498479639178e-22, -50]],
    [[90, 0, -90], 7.456551487831369e-38, [-8.194012623990515e-40, -90, -180]],
    [[0.125, 0, -0.125], 1.0934242241392558, [-0.9788138555830073, -1.1038138555830073, -1.2288138555830073]],
    [[5, 5, -60], Math.LN2, [-Math.LN2, -Math.LN2, -65 - Math.LN2]],
  ])("of logits %o have the entropy %d and log probabilities %o", (row, entropy, logs) => {
    expectTruth("entropy", categoricalEntropy({ logits: tensor(row) }).data[0], entropy, 2e-7);
    logs.forEach((log, label) =>
      expectTruth(`${label}`, categoricalLogProb([label], { logits: tensor(row) }).data[0], log, 2e-7),
    );
  });

  it("of two categories are Bernoulli distributions, with slopes that do not vanish before their time", () => {
    forAll(logits, 300, (z) => {
      const odds = Math.exp(-Math.abs(z));
      const pair = (own: Tensor) => ({ logits: ops.reshape(ops.concat([own, tensor([0])]), [1, 2]) });
      const entropy = valueAndSlopes((own) => categoricalEntropy(pair(own), none), [z]);
      expectTruth(`entropy ${z}`, entropy.value, Math.log1p(odds) + (Math.abs(z) * odds) / (1 + odds), 2e-7);
      expectTruth(`its slope`, entropy.slopes[0], (-z * odds) / (1 + odds) ** 2, 4e-7);
      const logProb = valueAndSlopes((own) => categoricalLogProb([0], pair(own), none), [z]);
      expectTruth(`log p ${z}`, logProb.value, -Math.max(-z, 0) - Math.log1p(odds), 2e-7);
      expectTruth(`its slope`, logProb.slopes[0], z > 0 ? odds / (1 + odds) : 1 / (1 + odds), 4e-7);
    });
  });

  it("pass NaN on, row by row", () => {
    const table = tensor([
      [0, NaN],
      [NaN, 0],
      [1, 1],
    ]);
    const { value } = vjp((own: Tensor) => categoricalEntropy({ logits: own }))(tensor([1, 1, 1]), table);
    expect([...value.data].map(Number.isNaN)).toEqual([true, true, false]);
    expect([...categoricalLogProb([0, 1, 0], { logits: table }).data].map(Number.isNaN)).toEqual([
      true,
      true,
      false,
    ]);
  });
});
