// Draws one face from its factors. The features are points of a head that turns in space: they shift and foreshorten.

import type { FaceFactors } from "./faceFactors.js";
import {
  type Canvas,
  clamp,
  directionOf,
  ellipse,
  ellipseDistance,
  type Frame,
  length,
  mix,
  paint,
  type Region,
  smoothstep,
  type Tone,
  UPRIGHT,
} from "./raster.js";

/** Sizes and places of one head, in its own coordinates: the origin between the eyes' height and the nose. */
interface Head {
  readonly factors: FaceFactors;
  readonly canvas: Canvas;
  readonly frame: Frame;
  readonly width: number;
  readonly height: number;
  readonly sine: number;
  readonly cosine: number;
  readonly skin: number;
  readonly hair: number;
}

/** How far a picture reaches from its middle: the head fills it. */
export const FACE_REACH = 0.76;

/** What the factors of pose amount to at 1: a shift in the plane, whole turns to the side, the sine of the turn. */
export const POSE = { shift: 0.05, tilt: 0.03, sine: 0.55 } as const;

/** Half the head's width and height, the mouth's place below the middle. */
export const HEAD = { width: 0.47, height: 0.62, mouth: 0.375 } as const;

/** Draws a face over the whole picture. */
export function paintFace(canvas: Canvas, factors: FaceFactors): void {
  const { x, y, tilt, yaw, headShape } = factors;
  const sine = POSE.sine * yaw;
  const frame = { x: POSE.shift * x, y: POSE.shift * y - 0.06, ...directionOf(POSE.tilt * tilt) };
  const head: Head = {
    factors,
    canvas,
    frame,
    width: HEAD.width * (1 + 0.12 * headShape),
    height: HEAD.height * (1 - 0.07 * headShape),
    sine,
    cosine: Math.sqrt(1 - sine * sine),
    skin: mix(0.45, 0.95, factors.skinTone),
    hair: mix(0.04, 0.7, factors.hairTone),
  };
  paintBackground(head);
  paintHair(head, hairOutline(head));
  paintBody(head);
  paintHead(head);
  // Part by part rather than side by side: where two overlap, left and right then stay alike.
  for (const paintPart of [paintEar, paintSocket, paintEye, paintBrow]) {
    paintPart(head, -1);
    paintPart(head, 1);
  }
  paintNose(head);
  paintMouth(head);
  paintFringe(head);
}

/** Where a point of the head (x to the right, z to the front, of the unit circle) is seen, and its depth. */
function turned(head: Head, x: number, z: number): { x: number; z: number } {
  const { sine, cosine, width } = head;
  return { x: width * (x * cosine + z * sine), z: z * cosine - x * sine };
}

function paintBackground({ canvas, factors }: Head): void {
  const tone = mix(0.08, 0.95, factors.background);
  const everywhere: Region = { x: 0, y: 0, radius: 2, distance: () => -1 };
  paint(canvas, UPRIGHT, everywhere, (x, y) => tone * (1 - 0.07 * (x * x + y * y)));
}

/** Neck and shoulders, which stay upright below a head that tilts. */
function paintBody({ canvas, factors, frame, skin, width, sine }: Head): void {
  const body: Frame = { ...UPRIGHT, x: frame.x, y: frame.y };
  const neck = ellipse(0.05 * sine, 0.62, 0.5 * width, 0.42);
  paint(canvas, body, neck, (_, y) => skin * mix(0.62, 0.84, smoothstep((y - 0.5) / 0.4)));
  const clothing = mix(0.06, 0.94, factors.clothingTone);
  const shoulders = ellipse(0, 1.18, 0.86, 0.55);
  const collar = ellipse(0.03 * sine, 0.58, 0.3, 0.2);
  const distance = (x: number, y: number) => Math.max(shoulders.distance(x, y), -collar.distance(x, y));
  paint(canvas, body, { ...shoulders, distance }, (x) => clothing * (1 - 0.25 * x * x));
}

/** An egg: the chin narrower than the crown, and farther to the side that the face looks to. */
function headDistance({ width, height, sine }: Head, x: number, y: number, grown = 0): number {
  const v = y / height;
  const narrowing = 1 - 0.13 * v - 0.05 * v * v;
  const lean = 0.13 * sine * (v + 0.35);
  return ellipseDistance((x - width * lean) / narrowing, y, width + grown, height + grown);
}

