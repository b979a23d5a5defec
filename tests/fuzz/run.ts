// Random calls over all of the library: `npm run fuzz [count] [seed]`. Prints the calls that show a fault.

import { openSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fault, fuzz } from "./calls.js";

const [count = 1e6, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
/** Holds the call that is running, for when it takes the process down. */
const running = join(tmpdir(), `reparam-fuzz-${process.pid}.txt`);
const file = openSync(running, "w");
console.log(`${count} calls from seed ${seed}; the running one stands in ${running}`);
const faults: Fault[] = [];
/** How often a fault was seen, by its words and the first place in the library. */
const seen = new Map<string, number>();
const start = performance.now();
await fuzz(
  seed,
  count,
  (fault) => {
    faults.push(fault);
    const place = /\/src\/\S+:\d+/.exec(fault.fault)?.[0] ?? "";
    const kind = place === "" ? fault.fault.slice(0, 40) : place;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    if (seen.get(kind) === 1) console.log(`${fault.call}\n  ${fault.fault.slice(0, 600)}\n`);
  },
  (code) => writeSync(file, `${code}\n`.padEnd(1000), 0),
);
for (const [kind, times] of seen) console.log(`${times} × ${kind}`);
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(
  `${faults.length} faults in ${count} calls, ${seconds} s, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`,
);
process.exitCode = faults.length > 0 ? 1 : 0;
