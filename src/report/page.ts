// A page as a whole document, and the head with which it begins.

import { type Content, Markup, markup } from "./markup.js";
import { STYLE } from "./style.js";

/** A whole document. */
export function pageOf(title: string, body: readonly Content[]): string {
  const { text } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
${body.filter((part) => part !== undefined).map((part) => markup`${part}\n`)}</main>
</body>
</html>
`;
  return text;
}

/** A number that a page is about. */
export interface Fact {
  readonly name: string;
  readonly value: Content;
  readonly note: string;
}

/** What was asked for, by name. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Title, settings and facts. */
export function headOf(
  title: string,
  settings: Settings,
  facts: readonly Fact[],
  ...rest: readonly Content[]
): Markup {
  const given = Object.entries(settings).map(([name, value]) => {
    const words = typeof value === "boolean" ? (value ? "yes" : "no") : value;
    return markup`<span>${name} <b>${words}</b></span> `;
  });
  return markup`<header><h1>${title}</h1>${given.length > 0 ? markup`<p class="settings">${given}</p>` : undefined}<dl>${facts.map(
    ({ name, value, note }) =>
      markup`<div><dt>${name}</dt><dd class="value">${value}</dd><dd>${note}</dd></div>`,
  )}</dl>${rest}</header>`;
}

/** Numbers in rows, each with a name in front, below the names of the columns. */
export function numberTable(
  caption: Content,
  columns: readonly string[],
  rows: readonly (readonly [name: Content, ...values: Content[]])[],
): Markup {
  const cells = (row: readonly Content[]) => row.map((value) => markup`<td class="number">${value}</td>`);
  const head = columns.map((name) => markup`<th>${name}</th>`);
  return markup`<table class="numbers"><caption>${caption}</caption><tr>${head}</tr>${rows.map(
    ([name, ...values]) => markup`<tr><th>${name}</th>${cells(values)}</tr>`,
  )}</table>`;
}
