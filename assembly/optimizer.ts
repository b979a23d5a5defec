// One pass per optimiser update over flat buffers: parameters p, their gradient g and the running state.
//
// Scalars arrive as float64, bias corrections included, and are rounded to float32 once: 1 − 0.999ᵗ taken
// in float32 would put Adam's first steps off by 2e-5. Weight decay w is extra to the gradient (g + w p)
// or, decoupled, taken off the parameter (p − rate w p) apart from the step.

import { InPlace, Operand, OptionalInPlace } from "./operand";
import { loadLanes, madd, Part, storeLanes, Whole } from "./simd";

/**
 * Computes v ← momentum v + g, p ← p − rate (nesterov ? g + momentum v : v).
 * Layout p, g, velocity [n]; velocity is not touched (may be 0) where momentum is 0. Aliasing none.
 */
export function sgd(
  p: InPlace,
  g: Operand,
  velocity: OptionalInPlace,
  n: i32,
  rate: f64,
  momentum: f64,
  nesterov: bool,
  weightDecay: f64,
  decoupled: bool,
): void {
  const coupled = coupledDecay(weightDecay, decoupled);
  const shrink = decoupledShrink(rate, weightDecay, decoupled);
  const pace = splat(-rate);
  const inertia = splat(momentum);
  if (momentum == 0) velocity = 0;
  let at: usize = 0;
  for (; n > 3; n -= 4, at += 16) {
    sgdLanes<Whole>(p, g, velocity, at, 4, pace, inertia, nesterov, coupled, shrink);
  }
  if (n) sgdLanes<Part>(p, g, velocity, at, n, pace, inertia, nesterov, coupled, shrink);
}

function sgdLanes<T>(
  p: usize,
  g: usize,
  velocity: usize,
  at: usize,
  lanes: i32,
  pace: v128,
  inertia: v128,
  nesterov: bool,
  coupled: v128,
  shrink: v128,
): void {
  const parameter = loadLanes<T>(p + at, lanes);
  const gradient = madd(coupled, parameter, loadLanes<T>(g + at, lanes));
  let direction = gradient;
  if (velocity) {
    const speed = settle(madd(inertia, loadLanes<T>(velocity + at, lanes), gradient));
    storeLanes<T>(velocity + at, speed, lanes);
    direction = nesterov ? madd(inertia, speed, gradient) : speed;
  }
  storeLanes<T>(p + at, step(parameter, direction, pace, shrink), lanes);
}

/**
 * Computes m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
 * p ← p − rate (m / correction1) / (√(v / correction2) + epsilon), correctionᵢ = 1 − βᵢᵗ; with
 * epsilonHat p ← p − rate (√correction2 / correction1) m / (√v + epsilon).
 * Layout p, g, m, v [n]. Aliasing none.
 */
export function adam(
  p: InPlace,
  g: Operand,
  m: InPlace,
  v: InPlace,
  n: i32,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  correction1: f64,
  correction2: f64,
  weightDecay: f64,
  decoupled: bool,
  epsilonHat: bool,
): void {
  const coupled = coupledDecay(weightDecay, decoupled);
  const shrink = decoupledShrink(rate, weightDecay, decoupled);
  const root = Math.sqrt(correction2);
  const pace = splat((-rate / correction1) * (epsilonHat ? root : 1));
  const scale = splat(epsilonHat ? 1 : 1 / root);
  const keep1 = splat(beta1);
  const keep2 = splat(beta2);
  const take1 = splat(1 - beta1);
  const take2 = splat(1 - beta2);
  const extra = splat(epsilon);
  let at: usize = 0;
  for (; n > 3; n -= 4, at += 16) {
    adamLanes<Whole>(p, g, m, v, at, 4, pace, keep1, take1, keep2, take2, scale, extra, coupled, shrink);
  }
  if (n) adamLanes<Part>(p, g, m, v, at, n, pace, keep1, take1, keep2, take2, scale, extra, coupled, shrink);
}

function adamLanes<T>(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  at: usize,
  lanes: i32,
  pace: v128,
  keep1: v128,
  take1: v128,
  keep2: v128,
  take2: v128,
  scale: v128,
  extra: v128,
  coupled: v128,
  shrink: v128,
): void {
  const parameter = loadLanes<T>(p + at, lanes);
  const gradient = madd(coupled, parameter, loadLanes<T>(g + at, lanes));
  const square = f32x4.mul(gradient, gradient);
  const first = settle(madd(keep1, loadLanes<T>(m + at, lanes), f32x4.mul(take1, gradient)));
  const second = settle(madd(keep2, loadLanes<T>(v + at, lanes), f32x4.mul(take2, square)));
  storeLanes<T>(m + at, first, lanes);
  storeLanes<T>(v + at, second, lanes);
  const quotient = f32x4.div(first, madd(f32x4.sqrt(second), scale, extra));
  storeLanes<T>(p + at, step(parameter, quotient, pace, shrink), lanes);
}

/**
 * Computes s ← decay s + (1 − decay) g², q = g / (√s + epsilon), or g / √(s + epsilon) with epsilonInsideRoot;
 * p ← p − rate q. Centred, a ← decay a + (1 − decay) g is kept too and s − a² takes the place of s in q.
 * With a momentum buffer, b ← momentum b + q, p ← p − rate b.
 * Layout p, g, s, a (0: not centred), b (0: no momentum) [n]. Aliasing none.
 */