function paintHead(head: Head): void {
  const { canvas, frame, width, height, skin, sine } = head;
  const region: Region = {
    x: 0,
    y: 0,
    radius: Math.max(width, height) * 1.15,
    distance: (x, y) => headDistance(head, x, y),
  };
  // Light from above the viewer; the cheek that turns away from the viewer's side lies in shade.
  const shade: Tone = (x, y) => {
    const [u, v] = [x / width, y / height];
    const depth = Math.sqrt(Math.max(0, 1 - 0.85 * (u * u + v * v)));
    const side = u - 0.75 * sine;
    return skin * (0.66 + 0.36 * depth - 0.07 * v - 0.1 * side * side);
  };
  paint(canvas, frame, region, shade);
}

/** The part of a region that lies on the head, lest features hang over its edge when it turns. */
function onHead(head: Head, region: Region): Region {
  const distance = (x: number, y: number) => Math.max(region.distance(x, y), headDistance(head, x, y));
  return { ...region, distance };
}

function paintEar(head: Head, side: number): void {
  const { canvas, frame, skin, cosine } = head;
  const place = turned(head, side * 1.02, -0.12);
  const facing = smoothstep((place.z + 0.42) / 0.5);
  const ear = ellipse(place.x, 0.06, 0.05 + 0.06 * (1 - cosine), 0.12);
  paint(canvas, frame, ear, skin * 0.86, { opacity: facing });
  const hollow = ellipse(place.x, 0.06, 0.022 + 0.03 * (1 - cosine), 0.07);
  paint(canvas, frame, hollow, skin * 0.66, { opacity: facing * 0.8, softness: 0.02 });
}

/** Middle of an eye, and half its width; both lie just above the origin. */
function eyePlace(head: Head, side: number): { x: number; y: number; radius: number } {
  const { x, z } = turned(head, side * 0.42, 0.907);
  return { x, y: -0.02, radius: 0.27 * head.width * mix(1, z / 0.907, 0.8) };
}

function paintSocket(head: Head, side: number): void {
  const { canvas, frame, skin } = head;
  const { x, y, radius } = eyePlace(head, side);
  const socket = ellipse(x, y - 0.01, radius * 1.25, 0.115);
  paint(canvas, frame, onHead(head, socket), skin * 0.72, { softness: 0.05, opacity: 0.55 });
}

function paintEye(head: Head, side: number): void {
  const { canvas, frame, factors, skin, sine, cosine } = head;
  const { x, y, radius } = eyePlace(head, side);
  const openness = 0.054 * factors.eyeOpening * (3 - factors.eyeOpening);
  const lashes = ellipse(x, y - 0.012, radius + 0.012, openness + 0.026);
  paint(canvas, frame, onHead(head, lashes), skin * 0.2);
  const opening = onHead(head, ellipse(x, y + 0.008, radius, openness + 1e-3));
  const open = smoothstep(factors.eyeOpening / 0.35);
  paint(canvas, frame, opening, 0.97, { opacity: open });
  const gaze = x + 0.045 * sine * cosine;
  const iris = ellipse(gaze, y + 0.005, 0.068, 0.074);
  const within = (part: Region): Region => ({
    ...part,
    distance: (atX, atY) => Math.max(part.distance(atX, atY), opening.distance(atX, atY)),
  });
  paint(canvas, frame, within(iris), 0.2, { opacity: open });
  paint(canvas, frame, within(ellipse(gaze, y + 0.005, 0.036, 0.036)), 0.02, { opacity: open });
  paint(canvas, frame, within(ellipse(gaze, y - 0.025, 0.02, 0.02)), 1, { opacity: open });
}

/** A parabola over t from −1 to 1: its height at the middle, its slope there, and how it bends. */
type Parabola = readonly [height: number, slope: number, bend: number];

/** A stroke along a parabola, thinner towards its ends; its halves may differ in width. */
function stroke(
  x: number,
  y: number,
  [left, right]: readonly [number, number],
  thickness: number,
  [height, slope, bend]: Parabola,
): Region {
  const distance = (atX: number, atY: number) => {
    const halfWidth = atX < x ? left : right;
    const t = clamp((atX - x) / halfWidth, -1, 1);
    const along = atX - x - t * halfWidth;
    const steepness = (slope + 2 * bend * t) / halfWidth;
    const across = (atY - y - height - (slope + bend * t) * t) / length(1, steepness);
    return length(along, across) - thickness * (1 - 0.45 * t * t);
  };
  const reach = Math.abs(height) + Math.abs(slope) + Math.abs(bend) + thickness;
  return { x, y, radius: Math.max(left, right) + reach, distance };
}

function paintBrow(head: Head, side: number): void {
  const { canvas, frame, factors, skin, hair, width } = head;
  const place = turned(head, side * 0.44, 0.898);
  const halfWidth = 0.3 * width * mix(1, place.z / 0.898, 0.8);
  const y = -0.205 - 0.06 * factors.browHeight;
  const slope = 0.075 * factors.browAngle;
  const tone = hair * 0.35 + skin * 0.12;
  paint(
    canvas,
    frame,
    onHead(head, stroke(place.x, y, [halfWidth, halfWidth], 0.034, [0, side * slope, 0.03])),
    tone,
  );
}

