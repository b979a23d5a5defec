// Laws of the schedules, at their corners and between them.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Schedule, schedules, sgd, tensor } from "../../src/index.js";
import { forAll } from "../support/laws.js";
import { expectRefused } from "../support/refusals.js";

const { constant, cosineDecay, exponentialDecay, linearWarmup, oneCycle, piecewise } = schedules;
const at = (schedule: Schedule, ...steps: number[]) => steps.map(schedule);
const rate = fc.double({ min: 0, max: 1, noNaN: true });
const length = fc.integer({ min: 1, max: 1000 });

/** Two numbers that differ by rounding alone. */
const expectClose = (got: number, want: number) =>
  expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-14 * Math.abs(want));

describe("constant", () => {
  it("never changes", () => {
    expect(at(constant(0.25), 0, 1, 1e9)).toEqual([0.25, 0.25, 0.25]);
  });
});

describe("exponentialDecay", () => {
  it("multiplies by the factor over every so many steps, evenly", () => {
    const drawn = fc.record({
      from: rate,
      factor: fc.double({ min: 0.1, max: 1.5, noNaN: true }),
      steps: length,
    });
    forAll(drawn, 100, (options) => {
      const schedule = exponentialDecay(options);
      const { from, factor, steps } = options;
      expect(schedule(0)).toBe(from);
      expectClose(schedule(steps), from * factor);
      expectClose(schedule(3 * steps), from * factor ** 3);
      expectClose(schedule(2) * schedule(0), schedule(1) ** 2);
    });
  });

  it("as a staircase stays until the next multiple", () => {
    const schedule = exponentialDecay({ from: 1, factor: 0.5, steps: 10, staircase: true });
    expect(at(schedule, 0, 9, 10, 19, 20)).toEqual([1, 1, 0.5, 0.5, 0.25]);
  });
});

describe("cosineDecay", () => {
  it("goes from the first to the last rate, through their mean half way, and stays", () => {
    forAll(fc.record({ from: rate, to: rate, steps: length }), 100, ({ from, to, steps }) => {
      const schedule = cosineDecay({ from, to, steps: 2 * steps });
      expectClose(schedule(0), from);
      expect(schedule(steps)).toBeCloseTo((from + to) / 2, 12);
      expect(at(schedule, 2 * steps, 2 * steps + 1, 1e9)).toEqual([to, to, to]);
    });
    expect(cosineDecay({ from: 1, steps: 4 })(4)).toBe(0);
  });

  it("falls slowest at both ends", () => {
    const schedule = cosineDecay({ from: 1, steps: 100 });
    const falls = Array.from({ length: 100 }, (_, step) => schedule(step) - schedule(step + 1));
    expect(falls.every((fall) => fall > 0)).toBe(true);
    expect(falls.indexOf(Math.max(...falls))).toBeGreaterThan(45);
    expect(falls.indexOf(Math.max(...falls))).toBeLessThan(55);
  });
});

describe("linearWarmup", () => {
  it("rises in a straight line to where the next schedule begins, then is that schedule", () => {
    forAll(fc.record({ from: rate, peak: rate, steps: length }), 100, ({ from, peak, steps }) => {
      const next = cosineDecay({ from: peak, steps: 50 });
      const schedule = linearWarmup({ from, steps: 2 * steps, next });
      expect(schedule(0)).toBe(from);
      expect(schedule(steps)).toBeCloseTo((from + next(0)) / 2, 14);
      for (const step of [0, 1, 25, 50, 99]) expect(schedule(2 * steps + step)).toBe(next(step));
    });
  });

  it("rises from 0 to a number", () => {
    expect(at(linearWarmup({ steps: 4, next: 1 }), 0, 1, 2, 3, 4, 5)).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
  });
});

describe("piecewise", () => {
  it("changes at its boundaries", () => {
    const schedule = piecewise({ boundaries: [2, 3], rates: [0.3, 0.2, 0.1] });
    expect(at(schedule, 0, 1, 2, 3, 4)).toEqual([0.3, 0.3, 0.2, 0.1, 0.1]);
    expect(piecewise({ boundaries: [], rates: [0.5] })(7)).toBe(0.5);
  });

  it("counts the steps of a schedule from its own beginning", () => {
    const later = exponentialDecay({ from: 1, factor: 0.5, steps: 1 });
    expect(at(piecewise({ boundaries: [3], rates: [2, later] }), 2, 3, 4, 5)).toEqual([2, 1, 0.5, 0.25]);
  });

  it("with a straight rise is a warm-up", () => {
    const next = cosineDecay({ from: 0.5, steps: 20 });
    const joined = piecewise({ boundaries: [5], rates: [(step) => (0.5 * step) / 5, next] });
    const warm = linearWarmup({ steps: 5, next });
    for (let step = 0; step < 30; step++) expect(joined(step)).toBeCloseTo(warm(step), 15);
  });
});

