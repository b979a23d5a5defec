// Every operation that has a gradient, with the calls that are drawn of it: the table of the laws for all of them.

import { elementwiseCases, type Samples } from "./gradientCases.js";
import { axesCases } from "./gradientCasesOfAxes.js";
import { productCases } from "./gradientCasesOfProducts.js";

/** By the operations' names. */
export const GRADIENT_TABLE: Readonly<Record<string, Samples>> = {
  ...elementwiseCases,
  ...axesCases,
  ...productCases,
};
