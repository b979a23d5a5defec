// Learning rates: numbers, or functions of the step.

import { checkNumber, refuseKind } from "../check/check.js";

/** A learning rate for every step; the first is step 0. */
export type Schedule = (step: number) => number;

/** A checked rate as a schedule; a number is one that never changes. */
export function asSchedule(where: string, argument: string, rate: unknown): Schedule {
  if (typeof rate === "function") return rate as Schedule;
  if (typeof rate !== "number") refuseKind(where, argument, "be a number or a schedule", rate);
  checkNumber(where, argument, rate, 0);
  return () => rate;
}
