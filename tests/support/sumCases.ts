// Cases of the seam's laws whose sums over rows and images are cut into several grains.

import { ops, scope } from "../../src/index.js";
import { checksumOf } from "./checksum.js";
import { type GoldenCase, realsOf, withGradients } from "./goldenOps.js";

/** A case's results as a checksum. */
export const valueOf = ([, compute]: GoldenCase): string => scope(() => checksumOf(compute()) as never);

/** Sums over rows and images that the other cases have in one grain, or not at all. */
export const sumCases: readonly GoldenCase[] = [
  ...[1, 3, 4, 19].map((channels): GoldenCase => {
    const line = [realsOf([channels], 2), realsOf([channels], 3)];
    const moments = [realsOf([channels], 4), realsOf([channels], 5, 0.5, 2)] as const;
    return [
      `batchNorm of ${channels}`,
      () =>
        withGradients(
          (x, gamma, beta) => ops.batchNorm(x!, gamma!, beta!, ...moments, { training: true }).output,
          realsOf([41, channels]),
          ...line,
        ),
    ];
  }),
  ...[1, 6].map((groups): GoldenCase => [
    `conv2d in ${groups} groups`,
    () =>
      withGradients(
        (x, w) => ops.conv2d(x!, w!, { groups, padding: "same" }),
        realsOf([9, 5, 5, 6]),
        realsOf([3, 3, 6 / groups, 6], 2),
      ),
  ]),
  [
    "conv2d by Winograd's filtering",
    () =>
      withGradients(
        (x, w, bias) => ops.conv2d(x!, w!, { bias: bias!, activation: "elu", padding: "same" }),
        realsOf([3, 12, 11, 32]),
        realsOf([3, 3, 32, 36], 2),
        realsOf([36], 3),
      ),
  ],
  [
    "resizeConv2d",
    () =>
      withGradients(
        (x, w) => ops.resizeConv2d(x!, w!, { padding: "same" }),
        realsOf([5, 4, 3, 6]),
        realsOf([3, 3, 6, 5], 2),
      ),
  ],
];
