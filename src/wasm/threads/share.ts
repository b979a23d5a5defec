// How a team shares a job. The thread that the library runs on opens the job, takes grains like everybody else, closes
// it when none is left, and goes on when nobody is inside. Who takes which grain makes no difference to any bit: see
// run.ts.

import { refuseUse } from "../../check/check.js";
import { currentRuntime } from "../runtime.js";
import { phaseAfter, WORDS } from "./control.js";
import { giveUp, recruit, type Team, team } from "./team.js";

/** Milliseconds that a job of several grains has taken when workers are started for the next one. */
const WORTH_STARTING = 0.1;
/** How often the main thread looks whether the others have finished before it lets another program run. */
const POLLS = 1 << 14;
/** Milliseconds of one rest, and how many rests without an end mean that a worker has died inside. */
const REST = 100;
/** As many looks take about as long, for threads that may not sleep. */
const POLLS_OF_REST = 1e7;
const MOST_RESTS = 300;

/** Milliseconds of any clock. */
const now = (): number => (typeof performance === "undefined" ? Date.now() : performance.now());

/** Runs all grains of the job that lies in memory, in order and on this thread. */
export function runInOrder(kernel: number, count: number, grain: number): void {
  const { entries, job, scratch } = currentRuntime();
  const entry = entries[kernel];
  for (let first = 0; first < count; first += grain) {
    entry(job, first, Math.min(grain, count - first), scratch);
  }
}

/** Runs all grains of the job that lies in memory, on as many threads as are ready. */
export function runShared(kernel: number, count: number, grain: number): void {
  if (count <= grain || team === "none") return runInOrder(kernel, count, grain);
  if (team === undefined) return runAndRecruit(kernel, count, grain);
  if (canHelp(team)) runInTeam(team, kernel, count, grain);
  else runInOrder(kernel, count, grain);
}

/** Workers that are not ready yet are not waited for, and know no binary but the one that they have begun with. */
function canHelp({ module, words, backoff }: Team): boolean {
  if (module !== currentRuntime().module || Atomics.load(words, WORDS.ready) === 0) return false;
  return backoff.mayAsk(now);
}

/** Runs a job alone, and starts workers if that has taken long enough. */
function runAndRecruit(kernel: number, count: number, grain: number): void {
  const begin = now();
  runInOrder(kernel, count, grain);
  if (now() - begin >= WORTH_STARTING) recruit();
}

function runInTeam({ words, backoff }: Team, kernel: number, count: number, grain: number): void {
  const { entries, job, scratch } = currentRuntime();
  const entry = entries[kernel];
  words[WORDS.kernel] = kernel;
  words[WORDS.count] = count;
  words[WORDS.grain] = grain;
  words[WORDS.next] = 0;
  const open = phaseAfter(words[WORDS.phase]);
  Atomics.store(words, WORDS.phase, open);
  if (Atomics.load(words, WORDS.parked) > 0) Atomics.notify(words, WORDS.phase);
  const begin = now();
  let grains = 0;
  let worked = 0;
  try {
    for (; ; grains++) {
      const first = Atomics.add(words, WORDS.next, 1) * grain;
      if (first >= count) break;
      entry(job, first, Math.min(grain, count - first), scratch);
    }
    worked = now() - begin;
  } finally {
    Atomics.store(words, WORDS.phase, phaseAfter(open));
    waitUntilEmpty(words, kernel);
  }
  const end = now();
  backoff.learn(worked, grains, end - begin - worked, end);
  if (Atomics.load(words, WORDS.failed) === 1) {
    giveUp("a kernel failed on a worker");
    const name = nameOf(kernel);
    refuseUse(name, "the kernel must end, and it failed on a worker; from now on there is one thread");
  }
}

const nameOf = (kernel: number): string =>
  WebAssembly.Module.exports(currentRuntime().module as WebAssembly.Module)[kernel].name;

/** Waits until nobody is inside the job, which is closed. */
function waitUntilEmpty(words: Int32Array, kernel: number): void {
  for (let polls = 0; polls < POLLS; polls++) if (Atomics.load(words, WORDS.inside) === 0) return;
  for (let rests = 0; Atomics.load(words, WORDS.inside) !== 0; rests++) {
    if (rests === MOST_RESTS) {
      // It may still write to its scratch, which therefore is nobody's from now on.
      if (typeof team === "object") team.scratch = [];
      giveUp("a worker died");
      const seconds = (REST * MOST_RESTS) / 1000;
      refuseUse(nameOf(kernel), `the kernel must end, and its worker has not answered for ${seconds} s`);
    }
    rest(words);
  }
}

/** Sleeps until nobody is inside, a while at most; polls for that while where this thread may not sleep, as in pages. */
function rest(words: Int32Array): void {
  try {
    Atomics.store(words, WORDS.waiting, 1);
    const inside = Atomics.load(words, WORDS.inside);
    if (inside !== 0) Atomics.wait(words, WORDS.inside, inside, REST);
  } catch {
    for (let polls = 0; polls < POLLS_OF_REST; polls++) if (Atomics.load(words, WORDS.inside) === 0) return;
  } finally {
    Atomics.store(words, WORDS.waiting, 0);
  }
}
