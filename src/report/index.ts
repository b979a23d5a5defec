// The entry `reparam/report`: a trained model as a page of HTML. Its pictures are PNG files, by the package fast-png.

export { type ComparedModel, type ComparisonOptions, createComparison } from "./comparison.js";
export { createReport, type Report } from "./report.js";
export type { ReportOptions } from "./study.js";
