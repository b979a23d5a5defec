// Other functions of single elements and their gradients, a class and two exports each; activation functions live in
// activations.ts, the functions that they share in vectorMath.ts, the loops in map.ts.
//
// Forward kernels name(x, y, n, …parameters):
//   Computes y[i] = name(x[i]); NaN stays NaN. Layout n float32 each, contiguous. Requires n ≥ 1. Aliasing y may be x.
// Gradients nameGradient(saved, dy, dx, n, …parameters):
//   Computes dx[i] = dy[i]·name'(…), from `saved`: the input x or the output y. Layout and requires as above.
//   Aliasing dx may be dy or saved.
//
//   saved is the input x    log, log1p, erf, square, abs (slope 0 at 0), clip (slope 1 at the bounds)
//   saved is the output y   exp, sqrt
//   neither                 negate and scale are linear: their gradients are themselves

import { map, mapSlope, mapSlopeWith, mapWith } from "./map";
import { Operand } from "./operand";
import { madd } from "./simd";
import { erfV, expV, gaussianV, log1pV, logV } from "./vectorMath";

class Exp {
  of(x: v128): v128 {
    return expV(x);
  }

  slope(y: v128, dy: v128): v128 {
    return f32x4.mul(dy, y);
  }
}

export function exp(x: Operand, y: Operand, n: i32): void {
  map<Exp>(x, y, n);
}

export function expGradient(saved: Operand, dy: Operand, dx: Operand, n: i32): void {
  mapSlope<Exp>(saved, dy, dx, n);
}

class Log {
  of(x: v128): v128 {
    return logV(x);
  }

  slope(x: v128, dy: v128): v128 {
    return f32x4.div(dy, x);
  }
}

export function log(x: Operand, y: Operand, n: i32): void {
  map<Log>(x, y, n);
}

export function logGradient(saved: Operand, dy: Operand, dx: Operand, n: i32): void {
  mapSlope<Log>(saved, dy, dx, n);
}

class Log1p {
  of(x: v128): v128 {
    return log1pV(x);
  }

  slope(x: v128, dy: v128): v128 {
    return f32x4.div(dy, f32x4.add(x, f32x4.splat(1)));
  }
}

export function log1p(x: Operand, y: Operand, n: i32): void {
  map<Log1p>(x, y, n);
}

export function log1pGradient(saved: Operand, dy: Operand, dx: Operand, n: i32): void {
  mapSlope<Log1p>(saved, dy, dx, n);
}

class Erf {
  of(x: v128): v128 {
    return erfV(x);
  }

  /** 2/√π · exp(−x²). */
  slope(x: v128, dy: v128): v128 {
    const gaussian = gaussianV(x, f32x4.splat(1));
    return f32x4.mul(dy, f32x4.mul(gaussian, f32x4.splat(1.1283791670955126)));
  }
}

export function erf(x: Operand, y: Operand, n: i32): void {
  map<Erf>(x, y, n);
}

export function erfGradient(saved: Operand, dy: Operand, dx: Operand, n: i32): void {
  mapSlope<Erf>(saved, dy, dx, n);
}

class Sqrt {
  of(x: v128): v128 {
    return f32x4.sqrt(x);
  }

  slope(y: v128, dy: v128): v128 {
    return f32x4.div(f32x4.mul(dy, f32x4.splat(0.5)), y);
  }
}

export function sqrt(x: Operand, y: Operand, n: i32): void {
  map<Sqrt>(x, y, n);
}

export function sqrtGradient(saved: Operand, dy: Operand, dx: Operand, n: i32): void {
  mapSlope<Sqrt>(saved, dy, dx, n);
}

class Square {
  of(x: v128): v128 {
    return f32x4.mul(x, x);
  }

  slope(x: v128, dy: v128): v128 {
    return f32x4.mul(dy, f32x4.add(x, x));
  }
}

export function square(x: Operand, y: Operand, n: i32): void {
  map<Square>(x, y, n);
}

export function squareGradient(saved: Operand, dy: Operand, dx: Operand, n: i32): void {
  mapSlope<Square>(saved, dy, dx, n);
}

class Abs {
  of(x: v128): v128 {
    return f32x4.abs(x);
  }

  slope(x: v128, dy: v128): v128 {
    const zero = f32x4.splat(0);
    const signed = v128.bitselect(f32x4.neg(dy), dy, f32x4.lt(x, zero));
    return v128.andnot(signed, f32x4.eq(x, zero));
  }
}

export function abs(x: Operand, y: Operand, n: i32): void {
  map<Abs>(x, y, n);
}

export function absGradient(saved: Operand, dy: Operand, dx: Operand, n: i32): void {
  mapSlope<Abs>(saved, dy, dx, n);
}

class Negate {
  of(x: v128): v128 {
    return f32x4.neg(x);
  }
}

export function negate(x: Operand, y: Operand, n: i32): void {
  map<Negate>(x, y, n);
}

/** factor·x + offset. */
class Scale {
  of(x: v128, factor: v128, offset: v128): v128 {
    return madd(factor, x, offset);
  }
}

export function scale(x: Operand, y: Operand, n: i32, factor: f32, offset: f32): void {
  mapWith<Scale>(x, y, n, factor, offset);
}

/** min(max(x, low), high), x first: the other order would turn NaN into a bound. */
class Clip {
  of(x: v128, low: v128, high: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, low), high);
  }

  slope(x: v128, dy: v128, low: v128, high: v128): v128 {
    return v128.andnot(dy, v128.or(f32x4.lt(x, low), f32x4.gt(x, high)));
  }
}

export function clip(x: Operand, y: Operand, n: i32, low: f32, high: f32): void {
  mapWith<Clip>(x, y, n, low, high);
}

export function clipGradient(saved: Operand, dy: Operand, dx: Operand, n: i32, low: f32, high: f32): void {
  mapSlopeWith<Clip>(saved, dy, dx, n, low, high);
}
