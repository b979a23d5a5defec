// Activation functions and their gradients, a class and two exports each; the functions that they share live in
// vectorMath.ts, the loops in map.ts.
//
// Forward kernels name(x, y, first, n, …parameters):
//   Computes y[i] = name(x[i]) for the n elements from first on; NaN stays NaN. Layout contiguous float32.
//   Requires n ≥ 1. Aliasing y may be x.
// Gradients nameGradient(saved, dy, dx, first, n, …parameters):
//   Computes dx[i] = dy[i]·name'(…), from `saved`: the input x or the output y. Layout and requires as above.
//   Aliasing dx may be dy or saved.
//
//   saved is the input x    leakyRelu (slope alpha at 0), softplus, softsign, and those of gates.ts
//   saved is the output y   relu (slope 0 at 0), elu (slope alpha at 0, for alpha ≥ 0), sigmoid, tanh

import { map, mapSlope, mapSlopeWith, mapWith } from "./map";
import { Count, First, Operand } from "./operand";
import { clamp } from "./simd";
import { expm1V, sigmoidV, softplusV, tanhV } from "./vectorMath";

class Relu {
  of(x: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }

  slope(y: v128, dy: v128): v128 {
    return v128.andnot(dy, f32x4.le(y, f32x4.splat(0)));
  }
}

export function relu(x: Operand, y: Operand, first: First, n: Count): void {
  map<Relu>(x, y, first, n);
}

export function reluGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<Relu>(saved, dy, dx, first, n);
}

/** x for x > 0, else alpha·x: its own gradient, applied to dy = x. */
class LeakyRelu {
  of(x: v128, alpha: v128, _none: v128): v128 {
    return this.slope(x, x, alpha, alpha);
  }

  slope(x: v128, dy: v128, alpha: v128, _none: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, alpha), f32x4.gt(x, f32x4.splat(0)));
  }
}

export function leakyRelu(x: Operand, y: Operand, first: First, n: Count, alpha: f32): void {
  mapWith<LeakyRelu>(x, y, first, n, alpha, 0);
}

export function leakyReluGradient(
  saved: Operand,
  dy: Operand,
  dx: Operand,
  first: First,
  n: Count,
  alpha: f32,
): void {
  mapSlopeWith<LeakyRelu>(saved, dy, dx, first, n, alpha, 0);
}

/** x for x > 0, else alpha·(exp(x) − 1). */
class Elu {
  of(x: v128, alpha: v128, _none: v128): v128 {
    return v128.bitselect(x, f32x4.mul(alpha, expm1V(x)), f32x4.gt(x, f32x4.splat(0)));
  }

  /** Below 0 the slope alpha·exp(x) is y + alpha. */
  slope(y: v128, dy: v128, alpha: v128, _none: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(y, alpha)), f32x4.gt(y, f32x4.splat(0)));
  }
}

export function elu(x: Operand, y: Operand, first: First, n: Count, alpha: f32): void {
  mapWith<Elu>(x, y, first, n, alpha, 0);
}

export function eluGradient(
  saved: Operand,
  dy: Operand,
  dx: Operand,
  first: First,
  n: Count,
  alpha: f32,
): void {
  mapSlopeWith<Elu>(saved, dy, dx, first, n, alpha, 0);
}

class Sigmoid {
  of(x: v128): v128 {
    return sigmoidV(x);
  }

  slope(y: v128, dy: v128): v128 {
    return f32x4.mul(dy, f32x4.mul(y, f32x4.sub(f32x4.splat(1), y)));
  }
}

export function sigmoid(x: Operand, y: Operand, first: First, n: Count): void {
  map<Sigmoid>(x, y, first, n);
}

export function sigmoidGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<Sigmoid>(saved, dy, dx, first, n);
}

class Tanh {
  of(x: v128): v128 {
    return tanhV(x);
  }

  /** 1 − y² as (1 − y)·(1 + y), which keeps its accuracy near |y| = 1. */
  slope(y: v128, dy: v128): v128 {
    const one = f32x4.splat(1);
    return f32x4.mul(dy, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
  }
}

export function tanh(x: Operand, y: Operand, first: First, n: Count): void {
  map<Tanh>(x, y, first, n);
}

export function tanhGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<Tanh>(saved, dy, dx, first, n);
}

/** x / (1 + |x|). */
class Softsign {
  of(x: v128): v128 {
    const finite = clamp(x, f32.MAX_VALUE); // ∞ / ∞ would be NaN
    return f32x4.div(finite, f32x4.add(f32x4.splat(1), f32x4.abs(finite)));
  }

  slope(x: v128, dy: v128): v128 {
    const inverse = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), f32x4.abs(x)));
    return f32x4.mul(dy, f32x4.mul(inverse, inverse));
  }
}

export function softsign(x: Operand, y: Operand, first: First, n: Count): void {
  map<Softsign>(x, y, first, n);
}

export function softsignGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<Softsign>(saved, dy, dx, first, n);
}

class Softplus {
  of(x: v128): v128 {
    return softplusV(x);
  }

  slope(x: v128, dy: v128): v128 {
    return f32x4.mul(dy, sigmoidV(x));
  }
}

export function softplus(x: Operand, y: Operand, first: First, n: Count): void {
  map<Softplus>(x, y, first, n);
}

export function softplusGradient(saved: Operand, dy: Operand, dx: Operand, first: First, n: Count): void {
  mapSlope<Softplus>(saved, dy, dx, first, n);
}
