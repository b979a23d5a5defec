// Labels of data as the classes of a model, and the other way round: by name where there are names, else by number.

import type { Condition, LabelOptions } from "../models/vae/condition.js";
import { adoptArray, type Tensor } from "../tensor/tensor.js";
import { fail, meant } from "./command.js";
import type { Data } from "./data.js";

/** Names that a message lists at most. */
const MOST_NAMED = 12;

/** Most classes: the one-hot vector of each example has so many numbers. */
const MOST_CLASSES = 1000;

/** `--names shirt,shoe` as names, checked before any data are read. */
export function namesOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  const odd = names.find((name) => name === "" || /^[-+]?\d+$/.test(name));
  if (odd !== undefined) {
    fail(`--names must be words with commas between, such as shirt,shoe, got ${JSON.stringify(odd)}`);
  }
  if (new Set(names).size < names.length) fail("--names must be different from each other");
  return names;
}

/** What a label is called in its data. */
const nameIn = ({ labelNames }: Data, label: number) => labelNames?.[label] ?? String(label);

const listed = (names: readonly string[]) =>
  `${names.slice(0, MOST_NAMED).join(", ")}${names.length > MOST_NAMED ? ", …" : ""}`;

/** The condition of a model that shall know the labels of its data: the classes that occur. */
export function conditionOf(source: string, data: Data, names: readonly string[] | undefined): Condition {
  const { labels, labelNames } = data;
  if (labels === undefined) {
    return fail(
      `--condition needs labels, and ${source} has none: add --labels, or sort pictures into a subfolder for each class`,
    );
  }
  if (names && labelNames) fail(`--names has no effect on ${source}: its subfolders are names already`);
  const values = [...new Set(labels.data)].sort((a, b) => a - b);
  const greatest = values[values.length - 1];
  const as = "maps";
  if (names) {
    const stranger = values.find((value) => value < 0 || value >= names.length);
    if (stranger === undefined) return { classes: names.length, names, as };
    fail(
      `--names has ${names.length} names, for labels from 0 to ${names.length - 1}: ${source} has ${stranger}`,
    );
  }
  if (labelNames) return { classes: labelNames.length, names: labelNames, as };
  if (values.length > MOST_CLASSES) {
    fail(
      `--condition is for at most ${MOST_CLASSES} classes, ${source} has ${values.length} different labels`,
    );
  }
  // Numbers without gaps from 0 on need no names.
  const isPlain = values[0] === 0 && greatest === values.length - 1;
  return isPlain ? { classes: values.length, as } : { classes: values.length, names: values.map(String), as };
}

/** The names of a model's classes: their numbers, where they have none. */
export function classNames(condition: Condition): readonly string[] {
  if (!("classes" in condition)) {
    return fail("the model takes numbers with every example, for which the command line has no place");
  }
  return condition.names ?? Array.from({ length: condition.classes }, (_, i) => String(i));
}

/** The classes that labels of data are to a model; undefined where the data have none. */
export function classesOf(source: string, data: Data, condition: Condition): Tensor | undefined {
  if (data.labels === undefined) return undefined;
  const names = classNames(condition);
  const classOf = (label: number) => {
    const byName = names.indexOf(nameIn(data, label));
    if (byName >= 0) return byName;
    if (data.labelNames === undefined && Number.isInteger(label) && label >= 0 && label < names.length) {
      return label;
    }
    return fail(
      `${source} has the label ${nameIn(data, label)}, which the model does not know: ${listed(names)}`,
    );
  };
  return adoptArray(
    data.labels.data.map((label) => classOf(label)),
    data.labels.shape,
  );
}

/** Data whose labels are the classes of a model, under the names that these have. */
export function withClasses(source: string, data: Data, condition: Condition): Data {
  const labels = classesOf(source, data, condition);
  const { labels: _, labelNames: __, ...rest } = data;
  return { ...rest, ...(labels && { labels }), labelNames: classNames(condition) };
}

/** The class of a name or number that a command was given. */
export function classOf(option: string, text: string, condition: Condition): number {
  const names = classNames(condition);
  const byName = names.indexOf(text);
  if (byName >= 0) return byName;
  const number = Number(text);
  if (text.trim() !== "" && Number.isInteger(number) && number >= 0 && number < names.length) return number;
  return fail(
    `--${option} must be one of ${listed(names)}, got ${JSON.stringify(text)}${meant(text, names)}`,
  );
}

/** What functions of a model take besides inputs: the classes of data for a conditional one, else nothing. */
export function knownOf(source: string, data: Data, condition: Condition | undefined): LabelOptions {
  if (condition === undefined) return {};
  const labels = classesOf(source, data, condition);
  if (labels === undefined) {
    fail(
      `the model knows what class an example is, and ${source} has no labels: add --labels ` +
        "(reparam classify finds the most probable)",
    );
  }
  return { labels };
}
