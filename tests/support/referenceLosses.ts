// Maps the reference set's losses (see tests/reference/FORMAT.md) to public calls, by the set's names.

import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  gaussianNll,
  halfSquaredError,
  klGaussians,
  klStandardNormal,
  mixtureLogProb,
  ops,
  type Reduction,
  squaredError,
  type Tensor,
} from "../../src/index.js";

/** What a case of a loss may set. */
export interface LossAttributes {
  readonly reduction?: Reduction;
  readonly clip?: [number, number];
  readonly gamma?: number;
  readonly full?: boolean;
  readonly height?: number;
  readonly width?: number;
}

type LossCaller = (attrs: LossAttributes) => (inputs: Readonly<Record<string, Tensor>>) => Tensor;

/** The set's divergences are summed over the last axis. */
const sumLast = (values: Tensor): Tensor => ops.sum(values, { axis: -1 });

/** Every loss of the set. */
export const lossCallers: Record<string, LossCaller> = {
  mse:
    ({ reduction = "mean" }) =>
    ({ pred, target }) =>
      squaredError(pred, target, { reduction }),
  halfMse:
    ({ reduction = "perExample", height, width }) =>
    ({ pred, target }) => {
      const [, rows, columns] = pred.shape;
      if (height !== rows || width !== columns) throw new Error(`pred is not ${height} by ${width}`);
      return halfSquaredError(pred, target, { reduction });
    },
  bceProbs:
    ({ reduction = "mean", clip }) =>
    ({ pred, target }) =>
      binaryCrossEntropy(pred, target, clip === undefined ? { reduction } : { reduction, clip }),
  bceLogits:
    ({ reduction = "mean" }) =>
    ({ logits, target }) =>
      binaryCrossEntropyWithLogits(logits, target, { reduction }),
  gaussianNll:
    ({ reduction = "mean", full = false, gamma }) =>
    ({ x, mu, logvar }) =>
      gaussianNll(x, gamma === undefined ? { mean: mu, logVar: logvar } : { mean: mu, gamma }, {
        reduction,
        full,
      }),
  klStandardNormal:
    () =>
    ({ mu, logvar }) =>
      sumLast(klStandardNormal({ mean: mu, logVar: logvar }, { reduction: "none" })),
  klDiagGaussians:
    () =>
    ({ mu1, logvar1, mu2, logvar2 }) => {
      const [q, p] = [
        { mean: mu1, logVar: logvar1 },
        { mean: mu2, logVar: logvar2 },
      ];
      return sumLast(klGaussians(q, p, { reduction: "none" }));
    },
  mogLogDensity:
    () =>
    ({ x, logits, means, logvars }) =>
      mixtureLogProb(x, { logits, means, logVars: logvars }),
};
