// HTML and SVG as values: what is put into them is escaped, unless it is markup itself.

/** Text that is markup already. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What a template takes: markup as it is, everything else as text; nothing for undefined. */
export type Content = Markup | string | number | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Characters that no document may hold: controls but tab and line ends, halves of surrogate pairs, and the two
 * noncharacters of the basic plane.
 */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const FORBIDDEN = /[\0-\x08\v\f\x0e-\x1f\x7f-\x9f\ufffe\uffff]|\p{Surrogate}/gu;

/** Text as it stands in an element or between the quotes of an attribute. */
export function escapeText(text: string): string {
  return text.replace(FORBIDDEN, "\ufffd").replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

function textOf(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Markup) return content.text;
  return Array.isArray(content) ? content.map(textOf).join("") : escapeText(String(content));
}

/** A template's markup, with what it holds escaped. */
export function markup(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.map((text, i) => text + textOf(contents[i])).join(""));
}
