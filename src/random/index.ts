// The random functions, as the namespace `random`.

export { bernoulli, categorical, normal, permutation, truncatedNormal, uniform } from "./draws.js";
export { bits } from "./keys.js";
