// Charts as inline SVG: curves, bars, histograms and scatters within axes. Colours come from the page's style.

import { across, at, type Box, type ChartLabels, frame, LARGE, roomy, upwards } from "./axes.js";
import { type Markup, markup } from "./markup.js";
import { rangeOf, type Scale } from "./scale.js";

export type Point = readonly [x: number, y: number];

/** A line of a chart; `tone` is its number among the page's colours. */
export interface Series {
  readonly points: readonly Point[];
  readonly tone: number;
  /** Whether each point gets a dot. */
  readonly hasDots?: boolean;
  /** Whether it stands back behind others. */
  readonly isFaint?: boolean;
}

/** A dot for each point, as one path: lines of no length with round ends. */
const dotsOf = (points: readonly Point[], x: Scale, y: Scale) =>
  points.map(([a, b]) => `M${at(x.place(a))} ${at(y.place(b))}h0`).join("");

type Range = readonly [low: number, high: number];

/** Where the way from one point to another crosses a height. */
const crossing = ([x0, y0]: Point, [x1, y1]: Point, y: number): Point => [
  x0 + ((y - y0) / (y1 - y0)) * (x1 - x0),
  y,
];

/** Lines through points, cut off where they leave a range. */
export function cutLines(points: readonly Point[], [low, high]: Range): Point[][] {
  const within = (point: Point): Point => [point[0], Math.min(high, Math.max(low, point[1]))];
  const lines: Point[][] = [];
  points.forEach((to, i) => {
    const isInside = to[1] >= low && to[1] <= high;
    const from = points[i - 1] as Point | undefined;
    if (from === undefined) {
      if (isInside) lines.push([to]);
      return;
    }
    const [start, end] = [from, to].map((point) =>
      within(point)[1] === point[1] ? point : crossing(from, to, within(point)[1]),
    );
    const isBeside = within(from)[1] === within(to)[1] && !isInside;
    if (isBeside) return;
    // A line that comes from outside begins at the edge.
    if (start !== from || lines.length === 0) lines.push([start]);
    lines[lines.length - 1].push(end);
  });
  return lines;
}

/** Lines through points; the y axis spans `range`, or all points. What lies beyond is cut off. */
export function curves(
  labels: ChartLabels,
  series: readonly Series[],
  range?: Range,
  box: Box = LARGE,
): Markup {
  const points = series.flatMap((one) => one.points);
  const [low, high] = range ?? rangeOf(points.map(([, value]) => value));
  const y = upwards(box, [low, high]);
  const own = roomy(box, y);
  const x = across(own, rangeOf(points.map(([value]) => value)));
  const lines = series.map((one) => {
    const finite = one.points.filter(([, value]) => Number.isFinite(value));
    const line = cutLines(finite, [low, high]).flatMap((part) =>
      part.map(([a, b], i) => `${i === 0 ? "M" : "L"}${at(x.place(a))} ${at(y.place(b))}`),
    );
    const inside = finite.filter(([, value]) => value >= low && value <= high);
    // A single point makes no line.
    const dots = one.hasDots === true || finite.length === 1 ? dotsOf(inside, x, y) : "";
    return markup`<path class="line${one.isFaint === true ? " past" : ""} tone${one.tone}" d="${line.join("")}"/><path class="dots tone${one.tone}" d="${dots}"/>`;
  });
  return frame(own, labels, x, y, lines);
}

/** Room for one bar at most. */
const WIDEST_SLOT = 40;

