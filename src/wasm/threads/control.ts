// The control block: the words by which the threads of a team agree on who does what. It is a shared buffer of its
// own, so that nothing else is ever written where a late worker still looks. Words that several threads change while
// others poll them have a cache line each.

const LINE = 16;

/** Where each 32-bit word stands; `length` is the block's. */
export const WORDS = {
  /** Odd while a job is open, even between jobs, negative when the team has ended; another one for every job. */
  phase: 0,
  /** The next grain that nobody has taken. */
  next: LINE,
  /** Workers that have entered the open job and not left it. */
  inside: 2 * LINE,
  /** Workers that sleep. */
  parked: 3 * LINE,
  /** Workers that have begun to work for the team. */
  ready: 4 * LINE,
  /** 1 while the main thread sleeps until nobody is inside. */
  waiting: 4 * LINE + 1,
  /** 1 when a kernel has failed on a worker. */
  failed: 4 * LINE + 2,
  kernel: 5 * LINE,
  count: 5 * LINE + 1,
  grain: 5 * LINE + 2,
  length: 6 * LINE,
} as const;

/** The phase of a team that has ended. */
export const ENDED = -1;

/** The phase after an odd one or an even one; after 2³⁰ jobs they begin anew. */
export const phaseAfter = (phase: number): number => (phase + 1) & 0x7fffffff;
