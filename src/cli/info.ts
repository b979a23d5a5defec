// reparam info: what is in a model's file.

import { grouped, summary } from "../models/summary.js";
import { tensorsOf } from "../tensor/tree.js";
import type { Command } from "./command.js";
import { openGiven } from "./input.js";
import { say } from "./terminal.js";

/** A setting in words: `gaussian, gamma 0.08` for `{ type: "gaussian", gamma: 0.08 }`. */
function show(value: unknown): string {
  if (value === true) return "yes";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, entry]) => (name === "type" ? String(entry) : `${name} ${show(entry)}`))
    .join(", ");
}

export const info: Command = {
  name: "info",
  takes: "MODEL",
  summary: "Shows the layers, sizes and settings of a model. MODEL is a file or the folder of a run.",
  options: {},
  async run({ positionals: [path] }) {
    const { model, params, info } = await openGiven(path);
    const { spec } = model;
    const count = tensorsOf(params.weights).reduce((sum, { size }) => sum + size, 0);
    const { data, options } = info.settings;
    const settings = Object.entries({ ...(data && { data }), ...options, ...spec.options });
    const { dataShape } = info.form;
    const takes = dataShape.length === 1 ? `${dataShape[0]} columns` : dataShape.join("×");
    const lines = [
      `${spec.type} for ${takes}, ${grouped(count)} parameters`,
      ...settings.filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${show(value)}`),
      "",
      summary(model),
    ];
    say(lines.join("\n"));
    return 0;
  },
};
