// All cases of the benchmarks.

import { autodiffCases } from "./autodiff.js";
import { conv2dCases } from "./conv2d.js";
import { gemmCases } from "./gemm.js";
import { lossCases } from "./losses.js";
import { memoryCases } from "./memory.js";
import { modelCases } from "./models.js";
import { normCases } from "./norm.js";
import { optimizerCases } from "./optimizer.js";
import { pointwiseCases } from "./pointwise.js";
import { randomCases } from "./random.js";
import type { Case } from "./support.js";

export const CASES: readonly Case[] = [
  ...gemmCases,
  ...conv2dCases,
  ...pointwiseCases,
  ...memoryCases,
  ...normCases,
  ...lossCases,
  ...optimizerCases,
  ...randomCases,
  ...autodiffCases,
  ...modelCases,
];
