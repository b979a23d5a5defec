// Laws of threads on platforms that lack something: as many as there may be, one where there may be none, and why.

import * as os from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What stands for Node's modules, by name; undefined for a runtime that hands out none. */
type Modules = Readonly<Record<string, unknown>> | undefined;

const MAIN = { "node:worker_threads": { isMainThread: true }, "node:os": { availableParallelism: () => 6 } };
const NODE = { versions: { node: "20.3.0" } };

/** What a fresh copy of the library says of its threads, where globals and modules are these. */
async function threadsOf(modules: Modules, globals: object, threads: number | "auto" = "auto") {
  const process = modules && { ...NODE, getBuiltinModule: (name: string) => modules[name] };
  for (const [name, value] of Object.entries({ process, ...globals })) vi.stubGlobal(name, value);
  vi.resetModules();
  const { configure, runtimeInfo } = await import("../../src/index.js");
  configure({ threads });
  return runtimeInfo().threads;
}

const quota = (text: string) => ({ ...MAIN, "node:fs": { readFileSync: () => text } });
const WORKER = class {};
const silent = { warn: () => {} };
const BROWSER = { navigator: { hardwareConcurrency: 4 }, Worker: WORKER, console: silent };

describe("by itself", () => {
  it.each<[string, Modules, object, number]>([
    ["all cores", MAIN, {}, 6],
    ["at most 8", { ...MAIN, "node:os": { availableParallelism: () => 96 } }, {}, 8],
    ["what a container may use", quota("250000 100000"), {}, 2],
    ["one of a container with half a core", quota("50000 100000"), {}, 1],
    ["all cores where a container has no quota", quota("max 100000"), {}, 6],
    ["all cores where the quota cannot be read", quota("?"), {}, 6],
    ["all cores of an isolated page", undefined, { ...BROWSER, crossOriginIsolated: true }, 4],
  ])("there are %s", async (_, modules, globals, wanted) => {
    expect(await threadsOf(modules, globals)).toEqual({ ready: 1, wanted });
  });

  it.each<[string, Modules, object, RegExp]>([
    [
      "a worker of Node",
      { ...MAIN, "node:worker_threads": { isMainThread: false } },
      {},
      /is a worker itself/,
    ],
    ["Node before 20.16", undefined, { process: NODE }, /need Node 20\.16 or newer, and this is 20\.3\.0/],
    [
      "a page that is not isolated",
      undefined,
      { ...BROWSER, crossOriginIsolated: false },
      /cross-origin isolated/,
    ],
    ["a platform without shared buffers", MAIN, { SharedArrayBuffer: undefined }, /memory cannot be shared/],
    ["a platform without workers", undefined, { ...BROWSER, Worker: undefined }, /has no workers/],
    [
      "a worker of a page",
      undefined,
      { ...BROWSER, crossOriginIsolated: true, WorkerGlobalScope: Object },
      /is a worker itself/,
    ],
  ])("there is one in %s", async (_, modules, globals, note) => {
    const threads = await threadsOf(modules, globals);
    expect(threads).toEqual({ ready: 1, wanted: 1, note: expect.stringMatching(note) });
  });
});

describe("asked for", () => {
  it("there are as many in a worker too", async () => {
    const inWorker = { ...MAIN, "node:worker_threads": { isMainThread: false } };
    expect(await threadsOf(inWorker, {}, 3)).toEqual({ ready: 1, wanted: 3 });
  });

  it("in vain, they are warned of, once", async () => {
    const warn = vi.fn<(words: string) => void>();
    const page = { ...BROWSER, crossOriginIsolated: false, console: { warn } };
    expect((await threadsOf(undefined, page, 3)).wanted).toBe(1);
    const { configure } = await import("../../src/index.js");
    configure({ threads: 4 });
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^configure: one thread only, since memory cannot/)],
    ]);
  });

  it("and told of by a page with the default, they are not warned of", async () => {
    const warn = vi.fn<(words: string) => void>();
    await threadsOf(undefined, { ...BROWSER, crossOriginIsolated: false, console: { warn } });
    expect(warn).not.toHaveBeenCalled();
  });
});

it("the machine's cores are those of the operating system", async () => {
  const { coreCount } = await import("../../src/wasm/threads/platform.js");
  expect(coreCount()).toBeLessThanOrEqual(os.cpus().length);
  expect(coreCount()).toBeGreaterThanOrEqual(1);
});
