// What training folds into keys: a name for every use, for two that shared a number would draw the same.

/** Folded into the key of {@link fit}. */
export const FIT_DRAWS = { trainer: 0, shuffling: 1, validation: 2 } as const;

/** Folded into a trainer's key beside the numbers of steps, which count from 0 and cannot reach these. */
export const TRAINER_DRAWS = { init: 2 ** 32 - 1, evaluation: 2 ** 32 - 2 } as const;

/** Folded into the key of a step or an evaluation. */
export const STEP_DRAWS = { corruption: 0, loss: 1 } as const;
