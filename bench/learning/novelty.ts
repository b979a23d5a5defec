// One class held back: a convolutional VAE trained on nine classes of Fashion-MNIST scores test images of all ten.
// `npm run bench:learning -- --data FOLDER --novelty`: ROC AUC of the class that it has not seen, beside PyTorch's.

import { adam, fit, key, lectures, ops, rocAuc, type Tensor, type Vae } from "../../src/index.js";
import { gatherRows } from "../../src/training/source.js";
import { type Images, slowConvVae } from "./systems.js";

/** Training and test images with their labels `[n]`. */
export interface Labelled extends Images {
  readonly trainLabels: Tensor;
  readonly testLabels: Tensor;
}

const EPOCHS = 10;
const CLASSES = [
  "T-shirt",
  "trousers",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "ankle boot",
];
/** −ELBO as the score, one seed; PyTorch 1.13 with the same model (momentum 0.99), data and epochs. */
const PYTORCH = [0.623, 0.319, 0.721, 0.421, 0.748, 0.144, 0.636, 0.233, 0.722, 0.617];

const asImages = (t: Tensor) => ops.reshape(t, [t.shape[0], 28, 28, 1]);

/** Prints a line for every class. */
export async function measureNovelty({ train, test, trainLabels, testLabels }: Labelled): Promise<void> {
  console.log(`ROC AUC of the class that training has not seen, ${EPOCHS} epochs on the other nine`);
  for (const [label, name] of CLASSES.entries()) {
    const others = Uint32Array.from(trainLabels.data.keys()).filter((i) => trainLabels.data[i] !== label);
    const areaOf = async (model: Vae) => {
      const { params } = await fit(model, asImages(gatherRows(train, others)), {
        key: key(1),
        epochs: EPOCHS,
        optimizer: adam({ learningRate: 1e-3 }),
        dropLast: true,
      });
      const isNew = Array.from(testLabels.data, (other) => Number(other === label));
      return rocAuc(model.score(params, asImages(test)), isNew).toFixed(3);
    };
    const [fast, slow] = [await areaOf(lectures.convVae({ latentSize: 16 })), await areaOf(slowConvVae())];
    console.log(
      `  ${name.padEnd(12)}${fast}  with batch norm's momentum 0.99 ${slow}  PyTorch ${PYTORCH[label].toFixed(3)}`,
    );
  }
}
