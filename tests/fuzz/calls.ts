// Random calls: good ones, changed in places, each run with its time, its memory and its words watched.

import { configure, DivergenceError, ops, runtimeInfo, Tensor, tensor } from "../../src/index.js";
import { isRefusal, withAllowance } from "../../src/check/check.js";
import { HOLDING, RECIPES, SLOW } from "./recipes.js";
import { type Argument, argument, evaluate, HOSTILE, HostileError, putInto } from "./values.js";

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
/** One call in so many may be a slow one. */
const SLOW_SHARE = 300;
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
function pathIn(random: Random, arg: Argument): (string | number)[] {
  try {
    return placeIn(random, arg.make());
  } catch {
    return [];
  }
}

/** Names that no options have. */
const STRANGE_NAMES = ["sride", "x", "constructor", "0", "toString", "x".repeat(1e5)];

const replaced = (args: readonly Argument[], at: number, arg: Argument): readonly Argument[] =>
  args.map((other, i) => (i === at ? arg : other));

/** Arguments changed in one place. */
function mutated(random: Random, args: readonly Argument[]): readonly Argument[] {
  const hostile = random(4) === 0 ? oneOf(random, ALL_ARGUMENTS) : oneOf(random, HOSTILE);
  const kind = random(20);
  if (kind === 16 || args.length === 0) return [...args, argument(hostile)];
  const i = random(args.length);
  const arg = args[i]!;
  if (kind === 15) return args.slice(0, i);
  if (kind === 17) return [...args.slice(i), ...args.slice(0, i)];
  if (kind === 18) return replaced(args, i, putInto(arg, [oneOf(random, STRANGE_NAMES)], hostile));
  const path = kind < 8 ? [] : pathIn(random, arg);
  return replaced(args, i, path.length === 0 ? argument(hostile) : putInto(arg, path, hostile));
}

/** A call: the function as an expression, and its arguments. */
export interface Call {
  readonly call: string;
  readonly args: readonly Argument[];
}

/** A random call: one in five as it stands, the others changed in one or two places. */
export function randomCall(random: Random): Call {
  const { call, args } = random(SLOW_SHARE) === 0 ? oneOf(random, CALLS) : oneOf(random, QUICK);
  const changes = oneOf(random, [0, 1, 1, 1, 2]);
  let list: readonly Argument[] = args.map(argument);
  for (let i = 0; i < changes; i++) list = mutated(random, list);
  return { call, args: list };
}

const isAllowed = (error: unknown): boolean =>
  isRefusal(error) ||
  error instanceof DivergenceError ||
  error instanceof HostileError ||
  // The engine's own words on a proxy that its owner has revoked, and on a class that is called as a function.
  (error instanceof TypeError && /revoked|without 'new'/.test(error.message));

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
export async function faultOf({ call, args }: Call): Promise<string | undefined> {
  const { used } = runtimeInfo().memory;
  const start = performance.now();
  let fault: string | undefined;
  try {
    // What a user evaluates on the way to the call is a call of its own, which may be refused, too.
    const target = evaluate(call) as (...args: unknown[]) => unknown;
    const receiver = /^(.*)\.\w+$/.exec(call)?.[1];
    const values = args.map((arg) => arg.make());
    const owner = receiver === undefined ? undefined : evaluate(receiver);
    const run = () => Reflect.apply(target, owner, values);
    let result = HOLDING.test(call) || SLOW.test(call) ? run() : withAllowance(LIMITS.elements, run);
    if (result instanceof Promise) result = await result;
    fault = wrongIn(result);
    (result as { release?: () => void } | undefined)?.release?.();
  } catch (error) {
    fault = wrongWith(error);
  }
  if (call === "configure" || args.some(({ code }) => code.includes("configure"))) resetConfiguration();
  const seconds = (performance.now() - start) / 1000;
  if (seconds > LIMITS.seconds) fault ??= `${seconds.toFixed(1)} seconds`;
  const held = runtimeInfo().memory.used - used;
  if (held > 0 && !HOLDING.test(call)) fault ??= `${held} bytes are held afterwards`;
  if (ops.matmul(tensor([[1, 2]]), tensor([[3], [4]])).data[0] !== 11) fault ??= "the next call is wrong";
  return fault;
}

/** A call as a user writes it. */
export function asCode({ call, args }: Call): string {
  return `${call}(${args.map(({ code }) => code).join(", ")})`;
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
    const call = randomCall(random);
    announce?.(asCode(call));
    const fault = await faultOf(call);
    if (fault !== undefined) report({ call: asCode(call), fault });
  }
}
