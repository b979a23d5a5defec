// What commands fold into the key of a seed: a name for every use, for two that shared a number would draw the same.

/** Folded into the key of a run's seed. */
export const RUN_DRAWS = { data: 0, heldOut: 1, training: 2, report: 3, readouts: 4 } as const;

/** Folded into the key of a mixture's seed. */
export const MIXTURE_DRAWS = { data: 0, fit: 1, samples: 2 } as const;

/** Folded into the key of a comparison's samples. */
export const COMPARISON_DRAWS = { report: 0 } as const;
