// What the model of `npm start` learned about the built-in faces: `npm run bench:learning -- --faces`.

import { planOf } from "../../src/cli/plan.js";
import { toModel } from "../../src/cli/form.js";
import { faces, fitFaceReadout, readFaces, shapes } from "../../src/data/index.js";
import {
  fit,
  fold,
  key,
  type ModelParams,
  ops,
  rocAuc,
  spearman,
  type Tensor,
  type Vae,
} from "../../src/index.js";
import { attributeVector, interpolate, moveAlong } from "../../src/latent/index.js";

const STEPS = 7;
const HELD_OUT = 200;

/** The images upside down. */
function flipped(images: Tensor): Tensor {
  const [count, height, width] = images.shape;
  const rows = ops.reshape(images, [count * height, width]);
  const order = Uint32Array.from({ length: count * height }, (_, row) => {
    const image = Math.floor(row / height);
    return image * height + (height - 1 - (row % height));
  });
  return ops.reshape(ops.embedding(order, rows), images.shape);
}

/** Distances between neighbouring images of each row of `steps`: the greatest over the mean, at worst. */
function roughness(images: Tensor, steps: number): number {
  const size = images.size / images.shape[0];
  let worst = 0;
  for (let row = 0; row < images.shape[0]; row += steps) {
    const distances = Array.from({ length: steps - 1 }, (_, i) => {
      const at = (row + i) * size;
      let sum = 0;
      for (let j = 0; j < size; j++) sum += (images.data[at + size + j] - images.data[at + j]) ** 2;
      return Math.sqrt(sum);
    });
    worst = Math.max(worst, (Math.max(...distances) * distances.length) / distances.reduce((a, b) => a + b));
  }
  return worst;
}

/** How moving codes along a factor's direction changes the factor as it is measured in the decoded images. */
function measureAttribute(model: Vae, params: ModelParams, name: "smile" | "yaw"): void {
  const known = faces({ count: 2000, key: key(11) });
  const unseen = faces({ count: HELD_OUT, key: key(12) });
  const readout = fitFaceReadout({ key: key(77) });
  // One step is one standard deviation of the factor, which is uniform on [−1, 1].
  const direction = ops.scale(
    attributeVector(model.encode(params, known.images).mean, known.factors[name]),
    3 ** -0.5,
  );
  const codes = model.encode(params, unseen.images).mean;
  const moved = moveAlong(codes, direction, { from: -3, to: 3, steps: STEPS });
  const measured = readFaces(readout, model.decode(params, moved))[name].data;
  const steps = Array.from({ length: STEPS }, (_, i) => i);
  const means = steps.map(
    (step) => measured.filter((_, i) => i % STEPS === step).reduce((a, b) => a + b) / HELD_OUT,
  );
  const single = Array.from({ length: HELD_OUT }, (_, i) =>
    spearman(measured.subarray(i * STEPS, (i + 1) * STEPS), steps),
  );
  const median = single.sort((a, b) => a - b)[HELD_OUT / 2];
  console.log(
    `  ${name}: mean measured over ${HELD_OUT} held-out faces at −3…+3: ${means.map((m) => m.toFixed(2)).join(" ")}; ` +
      `Spearman ${spearman(means, steps).toFixed(3)}, of single faces median ${median.toFixed(3)}`,
  );
}

/** Trains as `npm start` does and prints what the model knows. */
export async function measureFaces(): Promise<void> {
  const plan = await planOf({ data: "faces", options: { epochs: "26", lr: "4e-3" } });
  const { form, seed, rest, epochs, batchSize, optimizer } = plan;
  const model = plan.model as Vae;
  const { params } = await fit(model, toModel(rest.values, form, model), {
    key: fold(seed, 2),
    epochs,
    batchSize,
    optimizer,
  });
  console.log("the model of npm start, on faces that it has not seen");
  measureAttribute(model, params, "smile");
  measureAttribute(model, params, "yaw");
  const ordinary = faces({ count: 300, key: key(21) }).images;
  const score = (images: Tensor) => model.score(params, images).data;
  const labels = Array.from({ length: 600 }, (_, i) => Number(i >= 300));
  const area = (odd: Tensor) => rocAuc([...score(ordinary), ...score(odd)], labels).toFixed(4);
  console.log(`  ROC AUC of shapes among faces: ${area(shapes({ count: 300, key: key(22) }).images)}`);
  console.log(`  ROC AUC of upside-down faces: ${area(flipped(faces({ count: 300, key: key(23) }).images))}`);
  const [a, b] = [24, 25].map((k) => model.encode(params, faces({ count: 50, key: key(k) }).images).mean);
  const path = model.decode(params, interpolate(a, b, { steps: 9 }));
  console.log(
    `  straight interpolations: greatest step ${roughness(path, 9).toFixed(2)} × the mean step, at worst of 50`,
  );
}
