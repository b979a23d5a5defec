// Progress that can be seen: a line per epoch; on a terminal, below these, a line for the step at hand that is rewritten.

import type { Progress } from "../training/fitOptions.js";
import type { EpochRecord, StepRecord } from "../training/history.js";

/** Where progress goes: standard error, or what a test gives. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** `3.2 s`, `4 min 10 s`, `2 h 5 min`. */
export function showSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number in about four digits. */
export function showNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && magnitude < 0.01) return value.toExponential(2);
  if (magnitude >= 1e9 && magnitude < Infinity) return value.toExponential(3);
  return value.toFixed(magnitude >= 100 ? 1 : magnitude >= 1 ? 2 : 4);
}

/** A loss with its terms, and the weight that KL has in it. */
export interface Weighted extends Pick<StepRecord, "loss" | "terms"> {
  readonly beta?: number | undefined;
}

/**
 * `loss 231.2  reconstruction 210.1  kl 21.1`; a loss of one term is said once. Where the terms do not simply add up to
 * the loss, `β 4.00` says how much KL weighs.
 */
export function showLoss({ loss, terms, beta = 1 }: Weighted): string {
  const names = Object.keys(terms);
  const parts = names.length > 1 ? names.map((name) => `${name} ${showNumber(terms[name])}`) : [];
  const weight = showNumber(beta) === showNumber(1) ? [] : [`β ${showNumber(beta)}`];
  return [`loss ${showNumber(loss)}`, ...parts, ...weight].join("  ");
}

const BAR = 20;

/** Follows a training on a screen. */
export class ProgressLine {
  private readonly start = performance.now();
  private doneAtStart: number | undefined;

  constructor(private readonly screen: Screen) {}

  /** After a step. */
  step(record: StepRecord, { batch, batchCount = batch, epochs }: Progress): void {
    if (this.screen.isTTY !== true) return;
    const done = record.epoch + batch / batchCount;
    this.doneAtStart ??= done - 1 / batchCount;
    const share = done / epochs;
    const seconds = (performance.now() - this.start) / 1000;
    const left = (seconds * (epochs - done)) / (done - this.doneAtStart);
    const filled = Math.round(BAR * share);
    const line = [
      `epoch ${record.epoch + 1}/${epochs}`,
      `${"━".repeat(filled)}${"─".repeat(BAR - filled)} ${Math.floor(100 * share)} %`,
      `${Math.round(record.imagesPerSecond)}/s`,
      `${showSeconds(left)} left`,
      showLoss(record),
    ].join("  ");
    // Cut to the width: a line that wraps could not be rewritten. Some terminals say that theirs is 0.
    this.screen.write(`\r${line.slice(0, (this.screen.columns || 80) - 1)}\u001B[K`);
  }

  /** After an epoch. */
  epoch(record: EpochRecord, epochs: number): void {
    const validation = record.validation ? `  validation: ${showLoss(record.validation)}` : "";
    const rate = `${Math.round(record.imagesPerSecond)}/s`;
    const line = `epoch ${record.epoch + 1}/${epochs}  ${rate}  ${showLoss(record.training)}${validation}`;
    const warnings = record.epoch + 1 === epochs ? record.warnings : [];
    this.clear();
    for (const text of [line, ...warnings.map((warning) => `warning: ${warning}`)]) {
      this.screen.write(`${text}\n`);
    }
  }

  /** Removes the line. */
  clear(): void {
    if (this.screen.isTTY === true) this.screen.write("\r\u001B[K");
  }
}
