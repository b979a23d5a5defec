// The entry `reparam/data`: data that the library draws itself, and readers of tables and arrays.

export { FACE_RANGES, type FaceFactor, type FaceFactors } from "./synthetic/faceFactors.js";
export {
  type FaceReadings,
  type FaceReadout,
  type FaceReadoutOptions,
  fitFaceReadout,
  readFaces,
} from "./synthetic/faceReadout.js";
export { drawFace, type Faces, faces, type FacesOptions } from "./synthetic/faces.js";
export {
  SHAPE_KINDS,
  type ShapeFactors,
  type Shapes,
  shapes,
  type ShapesOptions,
} from "./synthetic/shapes.js";
export { type CsvFile, type CsvOptions, readCsv, type Separator } from "../files/csv.js";
export { type IdxOptions, loadIdx, readIdx } from "../files/idx.js";
export { readNpy, writeNpy } from "../files/npy.js";
export type { LinearFit } from "../statistics/ridge.js";
