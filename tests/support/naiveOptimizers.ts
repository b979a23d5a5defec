// The optimizers in float64, one number at a time, written from their papers: slow and plain.

/** Options under the library's names, all given. */
export interface SgdSettings {
  readonly momentum: number;
  readonly nesterov: boolean;
}
export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly epsilonHat: boolean;
}
export interface RmspropSettings {
  readonly decay: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;
  readonly epsilonInsideRoot: boolean;
}
export interface AdagradSettings {
  readonly initialAccumulator: number;
  readonly epsilon: number;
  readonly epsilonInsideRoot: boolean;
}

/** From the gradient of one number at step t = 1, 2, … to the direction that the learning rate multiplies. */
export type Direction = (g: number, t: number) => number;

export function sgdDirection({ momentum, nesterov }: SgdSettings): Direction {
  let v = 0;
  return (g) => {
    v = momentum * v + g;
    return nesterov ? g + momentum * v : v;
  };
}

export function adamDirection({ beta1, beta2, epsilon, epsilonHat }: AdamSettings): Direction {
  let m = 0;
  let v = 0;
  return (g, t) => {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const [correction1, correction2] = [1 - beta1 ** t, 1 - beta2 ** t];
    if (epsilonHat) return (Math.sqrt(correction2) / correction1) * (m / (Math.sqrt(v) + epsilon));
    return m / correction1 / (Math.sqrt(v / correction2) + epsilon);
  };
}

export function rmspropDirection(settings: RmspropSettings): Direction {
  const { decay, momentum, epsilon, centered, epsilonInsideRoot } = settings;
  let s = 0;
  let mean = 0;
  let v = 0;
  return (g) => {
    s = decay * s + (1 - decay) * g * g;
    mean = decay * mean + (1 - decay) * g;
    const spread = centered ? s - mean * mean : s;
    v = momentum * v + g / (epsilonInsideRoot ? Math.sqrt(spread + epsilon) : Math.sqrt(spread) + epsilon);
    return v;
  };
}

export function adagradDirection(settings: AdagradSettings): Direction {
  const { initialAccumulator, epsilon, epsilonInsideRoot } = settings;
  let s = initialAccumulator;
  return (g) => {
    s += g * g;
    return g / (epsilonInsideRoot ? Math.sqrt(s + epsilon) : Math.sqrt(s) + epsilon);
  };
}

/** How one number is updated. */
export interface Course {
  readonly direction: Direction;
  readonly rate: (step: number) => number;
  readonly weightDecay: number;
  readonly decoupled: boolean;
}

/** One number after all updates, and the length of its way. */
export function follow(
  start: number,
  grads: readonly number[],
  { direction, rate, weightDecay, decoupled }: Course,
): { end: number; way: number } {
  let p = start;
  let way = Math.abs(start);
  grads.forEach((g, step) => {
    const shrink = decoupled ? rate(step) * weightDecay * p : 0;
    const change = shrink + rate(step) * direction(decoupled ? g : g + weightDecay * p, step + 1);
    p -= change;
    way += Math.abs(change);
  });
  return { end: p, way };
}
