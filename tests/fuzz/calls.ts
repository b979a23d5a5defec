// Random calls: good ones, changed in places, each run with its time, its memory and its words watched.

import { configure, DivergenceError, ops, runtimeInfo, Tensor, tensor } from "../../src/index.js";
import { isRefusal, withAllowance } from "../../src/check.js";
import { HOLDING, RECIPES, SLOW } from "./recipes.js";
import { evaluate, HOSTILE, HostileError } from "./values.js";

/** What a fuzz run may take: seconds of one call, elements of one call's shapes, bytes of the heap. */
const LIMITS = { seconds: 10, elements: 2 ** 22, memory: 2 ** 28 };
/** Most characters of a refusal. */
const LONGEST_MESSAGE = 2000;

/** A fault that a call has shown, with the call as code. */
export interface Fault {
  readonly call: string;
  readonly fault: string;
}

/** Random numbers from a seed (mulberry32), so that every run can be repeated. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Random = (below: number) => number;
const oneOf = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

const CALLS = Object.entries(RECIPES).flatMap(([call, variants]) =>
  variants.map((args) => ({ call: call.trim(), args })),
);
const QUICK = CALLS.filter(({ call }) => !SLOW.test(call));
const ALL_ARGUMENTS = [...new Set(QUICK.flatMap(({ args }) => args))];

/** A place inside a value, as far as plain data goes. */
function placeIn(random: Random, value: unknown): (string | number)[] {
  if (typeof value !== "object" || value === null || value instanceof Tensor || ArrayBuffer.isView(value))
    return [];
  if (Array.isArray(value) && value.length > 1000) return [];
  const names: (string | number)[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  if (names.length === 0) return [];
  const name = oneOf(random, names);
  return [name, ...placeIn(random, (value as Record<string | number, unknown>)[name])].slice(
    0,
    1 + random(4),
  );
}

/** A place inside an argument; none where hostile values forbid to look. */
function pathIn(random: Random, arg: string): (string | number)[] {
  try {
    return placeIn(random, evaluate(arg));
  } catch {
    return [];
  }
}

function mutated(random: Random, args: string[]): string[] {
  const i = random(Math.max(args.length, 1));
  const kind = random(20);
  const hostile = random(4) === 0 ? oneOf(random, ALL_ARGUMENTS) : oneOf(random, HOSTILE);
  if (kind < 8 && args.length > 0) args[i] = hostile;
  else if (kind < 15 && args.length > 0) {
    const path = pathIn(random, args[i]!);
    if (path.length > 0) args[i] = `put(${args[i]}, ${JSON.stringify(path)}, ${hostile})`;
    else args[i] = hostile;
  } else if (kind === 15) args.length = i;
  else if (kind === 16) args.push(hostile);
  else if (kind === 17 && args.length > 1) {
    const j = random(args.length);
    [args[i], args[j]] = [args[j]!, args[i]!];
  } else if (kind === 18 && args.length > 0)
    args[i] = `put(${args[i]}, ["${oneOf(random, ["sride", "x", "constructor", "0"])}"], ${hostile})`;
  return args;
}

/** A random call: one in five as it stands, the others changed in one or two places. */
export function randomCall(random: Random): { readonly call: string; readonly args: readonly string[] } {
  const { call, args } = random(200) === 0 ? oneOf(random, CALLS) : oneOf(random, QUICK);
  let list = [...args];
  const changes = [0, 1, 1, 1, 2][random(5)]!;
  for (let i = 0; i < changes; i++) list = mutated(random, list);
  return { call, args: list };
}

const isAllowed = (error: unknown): boolean =>
  isRefusal(error) ||
  error instanceof DivergenceError ||
  error instanceof HostileError ||
  // The engine's own words where a caller's proxy was revoked.
  (error instanceof TypeError && error.message.includes("revoked"));

/** What is wrong with a result, if anything: every tensor in it has the values that its shape tells of. */
function wrongIn(value: unknown, depth = 0): string | undefined {
  if (value instanceof Tensor) {
    if (value.storage === undefined) return undefined;
    const product = value.shape.reduce((all, size) => all * size, 1);
    if (value.size !== product) return `a tensor of shape [${value.shape.join()}] and size ${value.size}`;
    const isReadable = !value.storage.isReleased && !value.storage.isTransferred;
    if (isReadable && value.data.length !== product) return `a tensor with ${value.data.length} values`;
    return undefined;
  }
  if (depth > 3 || typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && !Array.isArray(value)) return undefined;
  return Object.entries(Object.getOwnPropertyDescriptors(value))
    .slice(0, 50)
    .map(([, { value: entry }]) => wrongIn(entry, depth + 1))
    .find((wrong) => wrong !== undefined);
}

const resetConfiguration = () => configure({ relaxedSimd: false, maxMemory: LIMITS.memory });

/** What is wrong with the error of a call, if anything. */
function wrongWith(error: unknown): string | undefined {
  if (!isAllowed(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { message } = error as Error;
  if (message.length > LONGEST_MESSAGE)
    return `a message of ${message.length} characters: ${message.slice(0, 200)}`;
  return undefined;
}

/** Runs one call and tells what is wrong with it. */
export async function faultOf(call: string, args: readonly string[]): Promise<string | undefined> {
  const { used } = runtimeInfo().memory;
  const start = performance.now();
  let fault: string | undefined;
  try {
    // What a user evaluates on the way to the call is a call of its own, which may be refused, too.
    const target = evaluate(call) as (...args: unknown[]) => unknown;
    const receiver = /^(.*)\.\w+$/.exec(call)?.[1];
    const values = args.map((arg) => evaluate(arg));
    const owner = receiver === undefined ? undefined : evaluate(receiver);
    const run = () => Reflect.apply(target, owner, values);
    let result = HOLDING.test(call) || SLOW.test(call) ? run() : withAllowance(LIMITS.elements, run);
    if (result instanceof Promise) result = await result;
    fault = wrongIn(result);
    (result as { release?: () => void } | undefined)?.release?.();
  } catch (error) {
    fault = wrongWith(error);
  }
  if (call === "configure" || args.some((arg) => arg.includes("configure"))) resetConfiguration();
  const seconds = (performance.now() - start) / 1000;
  if (seconds > LIMITS.seconds) fault ??= `${seconds.toFixed(1)} seconds`;
  const held = runtimeInfo().memory.used - used;
  if (held > 0 && !HOLDING.test(call)) fault ??= `${held} bytes are held afterwards`;
  if (ops.matmul(tensor([[1, 2]]), tensor([[3], [4]])).data[0] !== 11) fault ??= "the next call is wrong";
  return fault;
}

/** A call as a user writes it. */
export function asCode(call: string, args: readonly string[]): string {
  return `${call}(${args.join(", ")})`;
}

/** Runs so many random calls; `report` is told of every fault, `announce` of every call before it runs. */
export async function fuzz(
  seed: number,
  count: number,
  report: (fault: Fault) => void,
  announce?: (code: string) => void,
): Promise<void> {
  const random = generator(seed);
  resetConfiguration();
  for (let i = 0; i < count; i++) {
    // Finalizers give memory back only between tasks.
    if (i % 2000 === 0) await new Promise((resolve) => setTimeout(resolve));
    const { call, args } = randomCall(random);
    announce?.(asCode(call, args));
    const fault = await faultOf(call, args);
    if (fault !== undefined) report({ call: asCode(call, args), fault });
  }
}
