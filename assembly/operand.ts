// Types of the kernels' parameters: what the callers and entries, which the build makes, take and give for them.

/** Address of the first element of an array. */
export type Operand = usize;
/** The same, or 0 for none. */
export type OptionalOperand = usize;
/** Address of an array that the kernel overwrites: it must be the only copy of its values. */
export type InPlace = usize;
/** The same, or 0 for none. */
export type OptionalInPlace = usize;
/** Address of a table of i32; the caller gives a list. */
export type List = usize;

// A job is cut into grains of neighbouring items, which run in any order and on any thread.

/** Number of the grain's first item. */
export type First = i32;
/** Number of the grain's items. The caller gives the job's, under the same name. */
export type Count = i32;
/** The same of images; the job has as many as its geometry's batch. */
export type Images = i32;
/** A size that multiplies the work of each item: larger ones make grains of fewer items. */
export type Width = i32;
/** Items of a whole grain, planned by the caller. */
export type Grain = i32;
/** Address of the job's results, a float64 for each of at most MAX_RESULTS grains. */
export type Results = usize;
/** Address of SCRATCH_BYTES that belong to whoever runs the grain. */
export type Scratch = usize;

/** Bytes of a job's arguments. */
export const ARGUMENT_BYTES: i32 = 2048;
/** Most grains of a job with results. */
export const MAX_RESULTS: i32 = 256;
/** Bytes of a job: its arguments, then its results. */
export const JOB_BYTES: i32 = ARGUMENT_BYTES + 8 * MAX_RESULTS;
/** Bytes that the blocked products and convolutions pack into; they do not grow with anything. */
export const SCRATCH_BYTES: i32 = 4 << 20;
