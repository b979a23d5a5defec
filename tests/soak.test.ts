// Twenty thousand mixed calls: neither the WASM memory nor the process grows.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ops, runtimeInfo, scope, type Tensor, tensor, vjp } from "../src/index.js";
import { seededFloats, seededStream } from "./support/seeded.js";

const CALLS = 20_000;
const WARM_UP = 4_000;
/** What live objects may gain by compiling and caching, measured 0.1 MB; a leak of 256 bytes per call makes 4 MB. */
const LIVE_GROWTH = 2 * 2 ** 20;
/** What the process may gain: V8's young generation alone grows by 16 MB at a time. */
const RESIDENT_GROWTH = 40 * 2 ** 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes once garbage is gone: of live objects and arrays, and of the process. */
function bytesHeld(): { live: number; resident: number } {
  for (let i = 0; i < 5; i++) collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { live: heapUsed + external, resident: rss };
}

const next = seededStream(20);
const upTo = (most: number) => 1 + Math.floor(next() * most);
const random = (...shape: number[]) =>
  tensor(
    seededFloats(
      Math.floor(next() * 2 ** 31),
      shape.reduce((product, size) => product * size, 1),
    ),
    shape,
  );

/** One call each, or a few in a scope; every one makes new tensors of new shapes. */
const CALLS_OF_EVERY_KIND: readonly (() => unknown)[] = [
  () => ops.add(random(upTo(9), upTo(30)), 1),
  () => ops.mul(random(upTo(9), 1, 5), random(upTo(7), 5)),
  () => ops.gelu(random(upTo(2000))),
  () => ops.softmax(random(upTo(20), upTo(30))),
  () => ops.sum(random(upTo(9), upTo(9), upTo(9)), { axis: 1 }),
  () => ops.transpose(random(upTo(9), upTo(9), upTo(9)), [2, 0, 1]),
  () => ops.concat([random(upTo(9), 3), random(upTo(9), 3)]),
  () => ops.slice(random(upTo(9), 4), 0, 1),
  () => ops.maxPool2d(random(1, 4 + upTo(9), 4 + upTo(9), upTo(4)), 2),
  () => ops.upsampleNearest(random(1, upTo(8), upTo(8), upTo(4)), 2),
  () => {
    const k = upTo(40);
    return ops.matmul(random(upTo(40), k), random(k, upTo(40)), { activation: "relu" });
  },
  () => {
    const channels = upTo(6);
    const filter = random(3, 3, channels, upTo(6));
    return ops.conv2d(random(upTo(2), 3 + upTo(9), 3 + upTo(9), channels), filter, {
      stride: upTo(2),
      padding: "same",
    });
  },
  () => {
    const channels = upTo(5);
    const filter = random(3, 3, upTo(5), channels);
    return ops.conv2dTranspose(random(1, upTo(7), upTo(7), channels), filter, { stride: 2, padding: "same" });
  },
  () => scope(() => ({ kept: ops.square(ops.tanh(random(upTo(3000)))), size: upTo(3) })),
  () => {
    const [batch, features] = [upTo(9), upTo(20)];
    const params = { w: random(features, 4), b: random(4) };
    const f = (p: { w: Tensor; b: Tensor }, x: Tensor) =>
      ops.mean(ops.square(ops.dense(x, p.w, { bias: p.b })));
    return vjp(f)(tensor(1), params, random(batch, features));
  },
  () => {
    try {
      return scope(() => ops.matmul(ops.relu(random(upTo(20), 3)), random(4, 4)));
    } catch (error) {
      return (error as Error).message;
    }
  },
];

function runCalls(count: number): void {
  for (let i = 0; i < count; i++) {
    const call = CALLS_OF_EVERY_KIND[Math.floor(next() * CALLS_OF_EVERY_KIND.length)]!;
    call();
  }
}

describe("20,000 mixed calls of random shapes", () => {
  it("leave the WASM memory and the process as large as after a warm-up", () => {
    runCalls(WARM_UP);
    const { reserved } = runtimeInfo().memory;
    const before = bytesHeld();
    runCalls(CALLS - WARM_UP);
    const after = bytesHeld();
    const { memory } = runtimeInfo();
    expect(memory.used).toBe(0);
    expect(memory.reserved).toBe(reserved);
    expect(after.live - before.live).toBeLessThan(LIVE_GROWTH);
    expect(after.resident - before.resident).toBeLessThan(RESIDENT_GROWTH);
  });
});
