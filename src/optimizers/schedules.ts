// Schedules of the learning rate: functions of the step, counted from 0, and the makers of the usual ones.

import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOptions,
  refuseKind,
  refuseValue,
} from "../check/check.js";
import { asSchedule, type Schedule } from "./schedule.js";

/** Half a cosine from `from` (progress 0) to `to` (progress 1). */
function cosineBetween(from: number, to: number, progress: number): number {
  const share = 0.5 * (1 + Math.cos(Math.PI * progress));
  return from * share + to * (1 - share);
}

/** A schedule that refuses what is no number of a step. */
function ofStep(where: string, rateAt: Schedule): Schedule {
  return (step) => {
    checkNumber(where, "step", step);
    return rateAt(step);
  };
}

/**
 * Always the same rate.
 *
 * @param rate - ≥ 0
 * @returns the schedule
 * @throws {RangeError} when the rate is negative
 * @example
 * schedules.constant(0.1)(1000); // 0.1
 */
export function constant(rate: number): Schedule {
  return asSchedule("constant", "rate", rate);
}

/**
 * `from · factor^(step / steps)`.
 *
 * @param options.from - first rate, ≥ 0
 * @param options.factor - what `steps` steps multiply it by, > 0
 * @param options.steps - number > 0
 * @param options.staircase - multiply at once every `steps` steps instead of evenly (default false)
 * @returns the schedule
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when an option is out of range
 * @example
 * schedules.exponentialDecay({ from: 0.1, factor: 0.5, steps: 100 })(200); // 0.025
 */
export function exponentialDecay(options: {
  readonly from: number;
  readonly factor: number;
  readonly steps: number;
  readonly staircase?: boolean | undefined;
}): Schedule {
  const where = "exponentialDecay";
  checkOptions(where, options, ["from", "factor", "steps", "staircase"]);
  const { from, factor, steps, staircase = false } = options;
  checkNumber(where, "from", from, 0);
  checkNumber(where, "factor", factor, 0);
  if (factor === 0) refuseValue(where, "factor", "be > 0", factor);
  checkInteger(where, "steps", steps, 1);
  checkBoolean(where, "staircase", staircase);
  return ofStep(where, (step) => from * factor ** (staircase ? Math.floor(step / steps) : step / steps));
}

/**
 * Half a cosine from `from` at step 0 to `to` at step `steps`, then `to`.
 *
 * @param options.from - first rate, ≥ 0
 * @param options.to - last rate, ≥ 0 (default 0)
 * @param options.steps - integer ≥ 1
 * @returns the schedule
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when an option is out of range
 * @example
 * schedules.cosineDecay({ from: 0.1, steps: 100 })(50); // 0.05
 * @see Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, equation 5
 */
export function cosineDecay(options: {
  readonly from: number;
  readonly to?: number | undefined;
  readonly steps: number;
}): Schedule {
  const where = "cosineDecay";
  checkOptions(where, options, ["from", "to", "steps"]);
  const { from, to = 0, steps } = options;
  checkNumber(where, "from", from, 0);
  checkNumber(where, "to", to, 0);
  checkInteger(where, "steps", steps, 1);
  return ofStep(where, (step) => (step >= steps ? to : cosineBetween(from, to, step / steps)));
}

/**
 * A straight line from `from` at step 0 to where the next schedule begins, at step `steps`; then that schedule,
 * counted from there.
 *
 * @param options.from - first rate, ≥ 0 (default 0)
 * @param options.steps - integer ≥ 1
 * @param options.next - what follows: a schedule or a number
 * @returns the schedule
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when an option is out of range
 * @example
 * const next = schedules.cosineDecay({ from: 1e-3, steps: 9500 });
 * adam({ learningRate: schedules.linearWarmup({ steps: 500, next }) });
 * @see Goyal et al. 2017, Accurate, large minibatch SGD, section 2.2
 */
