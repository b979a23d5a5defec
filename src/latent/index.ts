// The entry `reparam/latent`: ways through a latent space, and statistics of codes.

export { attributeVector, averageCode } from "./attributes.js";
export { pcaAutoencoder, type PcaAutoencoder } from "./pcaAutoencoder.js";
export { bottleneckProbe, type BottleneckProbe } from "./bottleneckProbe.js";
export { latentGrid, type LatentGridOptions } from "./grid.js";
export { interpolate, type InterpolateOptions, type Interpolation } from "./interpolate.js";
export type { StepOptions } from "./rows.js";
export { moveAlong, traverse, type TraverseOptions } from "./traverse.js";
export { pca, type PcaOptions, type PrincipalComponents, project, unproject } from "../statistics/pca.js";
export { fitMixture, type FitMixtureOptions, type MixtureFit } from "../statistics/fitMixture.js";
export {
  type MixtureCandidate,
  type MixtureSelection,
  selectMixture,
  type SelectMixtureOptions,
} from "../statistics/selectMixture.js";
export { normalQuantile } from "../statistics/normalQuantile.js";
