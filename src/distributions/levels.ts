// Levels of grey: values from 0 to 1 on equally many steps, as integers and back.

/** The nearest of so many equal levels from 0 to 1, an integer from 0 to levels − 1 for values in [0, 1]. */
export const levelOf = (value: number, levels: number): number => Math.round(value * (levels - 1));

/** The value of a level, from 0 to 1. */
export const valueOfLevel = (level: number, levels: number): number => level / (levels - 1);