export function linearWarmup(options: {
  readonly from?: number | undefined;
  readonly steps: number;
  readonly next: number | Schedule;
}): Schedule {
  const where = "linearWarmup";
  checkOptions(where, options, ["from", "steps", "next"]);
  const { from = 0, steps } = options;
  checkNumber(where, "from", from, 0);
  checkInteger(where, "steps", steps, 1);
  const next = asSchedule(where, "next", options.next);
  return ofStep(where, (step) =>
    step < steps ? from + ((next(0) - from) * step) / steps : next(step - steps),
  );
}

/**
 * Schedules one after the other. From step `boundaries[i]` on, `rates[i + 1]` holds; a schedule among the rates
 * counts its steps from its own beginning.
 *
 * @param options.boundaries - integers ≥ 1, rising
 * @param options.rates - numbers or schedules, one more than boundaries
 * @returns the schedule
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when boundaries do not rise, or the numbers of boundaries and rates do not fit
 * @example
 * const rate = schedules.piecewise({ boundaries: [100, 200], rates: [0.1, 0.01, 0.001] });
 * [rate(99), rate(100), rate(200)]; // [0.1, 0.01, 0.001]
 */
export function piecewise(options: {
  readonly boundaries: readonly number[];
  readonly rates: readonly (number | Schedule)[];
}): Schedule {
  const where = "piecewise";
  checkOptions(where, options, ["boundaries", "rates"]);
  const { boundaries, rates } = options;
  if (!Array.isArray(boundaries)) refuseKind(where, "boundaries", "be an array of steps", boundaries);
  if (!Array.isArray(rates)) refuseKind(where, "rates", "be an array of numbers or schedules", rates);
  const starts = [0, ...boundaries];
  for (const [i, boundary] of boundaries.entries()) {
    checkInteger(where, `boundaries[${i}]`, boundary, starts[i] + 1);
  }
  if (rates.length !== starts.length) {
    refuseValue(where, "rates.length", `be boundaries.length + 1 = ${starts.length}`, rates.length);
  }
  const schedules = rates.map((rate, i) => asSchedule(where, `rates[${i}]`, rate));
  return ofStep(where, (step) => {
    const at = boundaries.filter((boundary) => boundary <= step).length;
    return schedules[at](step - starts[at]);
  });
}

/**
 * Up to `peak` and down again, each along half a cosine: PyTorch's `OneCycleLR` without its cycling of momentum.
 * The rise ends at step `warmup · steps − 1`, the descent at step `steps − 1`.
 *
 * @param options.peak - highest rate, ≥ 0
 * @param options.steps - of the whole cycle, integer ≥ 2
 * @param options.warmup - share of the rise, in [0, 1) (default 0.3)
 * @param options.from - first rate, ≥ 0 (default peak / 25)
 * @param options.to - last rate, ≥ 0 (default from / 10000)
 * @returns the schedule
 * @throws {TypeError} when an option is unknown or of the wrong kind
 * @throws {RangeError} when an option is out of range
 * @example
 * const rate = schedules.oneCycle({ peak: 0.1, steps: 100 });
 * [rate(0), rate(29)]; // [0.004, 0.1]
 * @see Smith and Topin 2019, Super-convergence
 */
export function oneCycle(options: {
  readonly peak: number;
  readonly steps: number;
  readonly warmup?: number | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}): Schedule {
  const where = "oneCycle";
  checkOptions(where, options, ["peak", "steps", "warmup", "from", "to"]);
  const { peak, steps, warmup = 0.3 } = options;
  checkNumber(where, "peak", peak, 0);
  checkInteger(where, "steps", steps, 2);
  checkNumber(where, "warmup", warmup, 0, 1);
  if (warmup === 1) refuseValue(where, "warmup", "be below 1", warmup);
  const { from = peak / 25 } = options;
  checkNumber(where, "from", from, 0);
  const { to = from / 1e4 } = options;
  checkNumber(where, "to", to, 0);
  const top = Math.max(warmup * steps - 1, 0);
  return ofStep(where, (step) => {
    if (step < top) return cosineBetween(from, peak, step / top);
    return step >= steps - 1 ? to : cosineBetween(peak, to, (step - top) / (steps - 1 - top));
  });
}
