// Bundles the program beside it with one bundler and no plug-in, as a user's first try would be. Runs in a folder where the
// bundlers and the packed library are installed: node build.mjs BUNDLER prints the path of the bundle.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [, , bundler] = globalThis.process.argv;
const entry = resolve("entry.mjs");
const folder = resolve("built", bundler);
mkdirSync(folder, { recursive: true });
writeFileSync(entry, 'import { run } from "./program.mjs";\nglobalThis.result = run();\n');

/** A warning of a bundler is a failure: the core imports nothing that would have to be explained to it. */
const refuseWarning = (warning) => {
  throw new Error(`${bundler} warns: ${warning.message ?? JSON.stringify(warning)}`);
};

const BUNDLERS = {
  async esbuild() {
    const { build } = await import("esbuild");
    const { warnings } = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      format: "iife",
      platform: "browser",
      outfile: join(folder, "bundle.js"),
      logLevel: "silent",
    });
    warnings.forEach(refuseWarning);
  },
  async rollup() {
    const { rollup } = await import("rollup");
    // Rollup itself resolves no package; that is all this plug-in does. There is none for CommonJS.
    const resolver = {
      name: "resolver",
      resolveId: (id) =>
        /^reparam\b/.test(id)
          ? resolve(`node_modules/reparam/dist${id.slice("reparam".length)}/index.js`)
          : null,
    };
    const bundle = await rollup({ input: entry, plugins: [resolver], onwarn: refuseWarning });
    await bundle.write({ file: join(folder, "bundle.js"), format: "iife" });
    await bundle.close();
  },
  async parcel() {
    const { Parcel } = await import("@parcel/core");
    const bundler = new Parcel({
      entries: entry,
      defaultConfig: "@parcel/config-default",
      mode: "production",
      shouldDisableCache: true,
      defaultTargetOptions: { sourceMaps: false },
      targets: {
        main: { distDir: folder, distEntry: "bundle.js", context: "browser", outputFormat: "global" },
      },
    });
    await bundler.run();
  },
  async vite() {
    const { build } = await import("vite");
    await build({
      configFile: false,
      logLevel: "error",
      build: {
        outDir: folder,
        lib: { entry, formats: ["iife"], name: "program", fileName: () => "bundle.js" },
      },
    });
  },
  async webpack() {
    const { default: webpack } = await import("webpack");
    const options = {
      mode: "production",
      entry,
      output: { path: folder, filename: "bundle.js" },
      performance: false,
    };
    const stats = await new Promise((done, fail) =>
      webpack(options, (error, stats) => (error ? fail(error) : done(stats))),
    );
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
  },
};

await BUNDLERS[bundler]();
globalThis.console.log(
  join(
    folder,
    readdirSync(folder).find((name) => name === "bundle.js"),
  ),
);
