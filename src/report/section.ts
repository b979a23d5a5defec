// The form of a section: a heading, a sentence that says what is seen, and figures.

import { type Content, type Markup, markup } from "./markup.js";

/** A section of the page. */
export function section(id: string, heading: string, lead: Content, ...figures: readonly Content[]): Markup {
  return markup`<section id="${id}"><h2>${heading}</h2><p class="lead">${lead}</p>${figures}</section>`;
}

/** Figures beside each other, where the page is wide enough. */
export const beside = (...figures: readonly Content[]) => markup`<div class="beside">${figures}</div>`;

/** A chart with what there is to say about it. */
export const chartFigure = (chart: Content, caption: Content) =>
  markup`<figure>${chart}${caption === undefined ? undefined : markup`<figcaption>${caption}</figcaption>`}</figure>`;

/** A sample of a colour, for captions. */
export const swatch = (tone: number, isFaint = false) =>
  markup`<span class="swatch${isFaint ? " past" : ""} tone${tone}"></span>`;

/** A count with its noun: `1 image`, `12 images`. */
export const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** A name in camel case as words: `hairLength` is `hair length`. */
export const wordsOf = (name: string) =>
  name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
