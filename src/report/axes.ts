// The axes of charts: where they stand, and the frame of ticks and names around marks.

import { type Content, type Markup, markup } from "./markup.js";
import { type Scale, scaleOf } from "./scale.js";

/** What every chart says about itself. */
export interface ChartLabels {
  /** What there is to see, for those who do not see it. */
  readonly description: string;
  readonly x: string;
  readonly y: string;
}

/** A chart's size, and the place inside its axes. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const boxOf = (width: number, height: number): Box => ({
  width,
  height,
  left: 46,
  right: width - 10,
  top: 24,
  // The ticks' labels and the axis's name stand below.
  bottom: height - 38,
});

export const LARGE = boxOf(360, 230);
/** For a place beside something else; its letters are as large. */
export const SMALL = boxOf(250, 170);

/** Coordinates keep one decimal: a tenth of a pixel. */
export const at = (value: number) => String(Math.round(value * 10) / 10);

type Range = readonly [low: number, high: number];

/** Pixels that a tick and its label want for themselves. */
const [TICK_WIDTH, TICK_HEIGHT] = [48, 30];

export const across = ({ left, right }: Box, range: Range) =>
  scaleOf(range, [left, right], Math.floor((right - left) / TICK_WIDTH));

/** Pixels of a label's character, and of all else that is left of the axis. */
const [CHARACTER, BESIDE] = [6.4, 12];

/** A box whose left margin has room for the labels of the y axis. */
export function roomy(box: Box, y: Scale): Box {
  const longest = Math.max(0, ...y.ticks.map((tick) => y.label(tick).length));
  return { ...box, left: Math.max(box.left, Math.ceil(BESIDE + CHARACTER * longest)) };
}

export const upwards = ({ top, bottom }: Box, range: Range) =>
  scaleOf(range, [bottom, top], Math.floor((bottom - top) / TICK_HEIGHT));

/** Axes around marks, which are cut off at the edges; x ticks can be left to what stands outside. */
export function frame(
  { width, height, left, right, top, bottom }: Box,
  labels: ChartLabels,
  x: Scale | undefined,
  y: Scale,
  marks: Content,
  outside?: Content,
): Markup {
  const rows = y.ticks.map((tick) => {
    const place = at(y.place(tick));
    return markup`<path class="grid" d="M${left} ${place}H${right}"/><text x="${left - 7}" y="${place}" dy=".33em" class="end">${y.label(tick)}</text>`;
  });
  const columns = x?.ticks.map((tick) => {
    const place = at(x.place(tick));
    return markup`<path class="tick" d="M${place} ${bottom}v4"/><text x="${place}" y="${bottom + 16}" class="middle">${x.label(tick)}</text>`;
  });
  const names = markup`<text x="2" y="12" class="name">${labels.y}</text><text x="${right}" y="${height - 5}" class="name end">${labels.x}</text>`;
  // An SVG inside an SVG shows nothing beyond its edges. A little room above, for lines as thick as they are.
  const [innerTop, innerWidth, innerHeight] = [top - 4, right - left, bottom - top + 4];
  const inside = markup`<svg x="${left}" y="${innerTop}" width="${innerWidth}" height="${innerHeight}" viewBox="${left} ${innerTop} ${innerWidth} ${innerHeight}">${marks}</svg>`;
  return markup`<svg class="chart" viewBox="0 0 ${width} ${height}" style="--width:${width * 1.2}px" role="img" aria-label="${labels.description}">${rows}${columns}<path class="axis" d="M${left} ${bottom}H${right}"/>${names}${inside}${outside}</svg>`;
}