export function rmsprop(
  p: InPlace,
  g: Operand,
  s: InPlace,
  a: OptionalInPlace,
  b: OptionalInPlace,
  n: i32,
  rate: f64,
  decay: f64,
  momentum: f64,
  epsilon: f64,
  epsilonInsideRoot: bool,
  weightDecay: f64,
  decoupled: bool,
): void {
  const coupled = coupledDecay(weightDecay, decoupled);
  const shrink = decoupledShrink(rate, weightDecay, decoupled);
  divideByRoot(
    p,
    g,
    s,
    a,
    b,
    n,
    rate,
    decay,
    1 - decay,
    momentum,
    epsilon,
    epsilonInsideRoot,
    coupled,
    shrink,
  );
}

/**
 * Computes s ← s + g², p ← p − rate g / (√s + epsilon), or rate g / √(s + epsilon) with epsilonInsideRoot.
 * Layout p, g, s [n]. Aliasing none.
 */
export function adagrad(
  p: InPlace,
  g: Operand,
  s: InPlace,
  n: i32,
  rate: f64,
  epsilon: f64,
  epsilonInsideRoot: bool,
  weightDecay: f64,
  decoupled: bool,
): void {
  const coupled = coupledDecay(weightDecay, decoupled);
  const shrink = decoupledShrink(rate, weightDecay, decoupled);
  divideByRoot(p, g, s, 0, 0, n, rate, 1, 1, 0, epsilon, epsilonInsideRoot, coupled, shrink);
}

/** What rmsprop and adagrad share: s ← keep s + take g². */
function divideByRoot(
  p: usize,
  g: usize,
  s: usize,
  a: usize,
  b: usize,
  n: i32,
  rate: f64,
  keep: f64,
  take: f64,
  momentum: f64,
  epsilon: f64,
  epsilonInsideRoot: bool,
  coupled: v128,
  shrink: v128,
): void {
  const pace = splat(-rate);
  const old = splat(keep);
  const fresh = splat(take);
  const inertia = splat(momentum);
  const inside = splat(epsilonInsideRoot ? epsilon : 0);
  const outside = splat(epsilonInsideRoot ? 0 : epsilon);
  let at: usize = 0;
  for (; n > 3; n -= 4, at += 16) {
    divideLanes<Whole>(p, g, s, a, b, at, 4, pace, old, fresh, inertia, inside, outside, coupled, shrink);
  }
  if (n) {
    divideLanes<Part>(p, g, s, a, b, at, n, pace, old, fresh, inertia, inside, outside, coupled, shrink);
  }
}

function divideLanes<T>(
  p: usize,
  g: usize,
  s: usize,
  a: usize,
  b: usize,
  at: usize,
  lanes: i32,
  pace: v128,
  old: v128,
  fresh: v128,
  inertia: v128,
  inside: v128,
  outside: v128,
  coupled: v128,
  shrink: v128,
): void {
  const parameter = loadLanes<T>(p + at, lanes);
  const gradient = madd(coupled, parameter, loadLanes<T>(g + at, lanes));
  const power = f32x4.mul(fresh, f32x4.mul(gradient, gradient));
  const second = settle(madd(old, loadLanes<T>(s + at, lanes), power));
  storeLanes<T>(s + at, second, lanes);
  let spread = second;
  if (a) {
    const mean = settle(madd(old, loadLanes<T>(a + at, lanes), f32x4.mul(fresh, gradient)));
    storeLanes<T>(a + at, mean, lanes);
    // Rounding may leave a constant gradient with a variance just below 0.
    spread = f32x4.max(f32x4.sub(second, f32x4.mul(mean, mean)), splat(0));
  }
  let direction = f32x4.div(gradient, f32x4.add(f32x4.sqrt(f32x4.add(spread, inside)), outside));
  if (b) {
    direction = settle(madd(inertia, loadLanes<T>(b + at, lanes), direction));
    storeLanes<T>(b + at, direction, lanes);
  }
  storeLanes<T>(p + at, step(parameter, direction, pace, shrink), lanes);
}

/** p + (pace · direction − shrink · p): the change is formed first, p is rounded once. */
function step(p: v128, direction: v128, pace: v128, shrink: v128): v128 {
  return f32x4.add(p, madd(pace, direction, f32x4.mul(shrink, p)));
}

/** The decay that joins the gradient. */
function coupledDecay(weightDecay: f64, decoupled: bool): v128 {
  return splat(decoupled ? 0 : weightDecay);
}

/** The share of p that decoupled decay adds to it (negative). */
function decoupledShrink(rate: f64, weightDecay: f64, decoupled: bool): v128 {
  return splat(decoupled ? -rate * weightDecay : 0);
}

/**
 * Sets magnitudes below 2⁻¹²⁰ to 0. The averages of a weight whose gradient has stopped decay to denormal
 * numbers and stay there for ever: Adam then takes twice as long (AMD Zen 4).
 */
function settle(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), v128.load(SMALLEST)));
}

const SMALLEST = memory.data<f32>([7.52e-37, 7.52e-37, 7.52e-37, 7.52e-37], 16);

function splat(x: f64): v128 {
  return f32x4.splat(<f32>x);
}
