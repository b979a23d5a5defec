// Reads the kernels' sources with the compiler's own parser, and asks the compiler for the numbers: what index.ts
// exports with all parameters, and what shared.ts exports with offsets and values.

import { readFileSync } from "node:fs";
import { main } from "assemblyscript/asc";
import { newOptions, newProgram, NodeKind, parse } from "assemblyscript";

const folder = new URL("./", import.meta.url);
const textOf = (file) => readFileSync(new URL(`${file}.ts`, folder), "utf8");

/** The top-level declarations of a file of this folder by name, and its re-exports. */
function readSource(file) {
  const program = newProgram(newOptions());
  parse(program, textOf(file), `${file}.ts`, true);
  const source = program.sources.find(({ normalizedPath }) => normalizedPath === `${file}.ts`);
  if (program.diagnostics.length > 0) throw new Error(`${file}.ts does not parse`);
  const declarations = new Map();
  const exports = [];
  for (const statement of source.statements) {
    const kind = NodeKind[statement.kind];
    if (kind === "Export") {
      const path = statement.path.value.replace("./", "");
      const names = statement.members?.map(({ localName }) => localName.text);
      exports.push({ path, names });
    } else if (kind === "Variable") {
      for (const declaration of statement.declarations) declarations.set(declaration.name.text, declaration);
    } else if (statement.name !== undefined) declarations.set(statement.name.text, statement);
  }
  return { declarations, exports };
}

const EXPORTED = 2; // CommonFlags.Export

/** Everything that a list of re-exports hands on: name, file, declaration. */
function exportsOf(file) {
  const { declarations, exports } = readSource(file);
  const own = [...declarations].map(([name, declaration]) => ({ name, file, declaration }));
  const others = exports.flatMap(({ path, names }) => {
    const { declarations } = readSource(path);
    const all = [...declarations].filter(([, { flags }]) => flags & EXPORTED).map(([name]) => name);
    return (names ?? all).map((name) => ({ name, file: path, declaration: declarations.get(name) }));
  });
  return [...own, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const typeOf = ({ type }) => type.name.identifier.text;

/** Kernels with the names and types of their parameters and result. */
export function readKernels() {
  return exportsOf("index").map(({ name, file, declaration }) => ({
    name,
    file,
    result: declaration.signature.returnType.name.identifier.text,
    parameters: declaration.signature.parameters.map((parameter) => ({
      // A kernel that does not look at a parameter marks it so.
      name: parameter.name.text.replace(/^_/, ""),
      type: typeOf(parameter),
    })),
  }));
}

/** Compiles functions that return the given expressions and calls them. */
async function evaluate(imports, expressions) {
  const functions = expressions.map(
    (expression, i) => `export function value${i}(): f64 { return <f64>(${expression}); }`,
  );
  const text = [...imports, ...functions].join("\n");
  const files = new Map();
  const options = ["facts.ts", "--baseDir", ".", "--outFile", "facts.wasm", "--runtime", "stub"];
  const { error, stderr } = await main([...options, "--enable", "simd", "--noAssert"], {
    readFile: (name) =>
      name === "facts.ts" ? text : /^[a-zA-Z0-9]+\.ts$/.test(name) ? textOf(name.slice(0, -3)) : null,
    writeFile: (name, contents) => void files.set(name, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`the facts do not compile: ${stderr.toString()}`);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(files.get("facts.wasm")), {
    env: { abort: () => {} },
  });
  return expressions.map((_, i) => exports[`value${i}`]());
}

const WORDS = ["i32", "usize", "f32"];

/** Records with their fields, numbers by name, and single numbers, with the compiler's values. */
export async function readShared() {
  const shared = exportsOf("shared");
  const expressions = [];
  const valueOf = (expression) => expressions.push(expression) - 1;
  const [records, enums, numbers] = [[], [], []];
  for (const { name, file, declaration } of shared) {
    const kind = NodeKind[declaration.kind];
    if (kind === "ClassDeclaration") {
      const fields = declaration.members.map((member) => {
        const type = typeOf(member);
        if (!WORDS.includes(type))
          throw new Error(`${name}.${member.name.text} must be one of ${WORDS}, got ${type}`);
        return { name: member.name.text, type, offset: valueOf(`offsetof<${name}>("${member.name.text}")`) };
      });
      records.push({ name, file, fields, bytes: valueOf(`offsetof<${name}>()`) });
    } else if (kind === "EnumDeclaration") {
      const members = declaration.values.map(({ name: member }) => member.text);
      enums.push({ name, file, members: members.map((member) => [member, valueOf(`${name}.${member}`)]) });
    } else numbers.push({ name, value: valueOf(name) });
  }
  const values = await evaluate(
    shared.map(({ name, file }) => `import { ${name} } from "./${file}";`),
    expressions,
  );
  return {
    records: records.map(({ name, file, fields, bytes }) => ({
      name,
      file,
      bytes: values[bytes],
      fields: fields.map((field) => ({ ...field, offset: values[field.offset] })),
    })),
    enums: enums.map(({ name, file, members }) => ({
      name,
      file,
      members: members.map(([member, at]) => [member, values[at]]),
    })),
    numbers: numbers.map(({ name, value }) => ({ name, value: values[value] })),
  };
}
