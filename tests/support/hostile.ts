// What every reader of files has in common under attack: whatever the bytes, a result or a refusal in the house form.

import * as fc from "fast-check";
import { expect } from "vitest";

type Read = (bytes: Uint8Array) => unknown;

const REFUSAL = /^[a-zA-Z0-9]+: \S.* must .+, got .+$/s;

/** What an error shows may hold only the beginning of a stranger's text. */
const LONGEST_MESSAGE = 1000;

/** Runs a reader; it may refuse, and then only with a RangeError in the form of all refusals. */
export async function expectResultOrRefusal(read: Read, bytes: Uint8Array): Promise<void> {
  try {
    await read(bytes);
  } catch (error) {
    if (!(error instanceof RangeError && REFUSAL.test(error.message))) throw error;
    expect(error.message.length).toBeLessThan(LONGEST_MESSAGE);
  }
}

/** Tries a file with each byte changed in turn, to each of some values, and cut at each length. */
export async function expectToWithstandCorruption(
  read: Read,
  file: Uint8Array,
  changes: readonly number[],
): Promise<void> {
  for (let i = 0; i < file.length; i++) {
    for (const change of changes) {
      const corrupted = file.slice();
      corrupted[i] = corrupted[i]! ^ change;
      await expectResultOrRefusal(read, corrupted);
    }
    await expect(async () => read(file.slice(0, i)), `cut at ${i}`).rejects.toThrow(REFUSAL);
  }
}

/** Tries random bytes, alone and behind the beginning of a good file, and good files cut up and put together. */
export async function expectToWithstandNoise(read: Read, file: Uint8Array, numRuns = 500): Promise<void> {
  const place = fc.integer({ min: 0, max: file.length });
  await fc.assert(
    fc.asyncProperty(place, place, fc.uint8Array({ maxLength: 200 }), async (end, start, noise) => {
      await expectResultOrRefusal(read, noise);
      await expectResultOrRefusal(
        read,
        Uint8Array.from([...file.slice(0, end), ...noise, ...file.slice(start)]),
      );
    }),
    { numRuns },
  );
}

/** Every change of one byte. */
export const ALL_CHANGES = Array.from({ length: 255 }, (_, i) => i + 1);
