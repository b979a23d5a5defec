// Writes src/wasm/generated.ts: what TypeScript needs to run the kernels as jobs, with every argument and field by name.

import { layoutOf } from "./jobs.mjs";

/** fooBar → FOO_BAR. */
const constantOf = (name) => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase();

/** What a caller takes for a parameter of a type; nothing where it does not name it. */
function takenFor(type, { records, enums }) {
  if (type === "First" || type === "Images" || type === "Results" || type === "Scratch") return undefined;
  if (type === "Operand" || type === "InPlace") return "Operand";
  if (type === "OptionalOperand" || type === "OptionalInPlace") return "Operand | undefined";
  if (type === "List") return "readonly number[]";
  if (type === "bool") return "boolean";
  if (enums.some((one) => one.name === type)) return `keyof typeof ${constantOf(type)}`;
  return records.some((record) => record.name === type) ? type : "number";
}

const ADDRESSES = {
  Operand: (name) => `addressOf(${name})`,
  OptionalOperand: (name) => `addressOrNone(${name})`,
  InPlace: (name) => `addressInPlace(${name})`,
  OptionalInPlace: (name) => `addressInPlaceOrNone(${name})`,
};

/** The word of a job or record, which begins at word `at`, that lies so many bytes behind its beginning. */
const wordAt = (offset) => (offset === 0 ? "at" : `at + ${offset / 4}`);

/** The integer that a job holds for a field; none for floats, records and lists, which are written by themselves. */
function integerOf({ name, type, word }, { enums }) {
  if (word === "record" || word === "f64" || word === "f32" || type === "List") return undefined;
  if (type in ADDRESSES) return ADDRESSES[type](name);
  if (type === "bool") return `Number(${name})`;
  return enums.some((one) => one.name === type) ? `${constantOf(type)}[${name}]` : name;
}

/** A statement that puts a field into the job, which begins at word `at`. */
function writingOf(field, shared) {
  const { name, type, word, offset } = field;
  const place = wordAt(offset);
  if (word === "record") return `write${type}(${place}, ${name});`;
  if (word === "f64") return `doubles[(${place}) / 2] = ${name};`;
  if (word === "f32") return `floats[${place}] = ${name};`;
  if (type in ADDRESSES) return `integers[${place}] = ${name}At;`;
  return `integers[${place}] = ${integerOf(field, shared)};`;
}

/** How many items the job has, and how many make a grain. */
function sizesOf({ parameters }) {
  const named = (type) => parameters.filter((parameter) => parameter.type === type).map(({ name }) => name);
  if (named("Images").length > 0) return "geometry.batch, grainOfImages(geometry)";
  const [count] = named("Count");
  if (count === undefined) return "1, 1";
  const [grain] = named("Grain");
  return `${count}, ${grain ?? `grainOf(${named("Width").join(" * ") || "1"})`}`;
}

function callerOf(kernel, index, shared) {
  const { fields, bytes } = layoutOf(kernel, shared);
  const taken = kernel.parameters
    .map(({ name, type }) => ({ name, type: takenFor(type, shared) }))
    .filter(({ type }) => type !== undefined);
  const names = taken.map(({ name }) => name).join(", ");
  const types = taken.map(({ name, type }) => `readonly ${name}: ${type}`).join("; ");
  // The integers before the first record or list go in one call, with zeros in the places of floats. Addresses are among
  // them: finding one may move memory or run another job, so they are arguments of what asks where the job lies.
  const apart = fields.findIndex(({ type, word }) => word === "record" || type === "List");
  const first = apart < 0 ? fields : fields.slice(0, apart);
  const addresses = fields
    .filter((field) => !first.includes(field) && field.type in ADDRESSES)
    .map(({ name, type }) => `  const ${name}At = ${ADDRESSES[type](name)};\n`);
  const words = [];
  for (const field of first) words[field.offset / 4] = integerOf(field, shared);
  const integers = Array.from(words, (value) => value ?? "0").join(", ");
  const lists = fields.filter(({ type }) => type === "List");
  const writing = fields
    .filter(
      (field) => !(first.includes(field) && integerOf(field, shared) !== undefined) && field.type !== "List",
    )
    .map((field) => `  ${writingOf(field, shared)}\n`);
  if (lists.length > 0) {
    const places = lists.map(({ offset }) => offset / 4).join(", ");
    writing.push(
      `  writeLists(at, ${Math.ceil(bytes / 4)}, [${places}], [${lists.map(({ name }) => name).join(", ")}]);\n`,
    );
  }
  return (
    `export function ${kernel.name}({ ${names} }: { ${types} }): void {\n` +
    `${addresses.join("")}  ${writing.length > 0 ? "const at = " : ""}beginJob(${integers});\n${writing.join("")}  run(${index}, ${sizesOf(kernel)});\n}\n`
  );
}

/** A record's type, and the function that writes one: straight through, for small convolutions write many. */
function recordOf({ name, fields }) {
  const type = fields.map((field) => `  readonly ${field.name}: number;\n`).join("");
  const writing = fields.map((field) => {
    const view = field.type === "f32" ? "floats" : "integers";
    return `  ${view}[${wordAt(field.offset)}] = record.${field.name};\n`;
  });
  return (
    `/** Fields of the record \`${name}\`. */\nexport interface ${name} {\n${type}}\n\n` +
    `export function write${name}(at: number, record: ${name}): void {\n${writing.join("")}}\n`
  );
}

const enumOf = ({ name, members }) =>
  `export const ${constantOf(name)} = { ${members.map(([member, value]) => `${member}: ${value}`).join(", ")} } as const;\n`;

/** The text of src/wasm/generated.ts; kernels are numbered in the order of the list. */
export function bindings(kernels, shared) {
  const { records, enums, numbers } = shared;
  return [
    "// Generated by assembly/build.mjs: calls of the kernels with arguments by name, their records, and their limits. Not\n" +
      "// kept under version control.\n",
    'import { writeLists } from "./lists.js";\n' +
      'import { beginJob, grainOf, grainOfImages, run } from "./run.js";\n' +
      'import { doubles, floats, integers } from "./runtime.js";\n' +
      'import { addressInPlace, addressInPlaceOrNone, addressOf, addressOrNone, type Operand } from "./storage.js";\n',
    ...records.map(recordOf),
    ...enums.map(enumOf),
    numbers.map(({ name, value }) => `export const ${name} = ${value};\n`).join(""),
    ...kernels.map((kernel, index) => callerOf(kernel, index, shared)),
  ].join("\n");
}
