// Writes the API reference and the guides as a static site to docs/site; fails on a warning, or where a public name has
// no page. Run by `npm run docs`, which installs what it imports.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application, Comment, Converter, ReflectionKind } from "typedoc";
import { createProgram } from "typescript";

const root = fileURLToPath(new URL("../", import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** The sources of the entries, by the names that programs import. */
const entries = Object.entries(exports).flatMap(([path, target]) => {
  const built = target.default;
  if (typeof built !== "string" || !built.endsWith(".js")) return [];
  return [[`reparam${path.slice(1)}`, root + built.replace(/^\.\/dist/, "src").replace(/\.js$/, ".ts")]];
});

/** The guides, in the order of the README. */
const readme = readFileSync(`${root}README.md`, "utf8");
const links = [...readme.matchAll(/\]\((docs\/[\w-]+\.md|[A-Z]+\.md)\)/g)].map(([, path]) => path);
const listed = [...new Set(links)];
const headingOf = (text) => /^# (.+)$/m.exec(text)?.[1];
const headings = listed.map((path) => headingOf(readFileSync(root + path, "utf8")));
const guides = readdirSync(`${root}docs`).filter((name) => name.endsWith(".md"));
const forgotten = guides.filter((name) => !listed.includes(`docs/${name}`));
if (forgotten.length > 0) throw new Error(`the README does not link to ${forgotten.join(", ")}`);

const app = await Application.bootstrap({
  name: "reparam",
  entryPoints: entries.map(([, source]) => source),
  tsconfig: `${root}docs/tsconfig.json`,
  basePath: root,
  displayBasePath: root,
  readme: `${root}README.md`,
  projectDocuments: listed.map((path) => root + path),
  out: `${root}docs/site`,
  cleanOutputDir: true,
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  hideGenerator: true,
  alwaysCreateEntryPointModule: true,
  sort: ["documents-first", "kind", "alphabetical"],
  headings: { readme: false, document: false },
  navigation: { includeGroups: false },
  validation: { notExported: true, invalidLink: true, notDocumented: false },
  // Lists of names, and types that `sequential` and `parallel` compute.
  intentionallyNotExported: [
    "src/layers/activations.ts:FUNCTIONS",
    "src/wasm/generated.ts:ACTIVATION",
    ...["AnyLayer", "OutputOf", "ParamsOf", "StateOf"].map((name) => `src/layers/combine.ts:${name}`),
  ],
  blockTags: ["@example", "@param", "@returns", "@see", "@throws", "@typeParam"],
  modifierTags: ["@internal"],
  treatWarningsAsErrors: true,
  logLevel: "Warn",
});

// A guide is called by its heading, an entry by what programs import.
app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
  document.name = headingOf(document.content.map(({ text }) => text).join("")) ?? document.name;
});
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const reflection of project.getReflectionsByKind(ReflectionKind.Module)) {
    const source = project.getSymbolIdFromReflection(reflection)?.fileName;
    const entry = entries.find(([, path]) => path === source);
    if (entry !== undefined) reflection.name = entry[0];
  }
});

// A docstring may speak of what another entry exports.
app.converter.addUnknownSymbolResolver((reference, reflection, part) => {
  if (part === undefined) return undefined;
  const name = reference.symbolReference?.path?.map(({ path }) => path).join(".");
  const modules = reflection.project.getReflectionsByKind(ReflectionKind.Module);
  const target = modules.flatMap(({ children = [] }) => children).find((child) => child.name === name);
  return target && { target };
});

const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);

// Options are described at the function that takes them; an interface without comments shows them too.
for (const { type } of project.getReflectionsByKind(ReflectionKind.Parameter)) {
  if (type?.type !== "reference") continue;
  for (const [name, parts] of type.highlightedProperties ?? []) {
    const property = type.reflection?.getChildByName?.([name]);
    if (property !== undefined) property.comment ??= new Comment(parts);
  }
}

// In the order of the README, not of the alphabet.
const placeOf = ({ name }) => headings.indexOf(name);
project.documents?.sort((a, b) => placeOf(a) - placeOf(b));
const others = project.childrenIncludingDocuments.filter((child) => !project.documents.includes(child));
project.childrenIncludingDocuments = [...project.documents, ...others];

/** The names that an entry exports, by the compiler. */
function publicNames(program, path) {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path);
  return checker.getExportsOfModule(checker.getSymbolAtLocation(source)).map((symbol) => symbol.name);
}

const options = app.options.getCompilerOptions(app.logger);
const program = createProgram({ rootNames: entries.map(([, path]) => path), options });
const missing = entries.flatMap(([name, path]) => {
  const module = project.children?.find((child) => child.name === name);
  const documented = new Set(module?.children?.map((child) => child.name));
  return publicNames(program, path)
    .filter((exported) => !documented.has(exported))
    .map((exported) => `${name}: ${exported}`);
});
for (const place of missing) app.logger.error(`no page for ${place}`);

await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
console.log(`docs/site: ${entries.length} entries, ${listed.length} guides`);
