// Runs the program on workerd, Cloudflare's runtime: node worker.mjs DATE prints what came out. DATE is the date whose
// behaviour the runtime shall have.

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const [, , compatibilityDate] = globalThis.process.argv;
const main = `
  import simd from "reparam/wasm/simd.wasm";
  import relaxed from "reparam/wasm/relaxed.wasm";
  import { configure, ops, runtimeInfo, scope, tensor } from "reparam";
  import { toNdarray } from "reparam/ndarray";
  import { readPng, writePng } from "reparam/images";
  import { run } from "./program.mjs";

  const tell = (use) => { try { return String(use()); } catch (error) { return error.message; } };

  export default {
    async fetch() {
      const without = tell(() => ops.relu(tensor([1])));
      const wrong = tell(() => configure({ module: {} }));
      const first = await run({ module: simd });
      // Later too, and in the middle of a scope.
      const sum = scope(() => {
        const two = ops.add(tensor([1]), 1);
        configure({ module: relaxed, relaxedSimd: "auto" });
        return ops.add(two, two);
      });
      const { binary } = runtimeInfo();
      const view = toNdarray(tensor([[1, 2], [3, 4]])).transpose(1, 0).get(0, 1);
      const picture = readPng(writePng(tensor([0, 1, 1, 0], [2, 2, 1]))).data.join();
      return Response.json({ without, wrong, first, second: [binary, sum.data[0], view, picture].join(" ") });
    },
  };`;
const [entry, folder] = ["worker.entry.mjs", `built/worker of ${compatibilityDate}`];
writeFileSync(entry, main);
rmSync(folder, { recursive: true, force: true });
// Everything but the last step, which would send it off.
const parameters = ["deploy", entry, "--dry-run", "--outdir", folder, "--name", "program"];
execFileSync(
  globalThis.process.execPath,
  ["node_modules/wrangler/bin/wrangler.js", ...parameters, "--compatibility-date", compatibilityDate],
  { env: { ...globalThis.process.env, CI: "1", WRANGLER_SEND_METRICS: "false" } },
);
const worker = new Miniflare({
  compatibilityDate,
  modules: true,
  modulesRoot: folder,
  scriptPath: `${folder}/worker.entry.js`,
  modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
});
try {
  const { without, wrong, first, second } = await (await worker.dispatchFetch("http://worker/")).json();
  if (!without.includes("configure({ module: wasm })")) throw new Error(`no way out is named: ${without}`);
  if (!wrong.startsWith("configure: module must be")) throw new Error(`a wrong module: ${wrong}`);
  if (second !== "relaxed 4 3 0,1,1,0") throw new Error(`a module handed over later: ${second}`);
  globalThis.console.log(first);
} finally {
  await worker.dispose();
}
