// Checks a history from outside: reports are made from files too, which anyone may have changed.

import { refuseKind } from "../check/check.js";
import { isObject } from "../tensor/tree.js";

/** NaN and infinity have become null where a history was kept as JSON. */
const isNumber = (value: unknown) => typeof value === "number" || value === null;

/** Whether something has a loss, and the terms of the given names, if these are known. */
function isAverages(value: unknown, names: readonly string[] | undefined): boolean {
  if (!isObject(value) || !isNumber(value["loss"]) || !isObject(value["terms"])) return false;
  const { terms } = value;
  const own = Object.keys(terms);
  const isSame = names === undefined || (own.length === names.length && names.every((n) => own.includes(n)));
  return isSame && own.every((name) => isNumber(terms[name]));
}

/** Checks that a history is as training gives it. */
export function checkHistory(where: string, history: unknown): void {
  const { steps, epochs } = (isObject(history) ? history : {}) as { steps?: unknown; epochs?: unknown };
  if (!Array.isArray(steps) || !Array.isArray(epochs)) {
    return refuseKind(where, "history", "be { steps, epochs }, as fit gives it", history);
  }
  const [first] = steps as { terms?: unknown }[];
  const names = isObject(first?.terms) ? Object.keys(first.terms) : undefined;
  const isPlace = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  steps.forEach((step: unknown, i) => {
    if (isAverages(step, names) && isPlace((step as { epoch?: unknown }).epoch)) return;
    refuseKind(where, `history.steps[${i}]`, "be a step with epoch, loss and terms, as fit gives it", step);
  });
  epochs.forEach((epoch: unknown, i) => {
    const {
      epoch: place,
      steps: count,
      validation,
    } = (isObject(epoch) ? epoch : {}) as Record<string, unknown>;
    const isValid = validation === undefined || isAverages(validation, names);
    if (isPlace(place) && isPlace(count) && isValid) return;
    refuseKind(where, `history.epochs[${i}]`, "be an epoch with epoch and steps, as fit gives it", epoch);
  });
}
