// An antialiased rasteriser of regions given by signed distances. Only + − × ÷ and √ touch a pixel, so that the same
// drawing has the same bits on every runtime.

/** A square picture under work: tones row by row. */
export interface Canvas {
  readonly size: number;
  readonly tones: Float32Array;
  /** How far the picture reaches from the middle of the plane, right and left, up and down (y grows downwards). */
  readonly reach: number;
}

/** Where a drawing's own coordinates lie in the picture: turned, then moved. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly cosine: number;
  readonly sine: number;
}

/** A set of points of the plane. */
export interface Region {
  /** Centre and radius of a circle that holds all of it; nothing outside is painted. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Signed distance to the edge, negative inside; it need be exact only near the edge. */
  readonly distance: (x: number, y: number) => number;
}

/** A tone from 0 (black) to 1 (white), the same everywhere or depending on the place. */
export type Tone = number | ((x: number, y: number) => number);

export interface PaintOptions {
  /** Half the width over which the edge fades, beside the pixel's own (default 0). */
  readonly softness?: number | undefined;
  /** Share of the tone in the mix with what is below, from 0 to 1 (default 1). */
  readonly opacity?: number | undefined;
}

/** The frame that leaves coordinates as they are. */
export const UPRIGHT: Frame = { x: 0, y: 0, cosine: 1, sine: 0 };

/** Half the width of an antialiased edge, in pixels: the ramp's width that makes moving edges look smoothest. */
const EDGE = 0.7;

/** Paints a region over the picture; an edge covers the pixels that it crosses in part. */
export function paint(canvas: Canvas, frame: Frame, region: Region, tone: Tone, options: PaintOptions = {}) {
  const { size, tones, reach: edge } = canvas;
  const { softness = 0, opacity = 1 } = options;
  const { cosine, sine } = frame;
  const fade = (2 * EDGE * edge) / size + softness;
  const reach = region.radius + fade;
  const [left, right] = span(frame.x + region.x * cosine - region.y * sine, reach, canvas);
  const [top, bottom] = span(frame.y + region.x * sine + region.y * cosine, reach, canvas);
  for (let row = top; row <= bottom; row++) {
    const fromY = ((2 * row + 1 - size) / size) * edge - frame.y;
    for (let column = left; column <= right; column++) {
      const fromX = ((2 * column + 1 - size) / size) * edge - frame.x;
      const x = cosine * fromX + sine * fromY;
      const y = cosine * fromY - sine * fromX;
      const covered = smoothstep(0.5 - region.distance(x, y) / (2 * fade));
      if (covered === 0) continue;
      const at = row * size + column;
      const painted = typeof tone === "number" ? tone : tone(x, y);
      tones[at] += covered * opacity * (painted - tones[at]);
    }
  }
}

/** The first and last pixel whose centre is at most `reach` from `centre`, along one axis. */
function span(centre: number, reach: number, { size, reach: edge }: Canvas): [number, number] {
  const pixelOf = (place: number) => ((place / edge + 1) * size - 1) / 2;
  return [
    Math.max(0, Math.ceil(pixelOf(centre - reach))),
    Math.min(size - 1, Math.floor(pixelOf(centre + reach))),
  ];
}

/** 0 up to 0, 1 from 1 on, and smooth between. */
export function smoothstep(x: number): number {
  const t = clamp(x, 0, 1);
  return t * t * (3 - 2 * t);
}

export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}

/** Length of a vector. `Math.hypot` is slower by far, and not the same everywhere. */
export function length(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

/** The part of the way from one number to another. */
export function mix(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}

/**
 * Cosine and sine of a number of whole turns. `Math.sin` may differ by a bit between runtimes; this does not: Taylor's
 * series up to an eighth of a turn (error below 10⁻¹⁰), and symmetry beyond.
 */
export function directionOf(turns: number): { cosine: number; sine: number } {
  const quarter = Math.round(4 * turns);
  const x = (turns - quarter / 4) * 2 * Math.PI;
  const square = x * x;
  const series = (first: number) => {
    let term = 1;
    let sum = 1;
    for (let n = first; n < first + 12; n += 2) sum += term *= -square / (n * (n + 1));
    return sum;
  };
  const [cosine, sine] = [series(1), x * series(2)];
  const turned = [
    { cosine, sine },
    { cosine: -sine, sine: cosine },
    { cosine: -cosine, sine: -sine },
    { cosine: sine, sine: -cosine },
  ];
  return turned[((quarter % 4) + 4) % 4];
}

/** An ellipse with its axes along x and y; the distance is exact on the edge and to first order near it. */
export function ellipse(x: number, y: number, radiusX: number, radiusY: number): Region {
  const distance = (atX: number, atY: number) => ellipseDistance(atX - x, atY - y, radiusX, radiusY);
  return { x, y, radius: Math.max(radiusX, radiusY), distance };
}

/** Signed distance, to first order, of a point from an ellipse around the origin. */
export function ellipseDistance(x: number, y: number, radiusX: number, radiusY: number): number {
  const [u, v] = [x / radiusX, y / radiusY];
  const level = length(u, v);
  const slope = length(u / radiusX, v / radiusY);
  return slope === 0 ? -Math.min(radiusX, radiusY) : (level * (level - 1)) / slope;
}
