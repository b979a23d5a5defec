// What TypeScript knows of the kernels besides their signatures: records, limits and numbers by name. The build reads
// this list and hands it on with the values that the compiler gives them; nothing is computed here.

export { Activation } from "./fusedActivation";
export { Correlation } from "./correlation";
export { Geometry } from "./geometry";
export { MAX_RESULTS } from "./operand";
export { MAX_DEPTH, MAX_TAPS, MAX_WINDOW } from "./tile";
export { MAX_PACKED_DEPTH, NARROW } from "./product";
export { MAX_WINOGRAD_DEPTH } from "./winograd";
export { MAX_WINOGRAD_OUTPUTS } from "./winogradFilterGradient";
