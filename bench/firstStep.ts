// Process start to the first training step done, and the memory of the process: `npm run build && npm run bench:start`.

import { spawnSync } from "node:child_process";

const RUNS = 7;
const library = new URL("../dist/index.js", import.meta.url).href;
const program = `
  const { createTrainer, key, lectures, random } = await import(${JSON.stringify(library)});
  const trainer = createTrainer(lectures.convVae(), { key: key(1) });
  const images = random.uniform(key(2), [128, 28, 28, 1]);
  trainer.step(images);
  const first = performance.now();
  trainer.step(images);
  const step = performance.now() - first;
  for (let i = 0; i < 20; i++) trainer.step(images);
  console.log(JSON.stringify({ first, step, rss: process.resourceUsage().maxRSS / 1024 }));
`;

const runs = Array.from({ length: RUNS }, () => {
  const { stdout, stderr, status } = spawnSync("node", ["--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { first: number; step: number; rss: number };
});
const median = (values: number[]) => values.sort((a, b) => a - b)[RUNS >> 1];
console.log(
  `convolutional VAE (V), batch 128, median of ${RUNS}: process start to first step done ` +
    `${median(runs.map(({ first }) => first)).toFixed(0)} ms, the second step ` +
    `${median(runs.map(({ step }) => step)).toFixed(0)} ms, most memory ${median(runs.map(({ rss }) => rss)).toFixed(0)} MB`,
);
