// Laws of the page about a mixture.

import { describe, expect, it } from "vitest";
import { key, mixtureLogProb, ops, random, tensor } from "../../src/index.js";
import { pca, project } from "../../src/latent/index.js";
import { densityInPlane } from "../../src/report/mixture.js";
import type { Point } from "../../src/report/chart.js";

const mixture = {
  logits: tensor([0, 1, -1]),
  means: random.normal(key(1), [3, 4]),
  logVars: random.normal(key(2), [3, 4], { deviation: 0.5 }),
};

describe("the density in a plane", () => {
  it("is that of the mixture where there are no more dimensions", () => {
    const cut = (t: typeof mixture.means) => ops.crop(t, [
      [0, 0],
      [0, 2],
    ]); // prettier-ignore
    const flat = { logits: mixture.logits, means: cut(mixture.means), logVars: cut(mixture.logVars) };
    const places = (t: typeof mixture.means) =>
      Array.from({ length: t.shape[0]! }, (_, i): Point => [t.data[2 * i]!, t.data[2 * i + 1]!]);
    const axes = [
      [1, 0],
      [0, 1],
    ];
    const at = densityInPlane(flat, axes, places);
    const points = random.normal(key(3), [20, 2]);
    const known = mixtureLogProb(points, flat).data;
    places(points).forEach(([x, y], i) => expect(Math.log(at(x, y))).toBeCloseTo(known[i]!, 4));
  });

  it("of more dimensions has the mass of 1, and the mean of what it projects", () => {
    const basis = pca(random.normal(key(4), [30, 4]), { components: 2 });
    const rows = [0, 1].map((row) => [...basis.components.data.subarray(4 * row, 4 * row + 4)]);
    const place = (t: typeof mixture.means) => {
      const { data } = project(basis, t);
      return Array.from({ length: t.shape[0]! }, (_, i): Point => [data[2 * i]!, data[2 * i + 1]!]);
    };
    const at = densityInPlane(mixture, rows, place);
    let [mass, mean] = [0, 0];
    for (let x = -10; x <= 10; x += 0.1) {
      for (let y = -10; y <= 10; y += 0.1) {
        mass += at(x, y) * 0.01;
        mean += x * at(x, y) * 0.01;
      }
    }
    const weights = ops.softmax(mixture.logits).data;
    expect(mass).toBeCloseTo(1, 4);
    expect(mean).toBeCloseTo(
      place(mixture.means).reduce((sum, [x], k) => sum + weights[k]! * x, 0),
      4,
    );
  });
});
