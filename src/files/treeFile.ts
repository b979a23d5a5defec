// Files that hold a whole tree: tensors beside plain data, as models and checkpoints are. They are safetensors files
// whose metadata tells the tree (`reparam`, JSON with a mark in the place of each tensor) and a checksum of the file.

import { ownBytes } from "./bytes.js";
import { refuseKind, refuseValue } from "../check/check.js";
import { Tensor } from "../tensor/tensor.js";
import { isPlainObject, leavesOf, MAX_DEPTH, type Path, showPath } from "../tensor/tree.js";
import { encodeUtf8 } from "./utf8.js";
import { crc32 } from "./crc32.js";
import { checkExtent, type JsonLimits } from "./jsonHeader.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";
import { brief, briefValue } from "./brief.js";
import { writePath } from "./treePaths.js";

/** Names of the objects that stand in the place of what JSON cannot hold: a tensor, NaN or infinity. */
const TENSOR = "$tensor";
const NUMBER = "$number";
const NUMBERS = new Map<unknown, number>([NaN, Infinity, -Infinity].map((value) => [String(value), value]));

/** Eight digits that stand for the checksum while it is taken. */
const BLANK = "00000000";

const mark = (name: string, text: string) => JSON.stringify({ [name]: text });

function numberJson(value: number): string {
  if (!Number.isFinite(value)) return mark(NUMBER, String(value));
  // JSON can hold it; JSON.stringify drops the sign.
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Checkpoints of hundreds of thousands of epochs need less. How deep a tree may be is checked when it is made. */
const LIMITS: JsonLimits = { depth: 2 ** 16, values: 2 ** 22 };

/** A place in the tree, for messages. */
const placeIn = (path: Path) =>
  showPath(["tree", ...path.map((name) => (typeof name === "string" ? brief(name) : name))].slice(0, 8));

/** The JSON of a tree. */
function jsonOf(value: unknown, path: Path): string {
  const where = "writeTree";
  if (path.length > MAX_DEPTH) refuseValue(where, "tree", `nest at most ${MAX_DEPTH} deep`, placeIn(path));
  if (value instanceof Tensor) return mark(TENSOR, writePath(path));
  if (typeof value === "number") return numberJson(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${Array.from(value, (entry, i) => jsonOf(entry, [...path, i])).join()}]`;
  if (!isPlainObject(value)) {
    return refuseKind(where, placeIn(path), "be a tensor, plain data, or an array or object of these", value);
  }
  for (const name of [TENSOR, NUMBER]) {
    if (Object.hasOwn(value, name))
      refuseKind(where, placeIn(path), `have no entry ${name}, a mark of the file`, value);
  }
  const members = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .map(([name, entry]) => `${JSON.stringify(name)}:${jsonOf(entry, [...path, name])}`);
  return `{${members.join()}}`;
}

/** Where in the file the digits of the checksum stand; -1 where there are none. */
function checksumPlace(file: Uint8Array): number {
  const label = encodeUtf8('"checksum":"');
  // The names of metadata come first and in order, so this is the first place with these bytes.
  const limit = Math.min(file.length - label.length - BLANK.length, 256);
  for (let at = 8; at < limit; at++) {
    if (label.every((byte, i) => file[at + i] === byte)) return at + label.length;
  }
  return -1;
}

/** The checksum of a file, with blanks in the place of its digits. */
function checksumOf(file: Uint8Array, place: number): string {
  const blank = file.slice();
  blank.set(encodeUtf8(BLANK), place);
  return crc32(blank).toString(16).padStart(8, "0");
}

/**
 * The bytes of a file that holds tensors and plain data (numbers, strings, booleans, null) nested in arrays and
 * objects. It is a safetensors file: other programs see the tensors under their paths, `params/weights/encoder/0/kernel`.
 *
 * Everything comes back as it is, every number and every bit of a tensor; only entries that are undefined are left
 * out. The names `$tensor` and `$number` are reserved.
 *
 * @param tree - what to keep
 * @returns the file
 * @throws {TypeError} when something in the tree is neither a tensor nor plain data, or has one of those names
 * @throws {RangeError} when it is nested more than 64 deep, or the name of a tensor is not well-formed Unicode
 * @example
 * const file = writeTree({ step: 3, params: [{ kernel: ones([2]) }, {}] });
 * readTree(file); // { step: 3, params: [{ kernel: … }, {}] }
 */
export function writeTree(tree: unknown): Uint8Array {
  const json = jsonOf(tree, []);
  checkExtent("writeTree", "tree", json, LIMITS);
  const tensors = Object.create(null) as Record<string, Tensor>;
  for (const { path, tensor } of leavesOf(tree)) tensors[writePath(path)] = tensor;
  const file = writeSafetensors(tensors, { checksum: BLANK, reparam: json });
  const place = checksumPlace(file);
  file.set(encodeUtf8(checksumOf(file, place)), place);
  return file;
}

const WHERE_READ = "readTree";

/** A value of parsed JSON with tensors and numbers in the places of their marks; takes each tensor out once. */
function revived(value: unknown, tensors: Map<string, Tensor>, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) {
    refuseValue(WHERE_READ, "metadata.reparam", `nest at most ${MAX_DEPTH} deep`, depth);
  }
  if (Array.isArray(value)) return value.map((entry) => revived(entry, tensors, depth + 1));
  const entries = Object.entries(value);
  const [[name, text] = []] = entries;
  if (entries.length === 1 && name === TENSOR) return takeTensor(tensors, text);
  if (entries.length === 1 && name === NUMBER && NUMBERS.has(text)) return NUMBERS.get(text);
  if (entries.some(([name]) => name === TENSOR || name === NUMBER)) {
    refuseValue(WHERE_READ, "metadata.reparam", "have only marks that writeTree writes", briefValue(value));
  }
  return Object.fromEntries(entries.map(([name, entry]) => [name, revived(entry, tensors, depth + 1)]));
}

function takeTensor(tensors: Map<string, Tensor>, name: unknown): Tensor {
  const found = tensors.get(name as string);
  if (found === undefined) {
    return refuseValue(WHERE_READ, TENSOR, "name a tensor of the file, once", briefValue(name));
  }
  tensors.delete(name as string);
  return found;
}

function parse(json: string): unknown {
  checkExtent(WHERE_READ, "metadata.reparam", json, LIMITS);
  try {
    return JSON.parse(json);
  } catch {
    return refuseValue(WHERE_READ, "metadata.reparam", "be JSON", brief(json));
  }
}

/**
 * The tree that a file of {@link writeTree} holds. A file of which a single byte was changed or lost is refused.
 *
 * @param bytes - the file
 * @returns the tree
 * @throws {TypeError} when `bytes` is not a `Uint8Array`
 * @throws {RangeError} when it is not such a file, or not a whole one
 * @example
 * readTree(writeTree({ step: 3 })); // { step: 3 }
 */
export function readTree(bytes: Uint8Array): unknown {
  const { tensors, metadata } = readSafetensors(bytes);
  const { checksum, reparam } = metadata;
  if (checksum === undefined || reparam === undefined) {
    const names = Object.keys(metadata).slice(0, 6).map(brief);
    refuseValue(WHERE_READ, "bytes", "be a file of writeTree, saveModel or fit", names);
  }
  const own = ownBytes(WHERE_READ, bytes);
  const place = checksumPlace(own);
  if (place < 0 || checksumOf(own, place) !== checksum) {
    const rule = "have the checksum that is written in them: the file is damaged";
    refuseValue(WHERE_READ, "bytes", rule, brief(checksum));
  }
  const left = new Map(Object.entries(tensors));
  const tree = revived(parse(reparam), left, 0);
  if (left.size > 0) {
    refuseValue(WHERE_READ, "metadata.reparam", "name every tensor", [...left.keys()].slice(0, 6).map(brief));
  }
  return tree;
}
