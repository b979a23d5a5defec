// Laws of the progress line: always one line, never wider than the screen, and honest about what is left.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProgressLine, showLoss, showNumber, showSeconds } from "../../src/cli/progress.js";
import type { EpochRecord, StepRecord } from "../../src/training/history.js";

const CLEAR = "\u001B[K";

const record = (epoch: number): StepRecord =>
  ({
    step: 0,
    epoch,
    examples: 10,
    loss: 231.24,
    terms: { reconstruction: 210.1, kl: 21.14 },
    gradientNorm: 1,
    imagesPerSecond: 1234.4,
  }) as StepRecord;

const epochRecord = (epoch: number, more: Partial<EpochRecord> = {}): EpochRecord => ({
  epoch,
  steps: 10,
  training: { loss: 12, terms: { reconstruction: 12 } },
  imagesPerSecond: 99.6,
  warnings: [],
  ...more,
});

/** A screen that keeps what is written. */
function shown(kind: { columns?: number; isTTY?: boolean } = { columns: 200, isTTY: true }) {
  const written: string[] = [];
  return { written, screen: { ...kind, write: (text: string) => written.push(text) } };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** Shows all steps of some epochs, each of which takes a second, from a given batch on. */
function show(line: ProgressLine, epochs: number, batchCount: number, from = 0): void {
  for (let done = from; done < epochs * batchCount; done++) {
    vi.advanceTimersByTime(1000);
    const [epoch, batch] = [Math.floor(done / batchCount), (done % batchCount) + 1];
    line.step(record(epoch), { batch, batchCount, epochs, steps: Infinity });
  }
}

/** What stands on each line: filled and empty parts of the bar, percent, and what is left. */
const read = (text: string) => {
  const [, bar, percent, left] = /([━─]*) (\d+) %.*?(\S+(?: s| min \d+ s)) left/.exec(text)!;
  return { filled: bar!.split("━").length - 1, length: bar!.length, percent: Number(percent), left };
};

describe("on a terminal", () => {
  it("is one line, written again and again", () => {
    const { written, screen } = shown();
    show(new ProgressLine(screen), 2, 3);
    expect(written).toHaveLength(6);
    for (const text of written) {
      expect([text[0], text.slice(-CLEAR.length)]).toEqual(["\r", CLEAR]);
      expect(text.slice(1)).not.toMatch(/[\r\n]/);
    }
    expect(written[3]).toBe(
      `\repoch 2/2  ${"━".repeat(13)}${"─".repeat(7)} 66 %  1234/s  2.0 s left  ` +
        `loss 231.2  reconstruction 210.1  kl 21.14${CLEAR}`,
    );
  });

  it("is cut to the width, and to 80 characters where that is not known", () => {
    for (const columns of [1, 10, 40, 80, 120]) {
      const { written, screen } = shown({ columns, isTTY: true });
      show(new ProgressLine(screen), 1, 4);
      for (const text of written) expect(text.length - 1 - CLEAR.length).toBeLessThan(columns);
    }
    for (const width of [{ columns: 0 }, {}]) {
      const { written, screen } = shown({ ...width, isTTY: true });
      show(new ProgressLine(screen), 1, 4);
      expect(written[0]!.length - 1 - CLEAR.length).toBe(79);
    }
  });

  it("has a bar that fills without ever falling back, to its end", () => {
    const { written, screen } = shown();
    show(new ProgressLine(screen), 5, 7);
    const lines = written.map(read);
    expect(new Set(lines.map(({ length }) => length))).toEqual(new Set([20]));
    lines.slice(1).forEach(({ filled, percent }, i) => {
      expect(filled).toBeGreaterThanOrEqual(lines[i]!.filled);
      expect(percent).toBeGreaterThanOrEqual(lines[i]!.percent);
    });
    expect(lines.at(-1)).toMatchObject({ filled: 20, percent: 100, left: "0.0 s" });
    expect(lines[0]).toMatchObject({ filled: 1, percent: 2 });
  });

  it("tells the time that is left from the pace so far", () => {
    const { written, screen } = shown();
    show(new ProgressLine(screen), 20, 5);
    expect(written.map((text) => read(text).left)).toEqual(
      Array.from({ length: 100 }, (_, i) => showSeconds(99 - i)),
    );
  });

  it("counts from where a resumed training began", () => {
    const { written, screen } = shown();
    show(new ProgressLine(screen), 20, 5, 87);
    const lines = written.map(read);
    expect(lines.map(({ left }) => left)).toEqual(Array.from({ length: 13 }, (_, i) => showSeconds(12 - i)));
    expect(lines[0]!.percent).toBe(88);
  });

  it("gives way to a line for each epoch, with validation, and to warnings at the end", () => {
    const { written, screen } = shown();
    const line = new ProgressLine(screen);
    const validation = { loss: 13, terms: { reconstruction: 9, kl: 4 } };
    show(line, 1, 1);
    line.epoch(epochRecord(0, { warnings: ["not yet"], validation }), 2);
    expect(written.slice(1)).toEqual([
      `\r${CLEAR}`,
      "epoch 1/2  100/s  loss 12.00  validation: loss 13.00  reconstruction 9.00  kl 4.00\n",
    ]);
    line.epoch(epochRecord(1, { warnings: ["latents", "loss"] }), 2);
    expect(written.slice(3)).toEqual([
      `\r${CLEAR}`,
      "epoch 2/2  100/s  loss 12.00\n",
      "warning: latents\n",
      "warning: loss\n",
    ]);
    line.clear();
    expect(written.at(-1)).toBe(`\r${CLEAR}`);
  });

  it("takes data whose length is not known", () => {
    const { written, screen } = shown();
    const progress = { batch: 3, batchCount: undefined, epochs: 4, steps: Infinity };
    new ProgressLine(screen).step(record(0), progress);
    expect(written[0]).toContain(" 25 %");
  });
});

describe("elsewhere", () => {
  it("is a plain line per epoch, and warnings at the end", () => {
    for (const kind of [{ isTTY: false }, {}]) {
      const { written, screen } = shown(kind);
      const line = new ProgressLine(screen);
      show(line, 1, 2);
      const validation = { loss: 13, terms: { reconstruction: 9, kl: 4 } };
      line.epoch(epochRecord(0, { warnings: ["too early"] }), 2);
      line.epoch(epochRecord(1, { validation, warnings: ["late"] }), 2);
      line.clear();
      expect(written).toEqual([
        "epoch 1/2  100/s  loss 12.00\n",
        "epoch 2/2  100/s  loss 12.00  validation: loss 13.00  reconstruction 9.00  kl 4.00\n",
        "warning: late\n",
      ]);
    }
  });
});

describe("words", () => {
  it.each([
    [0, "0.0 s"],
    [3.24, "3.2 s"],
    [9.94, "9.9 s"],
    [9.97, "10 s"],
    [59.4, "59 s"],
    [59.7, "1 min 0 s"],
    [119.6, "2 min 0 s"],
    [250, "4 min 10 s"],
    [3599.8, "1 h 0 min"],
    [7505, "2 h 5 min"],
  ])("of %d seconds are %s", (seconds, words) => {
    expect(showSeconds(seconds)).toBe(words);
  });

  it.each([
    [0, "0.0000"],
    [0.00123, "1.23e-3"],
    [-0.5, "-0.5000"],
    [1, "1.00"],
    [-37.68, "-37.68"],
    [231.24, "231.2"],
    [999999999, "999999999.0"],
    [2.343874566905072e31, "2.344e+31"],
    [-1e9, "-1.000e+9"],
    [Infinity, "Infinity"],
    [NaN, "NaN"],
  ])("of the number %d are %s", (value, words) => {
    expect(showNumber(value)).toBe(words);
  });

  it("of a loss say how much KL weighs in it, where that is not 1", () => {
    const terms = { reconstruction: 2, kl: 1 };
    expect(showLoss({ loss: 22, terms, beta: 20 })).toBe("loss 22.00  reconstruction 2.00  kl 1.00  β 20.00");
    expect(showLoss({ loss: 2, terms, beta: 0 })).toBe("loss 2.00  reconstruction 2.00  kl 1.00  β 0.0000");
    for (const beta of [undefined, 1, 1.0001]) {
      expect(showLoss({ loss: 3, terms, beta })).toBe("loss 3.00  reconstruction 2.00  kl 1.00");
    }
    const { written, screen } = shown({});
    const [training, validation] = [4, 2].map((beta) => ({ loss: 6, terms, beta }));
    new ProgressLine(screen).epoch(epochRecord(0, { training: training!, validation: validation! }), 2);
    expect(written[0]).toMatch(/loss 6.00 .* β 4.00 {2}validation: loss 6.00 .* β 2.00\n$/);
  });

  it("of a loss of one term say it once", () => {
    expect(showLoss({ loss: 2, terms: { reconstruction: 2 } })).toBe("loss 2.00");
    expect(showLoss({ loss: 3, terms: { reconstruction: 2, kl: 1 } })).toBe(
      "loss 3.00  reconstruction 2.00  kl 1.00",
    );
  });
});
