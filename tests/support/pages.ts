// Reads HTML and SVG as strictly as XML: every element closed in its place, every attribute quoted, no stray signs.

/** An element as its tag shows it. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Names of the elements around it, the outermost first. */
  readonly path: readonly string[];
}

const VOID = new Set(["meta", "img", "br", "hr", "link", "input"]);

const ENTITY = /&(amp|lt|gt|quot|#39);/g;

const CHARACTERS: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/** The text that markup without tags stands for; refuses a sign that should have been escaped. */
export function plainText(text: string): string {
  if (/[<>]|&(?!(amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`not escaped: ${text}`);
  return text.replace(ENTITY, (_, name: string) => CHARACTERS[name]!);
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  const rest = text.replace(/\s+([a-zA-Z][a-zA-Z:-]*)="([^"<]*)"/g, (_, name: string, value: string) => {
    if (name in attributes) throw new Error(`attribute twice: ${text}`);
    attributes[name] = plainText(value);
    return "";
  });
  if (rest.trim() !== "") throw new Error(`not attributes: ${rest}`);
  return attributes;
}

/** All elements of a page or of a part of one, in order; throws where it is not well formed. */
export function elementsOf(page: string): Element[] {
  const elements: Element[] = [];
  const open: string[] = [];
  let place = 0;
  // An attribute's value may hold no sign of a tag: escaped it does not.
  for (const match of page.matchAll(/<(!doctype html|\/?[a-zA-Z][a-zA-Z0-9]*)([^<>]*?)(\/?)>/g)) {
    const [tag, name = "", attributes = "", slash] = match;
    const between = page.slice(place, match.index);
    if (open.at(-1) !== "style") plainText(between);
    place = match.index + tag.length;
    if (name === "!doctype html") continue;
    if (name.startsWith("/")) {
      const last = open.pop();
      if (`/${last}` !== name) throw new Error(`<${name}> closes <${last}>`);
      continue;
    }
    elements.push({ name, attributes: attributesOf(attributes), path: [...open] });
    if (slash === "" && !VOID.has(name)) open.push(name);
  }
  plainText(page.slice(place));
  if (open.length > 0) throw new Error(`never closed: ${open.join(" ")}`);
  return elements;
}

/** The texts of all elements of a name, without the tags inside them. */
export function textsOf(page: string, name: string): string[] {
  const found = page.matchAll(new RegExp(`<${name}(?: [^<>]*)?>(.*?)</${name}>`, "gs"));
  return [...found].map(([, inner = ""]) =>
    plainText(name === "style" ? inner.replace(/[<>&]/g, "") : inner.replace(/<[^<>]*>/g, "")),
  );
}
