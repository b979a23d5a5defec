// Types of the kernels' parameters: what the callers in TypeScript, which the build makes, take for them.

/** Address of the first element of an array. */
export type Operand = usize;
/** The same, or 0 for none. */
export type OptionalOperand = usize;
/** Address of an array that the kernel overwrites: it must be the only copy of its values. */
export type InPlace = usize;
/** The same, or 0 for none. */
export type OptionalInPlace = usize;