function paintNose(head: Head): void {
  const { canvas, frame, skin, sine, width } = head;
  const [root, tip] = [width * 0.96 * sine, width * 1.3 * sine];
  const bridge = ellipse(mix(root, tip, 0.55), 0.09, 0.03, 0.13);
  paint(canvas, frame, bridge, Math.min(1, skin * 1.16), { softness: 0.035, opacity: 0.6 });
  const shadow = ellipse(tip, 0.225, 0.085, 0.028);
  paint(canvas, frame, shadow, skin * 0.42, { softness: 0.02, opacity: 0.75 });
  // The bridge's own shade lies on the side that turns away.
  const flank = ellipse(mix(root, tip, 0.6) - 0.075 * sine, 0.1, 0.03, 0.12);
  paint(canvas, frame, flank, skin * 0.62, { softness: 0.04, opacity: 0.75 * sine * sine });
}

function paintMouth(head: Head): void {
  const { canvas, frame, factors, skin, sine, width } = head;
  const { smile } = factors;
  const y = HEAD.mouth;
  const reach = 0.58 + 0.06 * smile;
  const depth = Math.sqrt(1 - reach * reach);
  const [left, middle, right] = [-1, 0, 1].map((side) => {
    const place = turned(head, side * reach, side === 0 ? 1 : depth);
    return 0.76 * place.x + 0.1 * width * sine;
  });
  const halfWidths = [middle - left, right - middle] as const;
  const curve = (0.17 + 0.03 * smile) * smile;
  const line: Parabola = [0.6 * curve, 0, -curve];
  paint(canvas, frame, onHead(head, stroke(middle, y, halfWidths, 0.05, line)), skin * 0.3);
  paint(canvas, frame, onHead(head, stroke(middle, y, halfWidths, 0.028, line)), skin * 0.1);
}

/** All of the hair: a dome over the skull that falls down on both sides as far as the hair is long. */
function hairOutline(head: Head): Region {
  const { factors, width, height, sine } = head;
  const volume = mix(0.03, 0.17, factors.hairVolume);
  const end = mix(-0.12, 0.9, factors.hairLength);
  const shift = -0.08 * sine * width;
  const [radiusX, radiusY] = [width + volume, height + volume];
  const distance = (x: number, y: number) => {
    const flare = 1 + 0.1 * factors.hairVolume * smoothstep(y + 0.2);
    const dome = ellipseDistance((x - shift) / flare, Math.min(y + 0.06, 0), radiusX, radiusY);
    const sides = Math.abs(x - shift) / flare - radiusX;
    const inside = y < -0.06 ? dome : sides;
    return smoothMax(inside, y - end, 0.12);
  };
  const middle = (end - radiusY - 0.06) / 2;
  const [halfWidth, halfHeight] = [1.1 * radiusX, end - middle];
  return { x: shift, y: middle, radius: length(halfWidth, halfHeight), distance };
}

/** The greater of two numbers, with the corner between them rounded. */
function smoothMax(a: number, b: number, rounding: number): number {
  const h = Math.max(rounding - Math.abs(a - b), 0);
  return Math.max(a, b) + (h * h) / (4 * rounding);
}

function paintHair({ canvas, frame, hair }: Head, region: Region, dark = 0.75): void {
  paint(canvas, frame, region, (x, y) => {
    const band = clamp(1 - Math.abs(y + 0.52 + 0.25 * x * x) / 0.2, 0, 1);
    return Math.min(1, hair * dark + (0.1 + 0.12 * hair) * dark * band * band);
  });
}

/** The hair in front: all of it but a window for the face, whose upper edge the parting slants. */
function paintFringe(head: Head): void {
  const { factors, width, height, sine } = head;
  const outline = hairOutline(head);
  const centre = 0.42 * sine * width;
  const [radiusX, radiusY] = [width * (0.97 - 0.08 * factors.hairVolume), height * 0.68];
  const slant = 0.3 * factors.parting;
  const windowDistance = (x: number, y: number) => {
    const [u, v] = [x - centre, y - 0.06 - slant * (x - centre) * smoothstep(-y / 0.3)];
    return v < 0 ? ellipseDistance(u, v, radiusX, radiusY) : Math.abs(u) - radiusX;
  };
  const distance = (x: number, y: number) => Math.max(outline.distance(x, y), -windowDistance(x, y));
  paintHair(head, { ...outline, distance }, 1);
}
