// What models learn that know classes: `npm run bench:learning -- --data FOLDER --conditional [--filter TEXT]`. Bounds are
// those of all test images, accuracies those of the first thousand.

import {
  accuracy,
  accuracyByRejection,
  adam,
  classify,
  fit,
  fold,
  imageVae,
  key,
  lectures,
  ops,
  quantile,
  schedules,
  type Tensor,
  type Vae,
} from "../../src/index.js";
import type { Labelled } from "./novelty.js";

const CLASSES = 10;
const EPOCHS = 30;
/** Test images that are classified, and training images whose evidence says what is rejected. */
const CLASSIFIED = 1000;
const KNOWN = 300;
const CONDITION = { classes: CLASSES, as: "maps" } as const;

interface Trial {
  readonly title: string;
  readonly model: () => Vae;
  /** Whether PyTorch's figures are of this model, where every class had noise of its own. */
  readonly isYardstick: boolean;
  readonly batch: number;
  /** Learning rate by the step, of so many. */
  readonly rate: (steps: number) => number | ReturnType<typeof schedules.oneCycle>;
}

/** The weight of KL falls from 20 to 1 over the first half, as the command line has it. */
const falling = (steps: number) => ({
  schedule: (step: number) => 20 ** (1 - Math.min(step / (0.5 * steps), 1)),
  final: 1,
});

const stepsOf = (count: number, batch: number) => EPOCHS * Math.ceil(count / batch);

function trialsOf(count: number): readonly Trial[] {
  return [
    {
      title: "dense, 794-500-20 and 30-500-784, tanh",
      model: () => lectures.denseVae({ condition: CONDITION }),
      isYardstick: true,
      batch: 128,
      rate: () => 1e-3,
    },
    {
      title: "convolutional, channels 16 and 32, 20 latents",
      model: () =>
        imageVae({
          inputShape: [28, 28, 1],
          latentSize: 20,
          channels: [16, 32],
          beta: falling(stepsOf(count, 64)),
          condition: CONDITION,
        }),
      isYardstick: false,
      batch: 64,
      rate: (steps) => schedules.oneCycle({ peak: 2e-3, steps }),
    },
  ];
}

/** The share that is right where every class has noise of its own, as separate calls have. */
function accuracyApart(
  model: Vae,
  params: Parameters<Vae["score"]>[0],
  test: Tensor,
  truth: Tensor,
  samples: number,
) {
  const scores = Array.from(
    { length: CLASSES },
    (_, label) => model.score(params, test, { labels: label, samples, key: fold(key(9), label) }).data,
  );
  const chosen = Array.from(truth.data, (_, i) => {
    const own = scores.map((all) => all[i]!);
    return own.indexOf(Math.min(...own));
  });
  return accuracy(truth, chosen);
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Prints bounds, accuracies, and what rejection gains. */
export async function measureConditional(images: Labelled, filter: string, seeds: number): Promise<void> {
  const { train, test, trainLabels, testLabels } = images;
  const count = train.shape[0]!;
  for (const { title, model: make, isYardstick, batch, rate } of trialsOf(count).filter(({ title }) =>
    title.includes(filter),
  )) {
    console.log(`\n${title}, ${EPOCHS} epochs`);
    for (let seed = 1; seed <= seeds; seed++) {
      const model = make();
      const form = (t: Tensor) => ops.reshape(t, [t.shape[0]!, ...model.inputShape]);
      const start = performance.now();
      const { params } = await fit(
        model,
        { inputs: form(train), labels: trainLabels },
        {
          key: key(seed),
          epochs: EPOCHS,
          batchSize: batch,
          optimizer: adam({ learningRate: rate(stepsOf(count, batch)) }),
        },
      );
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      const inputs = form(test);
      const { elbo, kl } = model.elbo(params, inputs, { labels: testLabels });
      const some = ops.slice(inputs, 0, CLASSIFIED);
      const truth = ops.slice(testLabels, 0, CLASSIFIED);
      console.log(`  seed ${seed} (${seconds} s): −ELBO ${(-elbo).toFixed(2)} nats, KL ${kl.toFixed(2)}`);
      for (const samples of [1, 10]) {
        const { labels, logEvidence } = classify(model, params, some, { samples });
        const known = classify(model, params, form(ops.slice(train, 0, KNOWN)), { samples }).logEvidence;
        const reject = quantile(known, 0.1);
        const points = accuracyByRejection(truth, labels, logEvidence);
        const rejected = logEvidence.data.filter((value) => value < reject).length / labels.size;
        const left = points.filter((point) => point.rejected <= rejected).slice(-1)[0]!;
        const apart = isYardstick ? accuracyApart(model, params, some, truth, samples) : undefined;
        console.log(
          `    ${samples} samples: accuracy ${percent(accuracy(truth, labels))}` +
            `${apart === undefined ? "" : `, with other noise for each class ${percent(apart)}`}; rejected what has less ` +
            `evidence than a tenth of the training images, ${percent(left.rejected)}: ${percent(left.accuracy)} of the others`,
        );
      }
    }
  }
}