/** One bar per value, from 0; `names` stand below where there is room. */
export function bars(
  labels: ChartLabels,
  values: readonly { readonly name: string; readonly value: number; readonly tone: number }[],
): Markup {
  const y = upwards(LARGE, [0, rangeOf([0, ...values.map(({ value }) => value)])[1]]);
  const box = roomy(LARGE, y);
  const { left, right, bottom } = box;
  const slot = Math.min((right - left) / values.length, WIDEST_SLOT);
  const gap = Math.min(4, slot / 4);
  const marks = values.map(({ value, tone }, i) => {
    const top = y.place(value);
    return markup`<rect class="fill tone${tone}" x="${at(left + i * slot + gap / 2)}" y="${at(top)}" width="${at(slot - gap)}" height="${at(bottom - top)}"/>`;
  });
  const names = values.map(({ name }, i) =>
    values.length > 20
      ? undefined
      : markup`<text x="${at(left + (i + 0.5) * slot)}" y="${bottom + 16}" class="middle">${name}</text>`,
  );
  return frame(box, labels, undefined, y, marks, names);
}

/**
 * How many values of each series fall in each of equal intervals of a range (default: that of all values). Those beyond
 * an end are counted in the interval there.
 */
export function histogram(
  labels: ChartLabels,
  series: readonly { readonly values: ArrayLike<number>; readonly tone: number }[],
  { range, intervals = 24 }: { readonly range?: Range; readonly intervals?: number } = {},
): Markup {
  const [low, high] = range ?? rangeOf(series.flatMap(({ values }) => Array.from(values)));
  const counts = series.map(({ values }) => {
    const count = Array.from({ length: intervals }, () => 0);
    for (const value of Array.from(values)) {
      const share = (value - low) / (high - low);
      const place = Math.floor(share * intervals);
      if (Number.isFinite(share)) count[Math.min(intervals - 1, Math.max(0, place))]++;
    }
    return count;
  });
  const y = upwards(LARGE, [0, rangeOf([0, ...counts.flat()])[1]]);
  const box = roomy(LARGE, y);
  const x = across(box, [low, high]);
  const marks = series.map(({ tone }, i) => {
    const steps = counts[i].map((count, place) => {
      const right = x.place(low + ((place + 1) / intervals) * (high - low));
      return `V${at(y.place(count))}H${at(right)}`;
    });
    return markup`<path class="area tone${tone}" d="M${box.left} ${box.bottom}${steps.join("")}V${box.bottom}Z"/>`;
  });
  return frame(box, labels, x, y, marks);
}

/** Points of one colour; `shade` names a class of the style. */
export interface Cloud {
  readonly points: readonly Point[];
  readonly shade: string;
  /** Written at the middle of the points. */
  readonly name?: string;
}

/** Names nearer to each other than this, in pixels, would be unreadable. */
const NEAREST_NAMES = 24;

/** Names at the middle of their points; those that would lie on each other are left out. */
function placedNames(clouds: readonly Cloud[], x: Scale, y: Scale) {
  const wanted = clouds.flatMap(({ name, points }) => {
    if (name === undefined || points.length === 0) return [];
    const middle = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
    return [{ name, left: x.place(middle(0)), top: y.place(middle(1)) }];
  });
  return wanted.filter((one) =>
    wanted.every(
      (other) => other === one || Math.hypot(other.left - one.left, other.top - one.top) >= NEAREST_NAMES,
    ),
  );
}

/** Points in the plane, one cloud over the other, their names above them all, where there is room. */
export function scatter(labels: ChartLabels, clouds: readonly Cloud[]): Markup {
  const points = clouds.flatMap((cloud) => cloud.points);
  const y = upwards(LARGE, widened(rangeOf(points.map(([, value]) => value))));
  const box = roomy(LARGE, y);
  const x = across(box, widened(rangeOf(points.map(([value]) => value))));
  const marks = clouds.map(
    (cloud) => markup`<path class="dots ${cloud.shade}" d="${dotsOf(cloud.points, x, y)}"/>`,
  );
  const names = placedNames(clouds, x, y).map(
    ({ name, left, top }) =>
      markup`<text class="cloud middle" x="${at(left)}" y="${at(top)}" dy=".33em">${name}</text>`,
  );
  return frame(box, labels, x, y, [...marks, ...names]);
}

/** Room around the outermost points. */
function widened([low, high]: readonly [number, number]): readonly [number, number] {
  const room = 0.04 * (high - low);
  return [low - room, high + room];
}
