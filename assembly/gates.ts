// Activations x·g(x) with a gate g that rises from 0 to 1, and their gradients; contracts as in activations.ts, saved is
// the input x.

import { map, mapSlope } from "./map";
import { Count, First, Operand } from "./operand";
import { clamp, madd } from "./simd";
import { expV, gaussianV, normalTailRatioV, sigmoidV } from "./vectorMath";

// Where exp(−x²/2) is 0 in float32, so are gelu's tail and slope: clamping x there avoids ∞·0.
const GELU_BOUND: f32 = 15;

class Gelu {
  /** x·Φ(x) = max(x, 0) − |x|·Φ(−|x|): the tail keeps its relative accuracy, which 1 + erf loses below −1. */
  of(x: v128): v128 {
    const a = f32x4.pmin(f32x4.abs(x), f32x4.splat(GELU_BOUND));
    const tail = f32x4.mul(f32x4.mul(a, normalTailRatioV(a)), gaussianV(a, f32x4.splat(0.5)));
    return f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), tail);
  }

  /** Φ(x) + x·φ(x), with φ(x) = exp(−x²/2) / √(2π). */
  slope(x: v128, dy: v128): v128 {
    const clamped = clamp(x, GELU_BOUND);
    const a = f32x4.abs(clamped);
    const gaussian = gaussianV(a, f32x4.splat(0.5));
    const tail = f32x4.mul(normalTailRatioV(a), gaussian);
    const positive = f32x4.gt(x, f32x4.splat(0));
    const cumulative = v128.bitselect(f32x4.sub(f32x4.splat(1), tail), tail, positive);
    const density = f32x4.mul(gaussian, f32x4.splat(0.3989422804014327));
    return f32x4.mul(dy, madd(clamped, density, cumulative));
  }
}

export function gelu(x: Operand, y: Operand, first: First, n: Count): void {
  map<Gelu>(x, y, first, n);
}

export function geluGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<Gelu>(saved, dy, dx, first, n);
}

// gelu's approximation x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) is x·sigmoid(x·(SLOPE + CUBE·x²)), which
// spares the cancellation in 1 + tanh. Rounding the sigmoid's argument still costs |argument| ulp below 0:
// 10 at x = −3, 200 at x = −10 where the value is 1e-38.
const SLOPE: f32 = 1.5957691216057308;
const CUBE: f32 = 0.07135481627159752;
const GELU_TANH_BOUND: f32 = 20;

class GeluTanh {
  of(x: v128): v128 {
    const bounded = f32x4.pmax(x, f32x4.splat(-GELU_TANH_BOUND));
    const inner = madd(f32x4.mul(bounded, bounded), f32x4.splat(CUBE), f32x4.splat(SLOPE));
    return f32x4.mul(bounded, sigmoidV(f32x4.mul(bounded, inner)));
  }

  slope(x: v128, dy: v128): v128 {
    const bounded = clamp(x, GELU_TANH_BOUND);
    const square = f32x4.mul(bounded, bounded);
    const z = f32x4.mul(bounded, madd(square, f32x4.splat(CUBE), f32x4.splat(SLOPE)));
    const innerSlope = madd(square, f32x4.splat(3 * CUBE), f32x4.splat(SLOPE));
    return f32x4.mul(dy, gatedSlope(z, f32x4.mul(bounded, innerSlope)));
  }
}

export function geluTanh(x: Operand, y: Operand, first: First, n: Count): void {
  map<GeluTanh>(x, y, first, n);
}

export function geluTanhGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<GeluTanh>(saved, dy, dx, first, n);
}

// sigmoid(−110) is 0 in float32: below, silu and mish are −0, not −∞·0.
const SILU_BOUND: f32 = 110;

/** x·sigmoid(x). */
class Silu {
  of(x: v128): v128 {
    return f32x4.mul(f32x4.pmax(x, f32x4.splat(-SILU_BOUND)), sigmoidV(x));
  }

  slope(x: v128, dy: v128): v128 {
    const bounded = clamp(x, SILU_BOUND);
    return f32x4.mul(dy, gatedSlope(bounded, bounded));
  }
}

export function silu(x: Operand, y: Operand, first: First, n: Count): void {
  map<Silu>(x, y, first, n);
}

export function siluGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<Silu>(saved, dy, dx, first, n);
}

/**
 * sigmoid(z) + weight·sigmoid'(z): the derivative of x·sigmoid(z(x)) for weight = x·z'(x).
 *
 * sigmoid' = e / (1 + e)² with e = exp(−|z|): the usual s·(1 − s) cancels for large z.
 */
function gatedSlope(z: v128, weight: v128): v128 {
  const one = f32x4.splat(1);
  const e = expV(f32x4.neg(f32x4.abs(z)));
  const inverse = f32x4.div(one, f32x4.add(one, e));
  const sigmoid = f32x4.mul(v128.bitselect(e, one, f32x4.lt(z, f32x4.splat(0))), inverse);
  return madd(weight, f32x4.mul(e, f32x4.mul(inverse, inverse)), sigmoid);
}

/** x·tanh(log(1 + eˣ)) = x·p/q, with e = exp(−|x|), p = e·(e + 2), q = p + 2; both over e² where x > 0. */
class Mish {
  of(x: v128): v128 {
    const e = expV(f32x4.neg(f32x4.abs(x)));
    const p = this.p(x, e);
    return f32x4.mul(f32x4.pmax(x, f32x4.splat(-SILU_BOUND)), f32x4.div(p, this.q(x, e, p)));
  }

  /** p/q + x·4g·(1 + e)/q², with g = e, or e² where x > 0. */
  slope(x: v128, dy: v128): v128 {
    const e = expV(f32x4.neg(f32x4.abs(x)));
    const p = this.p(x, e);
    const inverse = f32x4.div(f32x4.splat(1), this.q(x, e, p));
    const g = v128.bitselect(f32x4.mul(e, e), e, f32x4.gt(x, f32x4.splat(0)));
    const steep = f32x4.mul(f32x4.mul(f32x4.splat(4), g), f32x4.add(f32x4.splat(1), e));
    const weight = f32x4.mul(clamp(x, SILU_BOUND), f32x4.mul(steep, inverse));
    return f32x4.mul(dy, f32x4.mul(f32x4.add(p, weight), inverse));
  }

  private p(x: v128, e: v128): v128 {
    const two = f32x4.splat(2);
    const positive = f32x4.gt(x, f32x4.splat(0));
    return v128.bitselect(madd(e, two, f32x4.splat(1)), f32x4.mul(e, f32x4.add(e, two)), positive);
  }

  private q(x: v128, e: v128, p: v128): v128 {
    const two = f32x4.splat(2);
    return f32x4.add(p, v128.bitselect(f32x4.mul(two, f32x4.mul(e, e)), two, f32x4.gt(x, f32x4.splat(0))));
  }
}

export function mish(x: Operand, y: Operand, first: First, n: Count): void {
  map<Mish>(x, y, first, n);
}

export function mishGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<Mish>(saved, dy, dx, first, n);
}
