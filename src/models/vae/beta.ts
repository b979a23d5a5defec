// The weight of a VAE's KL term: a number, or a function of the step, with the value that it ends at where that is said.

import { checkFunction, checkNumber, checkOptions, refuseKind } from "../../check/check.js";
import type { Schedule } from "../../optimizers/schedule.js";

/** A weight that changes with the step. */
export interface BetaSchedule {
  /** The weight at a step, counted from 0; asked only at steps that are trained. */
  readonly schedule: Schedule;
  /** What training is for: the weight that epochs are compared by and that files keep. */
  readonly final?: number;
}

/** The weight of the KL term, as {@link vae} takes it. */
export type Beta = number | Schedule | BetaSchedule;

/** The checked weight; what its schedule gives is checked whenever it is asked. */
export function checkedBeta(where: string, beta: unknown, argument = "beta"): number | BetaSchedule {
  if (typeof beta === "function") return { schedule: checkedSchedule(where, argument, beta as Schedule) };
  if (typeof beta !== "object" || beta === null) {
    if (typeof beta !== "number") {
      refuseKind(where, argument, "be a number, a function of the step, or { schedule, final }", beta);
    }
    checkNumber(where, argument, beta, 0);
    return beta;
  }
  checkOptions(`${where}.${argument}`, beta, ["schedule", "final"]);
  const { schedule, final } = beta as BetaSchedule;
  checkFunction(where, `${argument}.schedule`, schedule);
  if (final !== undefined) checkNumber(where, `${argument}.final`, final, 0);
  return { schedule: checkedSchedule(where, argument, schedule), ...(final !== undefined && { final }) };
}

function checkedSchedule(where: string, argument: string, schedule: Schedule): Schedule {
  return (step) => {
    const value: unknown = schedule(step);
    checkNumber(where, `${argument}(${step})`, value, 0);
    return value;
  };
}

/** The weight at a step. */
export function betaAt(beta: number | BetaSchedule, step: number): number {
  return typeof beta === "number" ? beta : beta.schedule(step);
}
