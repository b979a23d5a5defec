// How a layer says that it was made: every default filled in, and what earlier versions wrote is still read.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  avgPool2d,
  batchNorm,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  elu,
  flatten,
  gaussianNoise,
  key,
  type Layer,
  layerFromSpec,
  layerNorm,
  type LayerSpec,
  leakyRelu,
  maskPatches,
  maxPool2d,
  parallel,
  random,
  relu,
  residual,
  resizeConv2d,
  saltAndPepper,
  sequential,
  type Shape,
  type Tensor,
  type Tree,
  upsampleNearest,
} from "../../src/index.js";
import { completedSpec } from "../../src/layers/fromSpec.js";
import { tensorsOf } from "../../src/tensor/tree.js";

/** Layers' specs, and what these layers gave, as version 0.1.0 wrote them. */
const written = JSON.parse(
  readFileSync(new URL("../golden/written-0.1.0.json", import.meta.url), "utf8"),
) as Record<string, { inputShape: Shape; spec: LayerSpec; output: number[] }>;

describe("the description of how a layer was made", () => {
  const kernel = { activation: "linear", useBias: true, kernelInitializer: "glorotUniform" };
  const window = { stride: [1, 1], padding: "valid", dilation: [1, 1] };

  it("holds the arguments with all defaults, and those of the layers inside", () => {
    const { spec } = sequential(
      residual(conv2d(8, { kernel: 3, activation: "relu" })),
      flatten(),
      parallel({ mean: dense(2), logVar: dense(2, { useBias: false }) }),
    );
    expect(spec).toEqual({
      type: "sequential",
      args: [
        {
          type: "residual",
          args: [
            {
              type: "conv2d",
              args: [
                8,
                { ...kernel, ...window, padding: "same", kernel: [3, 3], groups: 1, activation: "relu" },
              ],
            },
          ],
        },
        { type: "flatten", args: [] },
        {
          type: "parallel",
          args: [
            {
              mean: { type: "dense", args: [2, kernel] },
              logVar: { type: "dense", args: [2, { ...kernel, useBias: false }] },
            },
          ],
        },
      ],
    });
  });

  it.each<[Layer<Tree, Tree, unknown>, unknown[]]>([
    [relu(), []],
    [leakyRelu(), [{ alpha: 0.01 }]],
    [elu({ alpha: 2 }), [{ alpha: 2 }]],
    [dense(2, { activation: "leakyRelu" }), [2, { ...kernel, activation: "leakyRelu", alpha: 0.01 }]],
    [dense(2, { activation: "elu", alpha: 0 }), [2, { ...kernel, activation: "elu", alpha: 0 }]],
    [batchNorm(), [{ momentum: 0.99, epsilon: 1e-3, runningVariance: "biased" }]],
    [layerNorm(), [{ epsilon: 1e-5 }]],
    [maxPool2d(), [[2, 2], { ...window, stride: [2, 2] }]],
    [avgPool2d([2, 3]), [[2, 3], { ...window, stride: [2, 3], countIncludePad: false }]],
    [dropout(0.5), [0.5]],
    [gaussianNoise(0.5), [0.5]],
    [saltAndPepper(0.1), [0.1, { low: 0, high: 1 }]],
    [maskPatches({ size: 2, ratio: 0.5 }), [{ size: 2, ratio: 0.5, value: 0 }]],
    [upsampleNearest(2), [[2, 2]]],
    [
      conv2dTranspose(4, { kernel: 3, padding: 1, outputPadding: 1, stride: 2 }),
      [4, { ...kernel, ...window, kernel: [3, 3], stride: [2, 2], padding: 1, groups: 1, outputPadding: 1 }],
    ],
    [
      resizeConv2d(4, { kernel: 3 }),
      [4, { ...kernel, ...window, factor: [2, 2], kernel: [3, 3], padding: "same", groups: 1 }],
    ],
  ])("says %o with all defaults", ({ spec }, args) => expect(spec.args).toEqual(args));

  it("stays as it is when the arguments change afterwards", () => {
    const size: [number, number] = [2, 2];
    const padding: [[number, number], [number, number]] = [
      [1, 1],
      [1, 1],
    ];
    const layers = [maxPool2d(size, { padding }), maskPatches({ size, ratio: 0.5 }), upsampleNearest(size)];
    const before = JSON.stringify(layers.map(({ spec }) => spec));
    size[0] = 3;
    padding[0][0] = 0;
    expect(JSON.stringify(layers.map(({ spec }) => spec))).toBe(before);
  });

  describe.each(["image", "vector"] as const)("as version 0.1.0 wrote it (%s)", (name) => {
    const { inputShape, spec, output } = written[name];
    it("gives the layer that it gave then", () => {
      const layer = layerFromSpec<Tensor | Record<string, Tensor>>(spec);
      const { params, state } = layer.init(key(1), inputShape);
      const x = random.uniform(key(2), [2, ...inputShape]);
      const applied = layer.apply(params, state, x, { training: true, key: key(3) });
      const values = tensorsOf(applied.output).flatMap(({ data }) => [...data]);
      values.forEach((value, i) => expect(value).toBeCloseTo(output[i], 5));
      expect(values).toHaveLength(output.length);
    });

    it("is completed as the layer's own description is", () => {
      expect(completedSpec(spec)).toEqual(layerFromSpec(spec).spec);
      expect(completedSpec(layerFromSpec(spec).spec)).toEqual(layerFromSpec(spec).spec);
    });
  });

  it("is left alone by completion where no layer can be made of it", () => {
    const strangers = [
      null,
      3,
      {},
      { type: "mine", args: [1] },
      { type: "dense", args: [0] },
      { type: "toString", args: [] },
    ];
    for (const spec of strangers) expect(completedSpec(spec)).toBe(spec);
    const inside = {
      type: "sequential",
      args: [
        { type: "mine", args: [1] },
        { type: "dense", args: [2] },
      ],
    };
    expect(completedSpec(inside)).toEqual({
      type: "sequential",
      args: [{ type: "mine", args: [1] }, dense(2).spec],
    });
  });
});
