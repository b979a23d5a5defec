// The factors of a drawn face: their meanings and ranges.

/** What a face is drawn from; the ranges stand in {@link FACE_RANGES}. */
export interface FaceFactors {
  /** From long and narrow (−1) to short and wide (1). */
  readonly headShape: number;
  /** The head's turn, from 33° to the picture's left (−1) to 33° to its right (1). */
  readonly yaw: number;
  /** The head's roll, from 11° anticlockwise (−1) to 11° clockwise (1). */
  readonly tilt: number;
  /** The mouth's curve, from its corners down (−1) to a broad smile (1). */
  readonly smile: number;
  /** From closed eyes (0) to eyes wide open (1). */
  readonly eyeOpening: number;
  /** From low brows (−1) to raised ones (1). */
  readonly browHeight: number;
  /** From brows whose inner ends are down, as in anger (−1), to inner ends up, as in sorrow (1). */
  readonly browAngle: number;
  /** From hair on the crown only (0) to hair over the shoulders (1). */
  readonly hairLength: number;
  /** From hair close to the skull (0) to thick hair (1). */
  readonly hairVolume: number;
  /** From a fringe that hangs to the picture's left (−1) to one that hangs to its right (1). */
  readonly parting: number;
  /** From black hair (0) to white hair (1). */
  readonly hairTone: number;
  /** From dark skin (0) to light skin (1). */
  readonly skinTone: number;
  /** From black clothes (0) to white ones (1). */
  readonly clothingTone: number;
  /** From a dark background (0) to a light one (1). */
  readonly background: number;
  /** The head's place, from left (−1) to right (1): 5 % of the picture's width. */
  readonly x: number;
  /** The head's place, from up (−1) to down (1): 5 % of the picture's height. */
  readonly y: number;
}

/** Name of a factor. */
export type FaceFactor = keyof FaceFactors;

const SIGNED = [-1, 1] as const;
const AMOUNT = [0, 1] as const;

/** The least and greatest value of each factor; a face that does not name a factor has the middle. */
export const FACE_RANGES: Readonly<Record<FaceFactor, readonly [low: number, high: number]>> = Object.freeze({
  headShape: SIGNED,
  yaw: SIGNED,
  tilt: SIGNED,
  smile: SIGNED,
  eyeOpening: AMOUNT,
  browHeight: SIGNED,
  browAngle: SIGNED,
  hairLength: AMOUNT,
  hairVolume: AMOUNT,
  parting: SIGNED,
  hairTone: AMOUNT,
  skinTone: AMOUNT,
  clothingTone: AMOUNT,
  background: AMOUNT,
  x: SIGNED,
  y: SIGNED,
});
