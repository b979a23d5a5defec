// What the platform has for threads: how many cores, and whether and how workers can be started. Nothing is asked at
// import.

import { workerText } from "./workerText.js";

/** What a worker is given: structured-cloneable. */
export type WorkerStart = Readonly<Record<string, unknown>>;

/** A worker that was started; it may fail later. */
export interface WorkerHandle {
  /** Ends it, whatever it does. */
  terminate(): unknown;
}

interface NodeWorker extends WorkerHandle {
  on(event: string, listener: (value: unknown) => void): void;
  unref(): void;
}
interface WebWorker extends WorkerHandle {
  addEventListener(type: string, listener: (event: { message?: string }) => void): void;
  postMessage(message: unknown): void;
}

/** Globals that this file asks for; any of them may be missing. */
interface Platform {
  readonly process?: { getBuiltinModule?(name: string): unknown; readonly versions?: { node?: string } };
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly Worker?: new (url: string, options?: object) => WebWorker;
  readonly Blob?: new (parts: string[], options: object) => object;
  readonly URL?: { createObjectURL?(blob: object): string; revokeObjectURL?(url: string): void } & (new (
    url: string,
  ) => object);
  readonly WorkerGlobalScope?: new () => object;
  readonly crossOriginIsolated?: boolean;
  readonly document?: object;
  readonly console?: { warn(text: string): void };
}
const platform = globalThis as Platform;

interface Threads {
  readonly Worker: new (source: unknown, options: object) => NodeWorker;
  readonly isMainThread: boolean;
}

function builtin<Module>(name: string): Module | undefined {
  try {
    return platform.process?.getBuiltinModule?.(name) as Module | undefined;
  } catch {
    return undefined;
  }
}

const nodeThreads = (): Threads | undefined => builtin<Threads>("node:worker_threads");

/** Cores that a container's quota allows this process, of Linux's control groups; Infinity where there is none. */
function coresOfQuota(): number {
  try {
    const files = builtin<{ readFileSync(path: string, encoding: "utf8"): string }>("node:fs");
    const [quota, period] = (files?.readFileSync("/sys/fs/cgroup/cpu.max", "utf8") ?? "max").split(" ");
    return quota === "max" ? Infinity : Math.max(1, Math.floor(Number(quota) / Number(period))) || Infinity;
  } catch {
    return Infinity;
  }
}

/** Cores that this process may use; 1 where the platform does not say. */
export function coreCount(): number {
  const system = builtin<{ availableParallelism?(): number; cpus(): unknown[] }>("node:os");
  const cores =
    system?.availableParallelism?.() ?? system?.cpus().length ?? platform.navigator?.hardwareConcurrency ?? 1;
  return Math.min(cores, coresOfQuota());
}

/** Whether this is a worker that somebody has started, so that its siblings may use the other cores. */
export function isInWorker(): boolean {
  const threads = nodeThreads();
  if (threads !== undefined) return !threads.isMainThread;
  const { WorkerGlobalScope } = platform;
  return WorkerGlobalScope !== undefined && globalThis instanceof WorkerGlobalScope;
}

const isolation =
  "memory cannot be shared: a page must be cross-origin isolated, served with the headers Cross-Origin-Opener-Policy: " +
  "same-origin and Cross-Origin-Embedder-Policy: require-corp";

/** Why no worker can be started here, in words that say what to do; undefined where one can. */
export function obstacle(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") return isolation;
  if (nodeThreads() !== undefined) return undefined;
  if (platform.process?.versions?.node !== undefined) {
    return `threads need Node 20.16 or newer, and this is ${platform.process.versions.node}`;
  }
  if (platform.Worker === undefined) return "this platform has no workers";
  return platform.crossOriginIsolated === true ? undefined : isolation;
}

/**
 * Starts a worker, which never keeps the process alive.
 *
 * @param start - what it is given
 * @param url - of the file reparam/worker.js, or undefined to make the worker from its inlined text
 * @param onEnd - called with the reason when the worker fails or ends
 * @param text - of the program
 */
export function startWorker(
  start: WorkerStart,
  url: string | undefined,
  onEnd: (reason: string) => void,
  text = workerText,
): WorkerHandle {
  const threads = nodeThreads();
  return threads === undefined
    ? startWebWorker(start, url, onEnd, text)
    : startNodeWorker(threads, start, url, onEnd, text);
}

function startNodeWorker(
  { Worker }: Threads,
  start: WorkerStart,
  url: string | undefined,
  onEnd: (reason: string) => void,
  text: string,
): WorkerHandle {
  // What the process was started with, such as loaders, is not for this worker.
  const options = { workerData: { reparam: true, ...start }, execArgv: [], env: {}, name: "reparam" };
  const { URL } = platform;
  const worker =
    url === undefined || URL === undefined
      ? new Worker(text, { ...options, eval: true })
      : new Worker(new URL(url), options);
  worker.on("error", (error) => onEnd(String(error)));
  worker.on("exit", (code) => onEnd(`it ended with code ${String(code)}`));
  worker.unref();
  return worker;
}

function startWebWorker(
  start: WorkerStart,
  url: string | undefined,
  onEnd: (reason: string) => void,
  text: string,
): WorkerHandle {
  const { Worker, Blob, URL } = platform;
  if (Worker === undefined) throw new Error("this platform has no workers");
  let made: string | undefined;
  if (url === undefined) {
    if (Blob === undefined || URL?.createObjectURL === undefined) {
      throw new Error("workers cannot be made from text here: give the file with configure({ workerUrl })");
    }
    made = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  }
  const worker = new Worker(url ?? (made as string), { name: "reparam" });
  worker.addEventListener("error", ({ message }) => {
    onEnd(
      message ||
        "the worker was refused: allow worker-src blob: in the page's Content-Security-Policy, or give the file " +
          "with configure({ workerUrl })",
    );
  });
  // A worker's messages have no target origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  worker.postMessage(start);
  return worker;
}

/** Tells a developer of a page something once, where there is a console. */
export function warn(text: string): void {
  platform.console?.warn(text);
}
