// What the sections of a report fold into its key: a name for every use, for two that shared a number would draw the same.

/** Folded into a report's key. */
export const REPORT_DRAWS = {
  bound: 0,
  posterior: 1,
  mixtureFit: 2,
  mixtureSamples: 3,
  priorSamples: 4,
  scores: 5,
  classSamples: 8,
  classes: 9,
  demonstration: 7,
  pixels: 8,
  completions: 9,
} as const;

/** Folded into the key of the demonstration of checkerboards. */
export const DEMONSTRATION_DRAWS = { tones: 0, weights: 1 } as const;

/** Folded into the key of a study of gradient estimators. */
export const ESTIMATOR_DRAWS = { variance: 0, error: 1 } as const;
