// The pictures of a report: examples laid out, as PNG files and as figures of the page that hold these files.

import { writePng } from "../images/png.js";
import { montage } from "../images/montage.js";
import * as ops from "../ops/index.js";
import { ones, type Tensor } from "../tensor/tensor.js";
import { base64 } from "./base64.js";
import { type Content, type Markup, markup } from "./markup.js";
import { type Subject, toPictures } from "./study.js";

/** How images become a figure. */
export interface FigureOptions {
  /** Of the file, which becomes safe for a file system, and unique in the report. */
  readonly name: string;
  /** Images side by side. */
  readonly columns: number;
  /** For those who do not see the picture. */
  readonly description: string;
  readonly caption?: Content | undefined;
  /** Texts beside the rows, and below the columns. */
  readonly rowNames?: readonly Content[] | undefined;
  readonly columnNames?: readonly Content[] | undefined;
  /** Widths that the picture and an image of it should have at most, in CSS pixels (default 800 and 100). */
  readonly width?: number | undefined;
  readonly imageWidth?: number | undefined;
}

/** Collects a page's pictures. */
export interface Pictures {
  /** PNG files by name. */
  readonly files: Record<string, Uint8Array>;
  /** Images with values from 0 to 1, `[n, height, width, channels]`, as a figure. */
  showImages(images: Tensor, options: FigureOptions): Markup;
}

/** Collects the pictures of a report on a model. */
export interface Album extends Pictures {
  /** Examples, `[n, ...inputShape]`, as a figure. */
  show(examples: Tensor, options: FigureOptions): Markup;
}

/** A name of letters, digits, hyphens and underscores that no file has yet. */
function unusedName(files: Readonly<Record<string, unknown>>, wanted: string): string {
  const name = wanted.replace(/[^\w-]+/g, "-");
  return Object.hasOwn(files, name) ? unusedName(files, `${name}-`) : name;
}

/** No pictures yet. */
export function createPictures(): Pictures {
  const files: Record<string, Uint8Array> = {};
  return {
    files,
    showImages(images, { name, columns, width = 800, imageWidth = 100, ...texts }) {
      // Gaps are transparent, so that they suit light and dark pages.
      const opaque = ops.concat([images, ones([...images.shape.slice(0, 3), 1])], 3);
      const picture = montage(opaque, { columns, background: 0 });
      const file = writePng(picture);
      files[unusedName(files, name)] = file;
      const [, pixelHeight, pixelWidth] = picture.shape;
      // Whole numbers only: others would make pixels of different widths.
      const scale = Math.max(1, Math.floor(Math.min(width / pixelWidth, imageWidth / images.shape[2])));
      return figure(file, pixelWidth, pixelHeight, scale, texts);
    },
  };
}

/** An empty album. */
export function createAlbum(subject: Subject): Album {
  const pictures = createPictures();
  return {
    ...pictures,
    show: (examples, options) => pictures.showImages(toPictures(subject, examples), options),
  };
}

function figure(
  file: Uint8Array,
  width: number,
  height: number,
  scale: number,
  {
    description,
    caption,
    rowNames,
    columnNames,
  }: Omit<FigureOptions, "name" | "columns" | "width" | "imageWidth">,
): Markup {
  const image = markup`<img src="data:image/png;base64,${base64(file)}" width="${width * scale}" height="${height * scale}" alt="${description}">`;
  const rows =
    rowNames && markup`<div class="rows">${rowNames.map((name) => markup`<span>${name}</span>`)}</div>`;
  const columns =
    columnNames &&
    markup`<div class="columns">${columnNames.map((name) => markup`<span>${name}</span>`)}</div>`;
  return markup`<figure><div class="picture${rows ? " named" : ""}" style="--width:${width * scale}px">${rows}${image}${columns}</div>${
    caption === undefined ? undefined : markup`<figcaption>${caption}</figcaption>`
  }</figure>`;
}
