// The public surface of reparam/node: what needs a file system.

export { checkpointFolder, type CheckpointFolder, type CheckpointFolderOptions } from "./checkpoints.js";
export type { Skipped } from "./imageFolder.js";
export { type DataKind, loadData, type LoadedData, type LoadOptions } from "./loadData.js";
export type { FilePath } from "./paths.js";
export type { ImageOptions } from "./prepareImages.js";
export { writeFileAtomic } from "./writeFileAtomic.js";
