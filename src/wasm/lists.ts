// Writes lists into a job.

import { integers } from "./runtime.js";

/** Writes lists of integers one behind the other, from word `free` of the job on, and their addresses into its `places`. */
export function writeLists(
  job: number,
  free: number,
  places: readonly number[],
  lists: readonly (readonly number[])[],
): void {
  let at = job + free;
  lists.forEach((list, i) => {
    integers[job + places[i]] = at * 4;
    integers.set(list, at);
    at += list.length;
  });
}