describe("oneCycle", () => {
  it("agrees with PyTorch's OneCycleLR", () => {
    // OneCycleLR(max_lr=0.1, total_steps=10), from its formulas: the rise ends at step 2, the descent at step 9.
    const schedule = oneCycle({ peak: 0.1, steps: 10 });
    const anneal = (start: number, end: number, share: number) =>
      end + ((start - end) / 2) * (Math.cos(Math.PI * share) + 1);
    const rise = [0, 1 / 2].map((share) => anneal(0.004, 0.1, share));
    const descent = [0, 1, 2, 3, 4, 5, 6, 7].map((step) => anneal(0.1, 4e-7, step / 7));
    [...rise, ...descent].forEach((want, step) => expect(schedule(step)).toBeCloseTo(want, 15));
  });

  it("begins, peaks and ends where it is told, and stays", () => {
    const options = { peak: 1, steps: 101, warmup: 0.5, from: 0.25, to: 0.125 };
    const schedule = oneCycle(options);
    expect(at(schedule, 0, 100, 101, 1e6)).toEqual([0.25, 0.125, 0.125, 0.125]);
    const values = Array.from({ length: 101 }, (_, step) => schedule(step));
    expect(Math.max(...values)).toBeCloseTo(1, 3);
    expect(at(oneCycle({ peak: 1, steps: 2, warmup: 0, to: 0 }), 0, 1, 2)).toEqual([1, 0, 0]);
  });
});

describe("a schedule", () => {
  it("is asked for step 0, 1, 2, … by its optimizer", () => {
    const asked: number[] = [];
    const optimizer = sgd({ learningRate: (step) => asked.push(step) });
    let params = tensor([0]);
    let state = optimizer.init(params);
    for (let i = 0; i < 3; i++) [params, state] = optimizer.update(tensor([1]), state, params);
    expect(asked).toEqual([0, 1, 2]);
    expect([...params.data]).toEqual([-6]);
  });

  it.each<[start: string, call: () => unknown, kind?: ErrorConstructor]>([
    ["constant: rate must be ≥ 0", () => constant(-1)],
    ["exponentialDecay: from must be ≥ 0", () => exponentialDecay({ from: -1, factor: 1, steps: 1 })],
    ["exponentialDecay: factor must be > 0", () => exponentialDecay({ from: 1, factor: 0, steps: 1 })],
    ["exponentialDecay: steps must be", () => exponentialDecay({ from: 1, factor: 1, steps: 0 })],
    ["exponentialDecay: options", () => exponentialDecay({ form: 1 } as never), TypeError],
    ["cosineDecay: to must be ≥ 0", () => cosineDecay({ from: 1, to: -1, steps: 10 })],
    ["cosineDecay: steps must be", () => cosineDecay({ from: 1, steps: 1.5 })],
    ["linearWarmup: steps must be", () => linearWarmup({ steps: 0, next: 1 })],
    ["linearWarmup: next must be", () => linearWarmup({ steps: 1 } as never), TypeError],
    ["linearWarmup: next must be ≥ 0", () => linearWarmup({ steps: 1, next: -1 })],
    ["piecewise: boundaries[1] must be", () => piecewise({ boundaries: [5, 5], rates: [1, 2, 3] })],
    ["piecewise: rates.length must be", () => piecewise({ boundaries: [5], rates: [1] })],
    ["piecewise: rates[1] must be ≥ 0", () => piecewise({ boundaries: [5], rates: [1, -1] })],
    ["piecewise: boundaries must be an", () => piecewise({ boundaries: 5, rates: [] } as never), TypeError],
    ["oneCycle: peak must be ≥ 0", () => oneCycle({ peak: -1, steps: 10 })],
    ["oneCycle: warmup must be below 1", () => oneCycle({ peak: 1, steps: 10, warmup: 1 })],
    ["oneCycle: steps must be", () => oneCycle({ peak: 1, steps: 1 })],
  ])("is refused: %s", (start, call, kind = RangeError) => {
    expectRefused(call, kind, start);
  });
});
