import { configure, ops, scope, random, key, grad } from "./src/index.ts";
configure({ threads: 1 });
function direct(x: any, w: any, pad: number) { // float64
  const [B, H, W, C] = x.shape, K = w.shape[3];
  const OH = H + 2 * pad - 2, OW = W + 2 * pad - 2, y = new Float64Array(B * OH * OW * K);
  for (let b = 0; b < B; b++) for (let r = 0; r < OH; r++) for (let c = 0; c < OW; c++) for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) {
    const yy = r + i - pad, xx = c + j - pad; if (yy < 0 || xx < 0 || yy >= H || xx >= W) continue;
    for (let k = 0; k < C; k++) { const v = x.data[((b * H + yy) * W + xx) * C + k]; const o = ((b * OH + r) * OW + c) * K; const f = ((i * 3 + j) * C + k) * K; for (let n = 0; n < K; n++) y[o + n] += v * w.data[f + n]; }
  }
  return y;
}
for (const relaxedSimd of [false, true]) { configure({ relaxedSimd });
for (const [B, H, W, C, K, padding] of [[2, 6, 6, 16, 16, "same"], [3, 7, 5, 16, 20, "same"], [2, 9, 8, 32, 24, "valid"], [1, 14, 14, 64, 72, "same"], [2,5,5,256,16,"same"], [1,3,3,16,16,"valid"], [1,1,1,16,16,"same"]] as const) {
  const x = random.normal(key(1), [B, H, W, C]), w = random.normal(key(2), [3, 3, C, K]);
  const want = direct(x, w, padding === "same" ? 1 : 0);
  const err = (y: any) => Math.max(...y.data.map((v: number, i: number) => Math.abs(v - want[i])));
  configure({ winograd: true }); const a = ops.conv2d(x, w, { padding }); const ga = grad((x: any) => ops.sum(ops.square(ops.conv2d(x, w, { padding }))))(x);
  configure({ winograd: false }); const b = ops.conv2d(x, w, { padding }); const gb = grad((x: any) => ops.sum(ops.square(ops.conv2d(x, w, { padding }))))(x);
  const gd = Math.max(...ga.data.map((v: number, i: number) => Math.abs(v - gb.data[i]))) / Math.max(...gb.data.map(Math.abs));
  console.log(B, H, W, C, K, padding, "winograd", err(a).toExponential(2), "direct", err(b).toExponential(2), "grad diff", gd.toExponential(2));
}}
for (const relaxedSimd of [false, true]) { configure({ relaxedSimd });
for (const [B, H, C, K] of [[32, 14, 64, 128], [32, 7, 128, 256], [32, 28, 64, 64], [8, 28, 16, 16], [8, 28, 32, 32], [1, 64, 64, 64], [1, 256, 64, 64]] as const) {
  const x = random.normal(key(1), [B, H, H, C]), w = random.normal(key(2), [3, 3, C, K]);
  const best = { true: 1e9, false: 1e9 } as any;
  scope(() => { 
    for (let i = 0; i < 12; i++) for (const winograd of [true, false]) { configure({ winograd }); const t = performance.now(); scope(() => { ops.conv2d(x, w, { padding: "same" }); return undefined as any; }); best[String(winograd)] = Math.min(best[String(winograd)], performance.now() - t); }
    return undefined as any; });
  console.log(relaxedSimd, B, H, C, K, "winograd", best.true.toFixed(2), "direct", best.false.toFixed(2), (best.false / best.true).toFixed(2));
}}
