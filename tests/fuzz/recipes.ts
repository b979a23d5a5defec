// Good calls of every function of the library, as expressions, for random calls to begin from.

/** The arguments of one good call. */
type Arguments = readonly string[];

/** Good calls by the function that is called. */
export type Recipes = Readonly<Record<string, readonly Arguments[]>>;

const gaussian = "{ mean: zeros([2, 3]), logVar: ones([2, 3]) }";
const mixture = "{ logits: zeros([2]), means: ones([2, 3]), logVars: zeros([2, 3]) }";
const reductions = ['{ reduction: "sum" }', '{ reduction: "none" }', '{ reduction: "mean" }'];
const window = '{ stride: [1, 2], dilation: 1, padding: "same", groups: 1 }';
const bytes = "new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])";

/** One call per list of options, and one without. */
const withOptions = (args: Arguments, ...options: string[]): Arguments[] => [
  args,
  ...options.map((option) => [...args, option]),
];

const unary = (...names: string[]): Recipes =>
  Object.fromEntries(names.map((name) => [`ops.${name}`, [["ones([2, 3])"], ["tensor([[-1, 0, 100]])"]]]));

/** The methods of a model of pixels. */
const pixelModel = (name: string): Recipes => {
  const given = [`${name}.init(key(1))`, "zeros([2, 2, 2, 2])"];
  return {
    [`${name}.init`]: [["key(1)"]],
    [`${name}.loss`]: withOptions(given, "{ key: key(1), training: true, step: 1 }"),
    ...Object.fromEntries(
      ["logLikelihood", "reconstruct", "score"].map((f) => [
        `${name}.${f}`,
        withOptions(given, "{ batchSize: 1 }"),
      ]),
    ),
    [`${name}.generate`]: [[given[0]!, "{ count: 2, key: key(1), temperature: 0.5, batchSize: 1 }"]],
    [`${name}.complete`]: [[...given, "{ rows: 1, key: key(1), temperature: 0.5, batchSize: 1 }"]],
  };
};

const operations: Recipes = {
  ...unary(
    "abs",
    "erf",
    "exp",
    "gelu",
    "geluTanh",
    "log",
    "log1p",
    "relu",
    "sigmoid",
    "silu",
    "softplus",
    "mish",
    "softsign",
  ),
  ...unary("sqrt", "square", "tanh"),
  "ops.elu": withOptions(["ones([2, 3])"], "{ alpha: 0.5 }"),
  "ops.leakyRelu": withOptions(["ones([2, 3])"], "{ alpha: 0.5 }"),
  "ops.softmax": withOptions(["ones([2, 3])"], "{ axis: -1 }", "{}"),
  "ops.logSoftmax": withOptions(["ones([2, 3])"], "{ axis: 1 }"),
  "ops.sum": withOptions(["ones([2, 3])"], "{ axis: [0, 1], keepDims: true }", "{ axis: 1 }"),
  "ops.mean": withOptions(["ones([2, 3])"], "{ axis: [0, 1], keepDims: true }", "{ axis: 1 }"),
  "ops.max": withOptions(["ones([2, 3])"], "{ axis: [0, 1], keepDims: true }", "{ axis: 1 }"),
  "ops.logSumExp": withOptions(["ones([2, 3])"], "{ axis: [0, 1], keepDims: true }", "{ axis: 1 }"),
  "ops.add": [
    ["ones([2, 3])", "ones([3])"],
    ["1", "ones([2])"],
  ],
  "ops.sub": [
    ["ones([2, 1])", "ones([3])"],
    ["ones([2])", "2"],
  ],
  "ops.mul": [
    ["ones([2, 3])", "ones([2, 3])"],
    ["1", "ones([2])"],
  ],
  "ops.div": [
    ["ones([2, 3])", "ones([2, 1])"],
    ["1", "ones([2])"],
  ],
  "ops.scale": [
    ["ones([2])", "2"],
    ["ones([2])", "2", "1"],
  ],
  "ops.clip": [["ones([2])", "0", "1"]],
  "ops.reshape": [
    ["ones([2, 6])", "[3, -1]"],
    ["ones([2])", "[2, 1]"],
  ],
  "ops.slice": [
    ["ones([4, 2])", "1"],
    ["ones([4])", "-3", "-1"],
  ],
  "ops.concat": [["[ones([2]), ones([3])]"], ["[ones([2, 1]), ones([2, 2])]", "1"]],
  "ops.transpose": [["ones([2, 3])"], ["ones([2, 3, 1])", "[2, 0, 1]"]],
  "ops.pad": [
    ["ones([2, 3])", "[[1, 0], [0, 2]]"],
    ["ones([2])", "[[1, 1]]", "5"],
  ],
  "ops.crop": [["ones([2, 3])", "[[1, 0], [0, 2]]"]],
  "ops.matmul": withOptions(["ones([2, 3])", "ones([3, 4])"], "{ transposeA: false, transposeB: false }"),
  "ops.dense": withOptions(
    ["ones([2, 3])", "ones([3, 4])"],
    '{ bias: ones([4]), activation: "elu", alpha: 1 }',
  ),
  "ops.conv2d": withOptions(
    ["ones([1, 5, 5, 2])", "ones([3, 3, 2, 4])"],
    '{ stride: 2, padding: "same", dilation: 1, groups: 1, bias: ones([4]), activation: "leakyRelu", alpha: 0.1 }',
    "{ stride: [1, 2], padding: [[1, 0], [2, 1]], dilation: [2, 1] }",
  ),
  "ops.conv2dTranspose": withOptions(
    ["ones([1, 3, 3, 4])", "ones([3, 3, 2, 4])"],
    '{ stride: 2, padding: "same", outputShape: [6, 5] }',
    "{ stride: 2, padding: 1, outputPadding: 1, bias: ones([2]) }",
  ),
  "ops.conv2dGeometry": withOptions(["[1, 5, 5, 2]", "[3, 3, 2, 4]"], window),
  "ops.conv2dInputGradient": [
    ["ones([1, 3, 3, 4])", "ones([3, 3, 2, 4])", "ops.conv2dGeometry([1, 5, 5, 2], [3, 3, 2, 4])"],
  ],
  "ops.conv2dFilterGradient": [
    ["ones([1, 5, 5, 2])", "ones([1, 3, 3, 4])", "ops.conv2dGeometry([1, 5, 5, 2], [3, 3, 2, 4])"],
  ],
  "ops.convolutionMatrix": withOptions(["ones([3, 3])", "[4, 4]"], window),
  "ops.im2col": [["ones([1, 3, 3, 1])", "ops.conv2dGeometry([1, 3, 3, 1], [2, 2, 1, 1])"]],
  "ops.col2im": [["ones([4, 4])", "ops.conv2dGeometry([1, 3, 3, 1], [2, 2, 1, 1])"]],
  "ops.maxPool2d": withOptions(["ones([1, 4, 4, 1])", "2"], '{ stride: 1, padding: "same", dilation: 1 }'),
  "ops.avgPool2d": withOptions(
    ["ones([1, 4, 4, 1])", "2"],
    "{ stride: 1, padding: 1, countIncludePad: true }",
  ),
  "ops.resizeConv2d": withOptions(
    ["ones([1, 2, 2, 2])", "ones([3, 3, 2, 4])"],
    '{ factor: [2, 3], padding: "same", bias: ones([4]), activation: "relu" }',
  ),
  "ops.upsampleNearest": [
    ["ones([1, 2, 2, 1])", "2"],
    ["ones([1, 2, 2, 1])", "[1, 3]"],
  ],
  "ops.layerNorm": withOptions(["ones([2, 3])", "ones([3])", "ones([3])"], "{ epsilon: 1e-3 }"),
  "ops.batchNorm": withOptions(
    ["ones([2, 3])", "ones([3])", "ones([3])", "ones([3])", "ones([3])"],
    '{ training: true, epsilon: 1e-3, momentum: 0.9, runningVariance: "unbiased" }',
  ),
  "ops.dropout": [["key(1)", "ones([2, 3])", "0.5"]],
  "ops.oneHot": [
    ["[1, 0]", "2"],
    ["tensor([0, 1])", "3"],
    ["new Uint32Array([1])", "2"],
  ],
  "ops.embedding": [["[1, 0]", "ones([2, 3])"]],
};

const tensors: Recipes = {
  tensor: [["3"], ["[[1, 2], [3, 4]]"], ["new Float32Array(4)", "[2, 2]"], ["new Uint8Array(3)"]],
  full: [["[2, 2]", "0.5"]],
  zeros: [["[2, 3]"], ["[]"]],
  ones: [["[2, 3]"]],
  item: [["tensor(3)"]],
  equals: [
    ["ones([2])", "ones([2])"],
    ["ones([2])", "zeros([2])", "0.5"],
  ],
  scope: [["() => ops.exp(ones([2]))"], ["() => ({ a: [ops.exp(ones([2]))], b: 1 })"]],
  stopGradient: [["ones([2])"]],
  toNdarray: [["ones([2, 2])"]],
  fromNdarray: [
    ["{ data: [1, 2, 3, 4], shape: [2, 2], stride: [1, 2], offset: 0 }"],
    ["toNdarray(ones([2, 3]))"],
  ],
  toPlain: [["{ a: [ones([2])], b: 1 }"], ["ones([2])"]],
  fromPlain: [["{ a: { shape: [2, 1], data: new Float32Array(2) } }"], ["{ shape: [1], data: ['NaN'] }"]],
  "((t) => t instanceof Tensor && String(t))": [["ones([4, 1, 100])"], ["released()"]],
  "((t) => t instanceof Tensor && JSON.stringify(t))": [["ones([4, 10])"], ["tensor(NaN)"]],
  "((t) => t instanceof Tensor && !t.storage?.isTransferred && fromPlain(structuredClone(t)))": [
    ["ones([4, 10])"],
  ],
  runtimeInfo: [[]],
  configure: [["{ maxMemory: 2 ** 28 }"], ["{ relaxedSimd: false }"]],
  key: [["1"], ["2 ** 40"]],
  split: [["key(1)"], ["key(1)", "3"]],
  fold: [["key(1)", "2"]],
  "random.bits": [["key(1)", "3"]],
  "random.uniform": withOptions(["key(1)", "[2, 3]"], "{ low: -1, high: 1 }"),
  "random.normal": withOptions(["key(1)", "[2, 3]"], "{ mean: 1, deviation: 2 }"),
  "random.truncatedNormal": withOptions(["key(1)", "[2, 3]"], "{ low: -1, high: 1 }"),
  "random.bernoulli": [
    ["key(1)", "[2, 3]"],
    ["key(1)", "[2]", "0.3"],
  ],
  "random.categorical": [["key(1)", "zeros([2, 3])"]],
  "random.permutation": [["key(1)", "5"]],
};

const differentiation: Recipes = {
  grad: withOptions(["(x) => ops.sum(x)"], "{ checkNumerics: true }"),
  "grad((x) => ops.sum(ops.square(x)))": [["ones([2])"]],
  valueAndGrad: withOptions(["(x) => ops.sum(x)"], "{ checkNumerics: true }"),
  "valueAndGrad((p) => [ops.sum(ops.mul(p?.a, p?.b?.[0])), 1])": [["{ a: ones([2]), b: [ones([2]), 3] }"]],
  "valueAndGrad((p) => ops.sum(p?.a), { checkNumerics: true })": [["{ a: ones([2]) }", "1"]],
  vjp: [["(x) => ops.exp(x)"]],
  trace: [["(x) => ops.exp(x)", "ones([2])"]],
  "vjp((x) => ops.exp(x))": [["ones([2])", "ones([2])"]],
  checkGradient: withOptions(
    ["(x) => ops.sum(ops.exp(x))", "tensor([0, 1])"],
    "{ tolerance: 0.1, step: 0.01, key: key(1) }",
  ),
  defineOp: [['{ name: "double", forward: ([x]) => ops.scale(x, 2), gradients: [(g) => ops.scale(g, 2)] }']],
  'defineOp({ name: "double", forward: ([x]) => ops.scale(x, 2), gradients: [(g) => ops.scale(g, 2)] })': [
    ["[ones([2])]", "undefined"],
  ],
  "((definition) => grad((x) => ops.sum(defineOp(definition)([x])))(ones([2])))": [
    ['{ name: "double", forward: ([x]) => ops.scale(x, 2), gradients: [(g) => ops.scale(g, 2)] }'],
  ],
};

const statistics: Recipes = {
  bernoulliLogProb: withOptions(["tensor([[1, 0]])", "{ logits: zeros([1, 2]) }"], ...reductions),
  bernoulliEntropy: withOptions(["{ logits: zeros([2, 2]) }"], ...reductions),
  sampleBernoulli: [["key(1)", "{ logits: zeros([2, 2]) }"]],
  categoricalLogProb: withOptions(["[1, 0]", "{ logits: zeros([2, 4]) }"], ...reductions),
  categoricalEntropy: withOptions(["{ logits: zeros([2, 4]) }"], ...reductions),
  sampleCategorical: [["key(1)", "{ logits: zeros([2, 4]) }"]],
  gaussianLogProb: withOptions(["ones([2, 3])", gaussian], ...reductions),
  gaussianEntropy: withOptions([gaussian], ...reductions),
  klGaussians: withOptions([gaussian, gaussian], ...reductions),
  klStandardNormal: withOptions([gaussian], ...reductions),
  reparameterize: [["key(1)", gaussian]],
  gaussianNll: withOptions(
    ["ones([2, 3])", "{ mean: zeros([2, 3]), gamma: 0.5 }"],
    ...reductions,
    '{ reduction: "perExample" }',
  ),
  discretizedLogisticLogProb: withOptions(
    ["zeros([2, 3])", "{ means: zeros([2, 3]), logScales: zeros([2, 3]) }"],
    ...reductions,
    '{ levels: 16, reduction: "sum" }',
  ),
  "discretizedLogisticLogProb ": [
    ["zeros([2])", "{ means: zeros([2, 3]), logScales: zeros([2, 3]), logits: ones([2, 3]) }"],
  ],
  codebookUsage: [["zeros([2, 3])", "4"]],
  bitsPerDimension: [["100", "[28, 28, 1]"]],
  "gaussianNll ": [["ones([2, 3])", gaussian]],
  mixtureLogProb: withOptions(["ones([2, 3])", mixture], ...reductions),
  mixtureResponsibilities: [["ones([2, 3])", mixture]],
  selectMixture: [["key(1)", "random.normal(key(1), [5, 2])", "{ from: 1, to: 2, minVariance: 1e-3 }"]],
  sampleMixture: [["key(1)", mixture, "{ count: 4 }"]],
  fitMixture: [
    [
      "key(1)",
      "random.normal(key(1), [20, 2])",
      "{ components: 2, steps: 3, tolerance: 0.1, minVariance: 1e-3 }",
    ],
    ["key(1)", "random.normal(key(1), [20, 2])", "{ components: 2 }"],
  ],
  reparameterizedGradient: withOptions(
    ["key(1)", "(z) => ops.sum(z, { axis: -1 })", "{ mean: tensor([1]), logVar: tensor([0]) }"],
    "{ samples: 4 }",
  ),
  scoreFunctionGradient: withOptions(
    ["key(1)", "(z) => ops.sum(z, { axis: -1 })", "{ mean: tensor([1]), logVar: tensor([0]) }"],
    '{ baseline: "leaveOneOut", samples: 4 }',
  ),
  squaredError: withOptions(["ones([2, 3])", "zeros([2, 3])"], ...reductions),
  halfSquaredError: withOptions(["ones([2, 3, 2, 1])", "zeros([2, 3, 2, 1])"], ...reductions),
  binaryCrossEntropy: withOptions(
    ["full([2, 3], 0.5)", "zeros([2, 3])"],
    '{ reduction: "sum", clip: [0.1, 0.9] }',
  ),
  binaryCrossEntropyWithLogits: withOptions(["ones([2, 3])", "zeros([2, 3])"], ...reductions),
  peakSignalToNoise: withOptions(["zeros([1, 4, 4, 1])", "full([1, 4, 4, 1], 0.1)"], "{ peak: 1 }"),
  accuracy: [["[0, 1, 2]", "tensor([0, 2, 2])"]],
  confusionMatrix: withOptions(["[0, 1, 2]", "tensor([0, 2, 2])"], "{ classes: 4 }"),
  accuracyByRejection: [["[0, 1, 2]", "[0, 2, 2]", "[-1, -2, 0]"]],
  quantile: [["[3, 1, 2]", "0.5"]],
  rocAuc: [
    ["[0.1, 0.4, 0.35, 0.8]", "[0, 0, 1, 1]"],
    ["tensor([1, 2])", "[false, true]"],
  ],
  spearman: [
    ["[1, 2, 3]", "[1, 3, 2]"],
    ["tensor([1, 2])", "tensor([1, 2])"],
  ],
  latentUsage: [[gaussian]],
  usageWarnings: [[`latentUsage(${gaussian})`, "{ beta: 4, isImproving: true }"]],
  averageCode: [["ones([2, 3])"]],
  attributeVector: [["ones([3, 2])", "[false, false, true]"]],
  overlapCount: [
    ["{ inputSize: [1, 3], kernel: [1, 3], stride: [1, 2] }"],
    ['{ inputSize: 4, kernel: 3, padding: "same" }'],
  ],
  checkerboardEnergy: withOptions(["ones([1, 8, 8, 1])"], "{ period: 2 }"),
  bottleneckProbe: [["ones([2, 3, 3, 2])", "zeros([2, 3, 3, 1])"]],
  pcaAutoencoder: [["random.normal(key(1), [5, 3])", "{ latentSize: 2 }"]],
  latentGrid: [["zeros([1, 2])", "{ size: 2, dimensions: [0, 1], margin: 0.1 }"]],
  interpolate: withOptions(["tensor([[2, 0]])", "tensor([[0, 2]])"], '{ steps: 3, kind: "spherical" }'),
  montage: withOptions(["ones([3, 2, 2, 1])"], "{ columns: 2, gap: 1, background: 0 }"),
  normalQuantile: [["0.975"]],
  pca: withOptions(["random.normal(key(1), [5, 3])"], "{ components: 2 }"),
  project: [["pca(random.normal(key(1), [5, 3]))", "ones([2, 3])"]],
  unproject: [["pca(random.normal(key(1), [5, 3]))", "ones([2, 3])"]],
  traverse: withOptions(["zeros([1, 2])"], "{ from: -1, to: 1, steps: 3, dimensions: [1] }"),
  moveAlong: withOptions(["zeros([1, 2])", "ones([1, 2])"], "{ from: -1, to: 1, steps: 3 }"),
};

const codes = "quantize(ones([2, 3]), { bits: 4 })";
const coding: Recipes = {
  frequencyTable: [["[3, 1, 0]"], ["new Uint32Array(4)"]],
  encodeSymbols: [
    ["[0, 1, 0]", "[frequencyTable([3, 1])]"],
    ["new Uint16Array([7, 1])", "[{ bits: 3 }, frequencyTable([1, 1])]"],
  ],
  decodeSymbols: [["encodeSymbols([0, 5], [{ bits: 3 }])", "2", "[{ bits: 3 }]"]],
  quantize: [["ones([2, 3])", "{ bits: 4, steps: [1, 2, 1] }"]],
  dequantize: [[codes]],
  compress: withOptions(
    ["tinyModel", "tinyModel.init(key(1))", "zeros([2, 4])"],
    '{ bits: 4, steps: "range", blockSize: 1, batchSize: 2 }',
  ),
  vqVae: [
    [
      "{ inputShape: [4], latentSize: 2, encoder: dense(2), decoder: dense(4), codebook: 8, commitment: 1, decay: 0.9 }",
    ],
  ],
  imageVqVae: [["{ inputShape: [8, 8, 1], latentSize: 4, codebook: 8, channels: [2, 4] }"]],
  "compress ": [["vqModel", "vqModel.init(key(1))", "zeros([2, 4])"]],
  "vqModel.loss": [["vqModel.init(key(1))", "batch", "{ key: key(1), training: true }"]],
  "vqModel.indices": withOptions(["vqModel.init(key(1))", "batch"], "{ batchSize: 4 }"),
  "vqModel.encode": withOptions(["vqModel.init(key(1))", "batch"], "{ batchSize: 4 }"),
  "vqModel.vectorsOf": [["vqModel.init(key(1))", "zeros([3])"]],
  "vqModel.decode": withOptions(["vqModel.init(key(1))", "ones([2, 2])"], "{ batchSize: 4 }"),
  "vqModel.reconstruct": withOptions(["vqModel.init(key(1))", "batch"], "{ batchSize: 4 }"),
  "vqModel.score": withOptions(["vqModel.init(key(1))", "batch"], "{ batchSize: 4 }"),
  "vqModel.init": [["key(1)"]],
  pixelRnn: [["{ inputShape: [2, 2, 1], levels: 4, hidden: 3, layers: 2, kernel: 3 }"]],
  pixelCnn: [["{ inputShape: [2, 2, 1], levels: 4, hidden: 3, layers: 2, kernel: 3 }"]],
  ...pixelModel("rnnModel"),
  ...pixelModel("cnnModel"),
  compressLossless: withOptions(
    ["levelVae", "levelVae.init(key(1))", "zeros([2, 4])"],
    "{ blockSize: 1, batchSize: 2 }",
  ),
  decompressLossless: withOptions(
    ["levelVae", "levelVae.init(key(1))", "compressLossless(levelVae, levelVae.init(key(1)), zeros([2, 4]))"],
    "{ start: 1, end: 2, batchSize: 1 }",
  ),
  decompress: withOptions(
    ["tinyModel", "tinyModel.init(key(1))", "compress(tinyModel, tinyModel.init(key(1)), zeros([2, 4]))"],
    "{ start: 1, end: 2, batchSize: 1 }",
  ),
};

const files: Recipes = {
  readCsv: withOptions(['"a,b\\n1,2\\n3,4"'], '{ separator: "," }'),
  "readCsv ": [["new Uint8Array([49, 44, 50, 10])"]],
  readIdx: withOptions([bytes], "{ channelAxis: false }", "{}"),
  loadIdx: withOptions([bytes], "{}"),
  writeNpy: [["ones([2, 3])"]],
  readNpy: [["writeNpy(ones([2, 3]))"]],
  writePng: withOptions(["ones([2, 3, 1])"], "{ low: 0, high: 2 }"),
  readPng: [["writePng(ones([2, 3, 3]))"]],
  writeSafetensors: withOptions(["{ a: ones([2]) }"], '{ made: "by hand" }'),
  readSafetensors: [["writeSafetensors({ a: ones([2]) })"]],
  writeTree: [["{ step: 3, params: [{ kernel: ones([2]) }] }"]],
  readTree: [["writeTree({ step: 3, params: [{ kernel: ones([2]) }] })"]],
  saveModel: withOptions(["tinyModel", "tinyParams"], "{ note: 1 }"),
  loadModel: withOptions(["saveModel(tinyModel, tinyParams)"], "{ layers: {} }"),
  flattenTree: [["{ a: [ones([2])] }"]],
  unflattenTree: [["flattenTree({ a: [ones([2])] })", "{ a: [ones([2])] }"]],
  resizeImages: withOptions(["ones([1, 4, 4, 1])", "[2, 2]"], '{ fit: "crop" }', "{}"),
  toGrey: [["ones([2, 2, 3])"]],
  removeAlpha: withOptions(["ones([2, 2, 4])"], "{ background: 0.5 }"),
  shapes: [["{ count: 2, size: 32, key: key(1) }"]],
  faces: [["{ count: 1, size: 16, key: key(1), factors: { smile: 1 } }"]],
  drawFace: withOptions(["{ smile: 1, yaw: -0.5 }"], "{ size: 16 }"),
  fitFaceReadout: [["{ key: key(1), count: 300, size: 16 }"]],
  readFaces: [["faceReadout()", "drawFace({}, { size: 16 })"]],
};

const optimizers: Recipes = {
  adam: withOptions(
    [],
    "{ learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-7, epsilonHat: true, weightDecay: 0.1, mask: true }",
  ),
  adamw: withOptions([], "{ learningRate: 0.1, weightDecay: 0.1, mask: (path) => true }"),
  sgd: withOptions(
    [],
    "{ learningRate: schedules.constant(1), momentum: 0.9, nesterov: true, weightDecay: 0, mask: true }",
  ),
  rmsprop: withOptions([], "{ learningRate: 0.1, decay: 0.9, momentum: 0.1, epsilon: 1e-7, centered: true }"),
  adagrad: withOptions(
    [],
    "{ learningRate: 0.1, initialAccumulator: 0.1, epsilon: 1e-7, epsilonInsideRoot: true }",
  ),
  accumulateGradients: [["adam()", "2"]],
  movingAverage: [["adam()", "0.9"]],
  averageOf: [["movingAverage(adam(), 0.9).init({ a: ones([2]) })", "{ a: ones([2]) }"]],
  chain: [["clipByValue(1)", "adam()"], ["adam()"]],
  clipByValue: [["1"]],
  "clipByValue(0.5)": [["{ a: ones([2]) }"]],
  clipByGlobalNorm: [["1"]],
  "clipByGlobalNorm(0.5)": [["{ a: ones([2]) }"]],
  globalNorm: [["{ a: ones([2]) }"]],
  weightDecay: withOptions(["0.1"], "{ mask: { a: true } }"),
  "weightDecay(0.1)": [["{ a: ones([2]) }", "{ a: ones([2]) }"]],
  "schedules.constant": [["0.1"]],
  "schedules.exponentialDecay": [
    ["{ from: 0.1, factor: 0.5, steps: 100, staircase: true }"],
    ["{ from: 0.1, factor: 0.5, steps: 100 }"],
  ],
  "schedules.cosineDecay": [["{ from: 0.1, steps: 100 }"], ["{ from: 0.1, steps: 100, to: 0 }"]],
  "schedules.linearWarmup": [["{ steps: 5, next: schedules.constant(1) }"]],
  "schedules.piecewise": [["{ boundaries: [100, 200], rates: [0.1, 0.01, 0.001] }"]],
  "schedules.oneCycle": [["{ peak: 0.1, steps: 100 }"]],
  "schedules.cosineDecay({ from: 0.1, steps: 100 })": [["50"]],
  "schedules.oneCycle({ peak: 0.1, steps: 100 })": [["50"]],
};

/** Optimizers whose methods are called, too. */
const OPTIMIZERS = [
  "adam()",
  "sgd({ momentum: 0.9 })",
  "rmsprop()",
  "adagrad()",
  "accumulateGradients(adam(), 2)",
  "movingAverage(adam(), 0.9)",
  "chain(clipByValue(1), adam())",
];

const optimizerMethods: Recipes = Object.fromEntries(
  OPTIMIZERS.flatMap((optimizer) => [
    [`(${optimizer}).init`, [["{ a: ones([2]), b: [ones([3])] }"]]],
    [
      `(${optimizer}).update`,
      [["{ a: ones([2]) }", `(${optimizer}).init({ a: ones([2]) })`, "{ a: ones([2]) }"]],
    ],
  ]),
);

/** Layers with one input's shape; their makers and methods are called. */
const LAYERS: Readonly<Record<string, readonly [args: readonly string[], inputShape: string][]>> = {
  relu: [[[], "[3]"]],
  leakyRelu: [[["{ alpha: 0.1 }"], "[3]"]],
  elu: [[["{ alpha: 0.1 }"], "[3]"]],
  gelu: [[[], "[3]"]],
  geluTanh: [[[], "[3]"]],
  silu: [[[], "[3]"]],
  mish: [[[], "[3]"]],
  softsign: [[[], "[3]"]],
  sigmoid: [[[], "[3]"]],
  tanh: [[[], "[3]"]],
  softplus: [[[], "[3]"]],
  softmax: [[[], "[3]"]],
  dense: [
    [["4"], "[3]"],
    [["4", '{ activation: "relu", useBias: false, kernelInitializer: "orthogonal" }'], "[3]"],
  ],
  conv2d: [
    [["2", "{ kernel: 3 }"], "[5, 5, 1]"],
    [
      [
        "2",
        '{ kernel: [3, 2], stride: 2, padding: "valid", dilation: 1, groups: 1, activation: "elu", alpha: 1 }',
      ],
      "[5, 5, 1]",
    ],
  ],
  conv2dTranspose: [
    [["2", "{ kernel: 3, stride: 2 }"], "[3, 3, 1]"],
    [["2", "{ kernel: 3, stride: 2, padding: 1, outputPadding: 1 }"], "[3, 3, 1]"],
  ],
  resizeConv2d: [[["2", "{ kernel: 3, factor: 2 }"], "[3, 3, 1]"]],
  upsampleNearest: [[["2"], "[3, 3, 1]"]],
  maxPool2d: [[["2", '{ stride: 1, padding: "same", dilation: 1 }'], "[4, 4, 1]"]],
  avgPool2d: [[["2", "{ stride: 1, padding: 1, countIncludePad: true }"], "[4, 4, 1]"]],
  globalAvgPool: [[[], "[4, 4, 1]"]],
  flatten: [[[], "[4, 4, 1]"]],
  reshape: [[["[4, 1]"], "[2, 2]"]],
  batchNorm: [[['{ momentum: 0.9, epsilon: 1e-3, runningVariance: "unbiased" }'], "[3]"]],
  layerNorm: [[["{ epsilon: 1e-3 }"], "[3]"]],
  dropout: [[["0.5"], "[3]"]],
  gaussianNoise: [[["0.5", "{ clip: [0, 1] }"], "[3]"]],
  saltAndPepper: [[["0.5", "{ low: 0, high: 1 }"], "[3]"]],
  maskPatches: [[["{ size: 2, ratio: 0.5, value: 0 }"], "[4, 4, 1]"]],
  sequential: [[["dense(4)", "relu()", "batchNorm()"], "[3]"]],
  residual: [[["dense(3)"], "[3]"]],
  parallel: [[["{ mean: dense(2), logVar: dense(2) }"], "[3]"]],
};

const layers: Recipes = Object.fromEntries(
  Object.entries(LAYERS).flatMap(([maker, cases]) => [
    [maker, cases.map(([args]) => args)],
    ...cases.flatMap(([args, shape]) => {
      const layer = `${maker}(${args.join(", ")})`;
      const made = `${layer}.init(key(1), ${shape})`;
      const input = `ones([2, ...${shape}])`;
      return [
        [`${layer}.outputShape`, [[shape]]],
        [`${layer}.init`, [["key(1)", shape]]],
        [
          `${layer}.apply`,
          [
            [`${made}.params`, `${made}.state`, input],
            [`${made}.params`, `${made}.state`, input, "{ training: true, key: key(2) }"],
          ],
        ],
        [`summary`, [[layer, shape]]],
      ] as const;
    }),
  ]),
);

const layerTools: Recipes = {
  summary: [["sequential(dense(4), relu())", "[3]"], ["tinyVae"]],
  layerFromSpec: withOptions(["sequential(dense(4), relu()).spec"], "{ mine: () => dense(3) }"),
  "maskPatches({ size: 2, ratio: 0.5 }).hidden": [["key(1)", "[2, 4, 4, 1]"]],
};

const lossOptions = "{ key: key(1), training: true, step: 3 }";
const boundOptions = "{ key: key(1), samples: 2, batchSize: 4 }";
const bounded = (method: string, ...options: string[]): Recipes => ({
  [`tinyVae.${method}`]: withOptions(["vaeParams", "batch"], ...options),
});

const models: Recipes = {
  vae: [
    [
      '{ inputShape: [4], latentSize: 2, encoder: dense(3), decoder: dense(4), likelihood: { type: "gaussian", gamma: 1 }, beta: 2, freeBits: { perDimension: 0.1 } }',
    ],
    ["{ inputShape: [4], latentSize: 2, encoder: dense(3), decoder: dense(4) }"],
    [
      '{ inputShape: [4], latentSize: 2, encoder: dense(3), decoder: dense(4), condition: { classes: 2, names: ["a", "b"], as: "maps" } }',
    ],
    ["{ inputShape: [4], latentSize: 2, encoder: dense(3), decoder: dense(4), condition: { size: 2 } }"],
  ],
  autoencoder: [
    ['{ inputShape: [4], encoder: dense(3), decoder: dense(4), loss: "squaredError", reduction: "mean" }'],
  ],
  imageVae: [["{ inputShape: [8, 8, 1], channels: [2], features: 4, latentSize: 2 }"]],
  imageAutoencoder: [["{ inputShape: [8, 8, 1], channels: [2], features: 4, latentSize: 2 }"]],
  modelFromSpec: withOptions(["tinyVae.spec"], "{ layers: {} }"),
  "lectures.linear": withOptions([], "{ features: 4, latentSize: 2 }"),
  "lectures.shallow": withOptions([], "{ latentSize: 2 }"),
  "lectures.stacked": [[]],
  "lectures.convolutional": [[]],
  "lectures.strided": [[]],
  "lectures.denseVae": withOptions([], "{ latentSize: 2 }"),
  "lectures.convVae": withOptions([], "{ latentSize: 2, size: 16 }"),
  "tinyVae.init": [["key(1)"]],
  "tinyVae.loss": [
    ["vaeParams", "batch", lossOptions],
    ["vaeParams", "batch", "{ noise: zeros([6, 2]) }"],
  ],
  ...bounded("encode", "{ batchSize: 4 }"),
  "tinyVae.sampleLatent": [["vaeParams", "batch", "{ key: key(1), batchSize: 4 }"]],
  "tinyVae.decoderOutputs": withOptions(["vaeParams", "ones([2, 2])"], "{ batchSize: 4 }"),
  "tinyVae.decode": withOptions(["vaeParams", "ones([2, 2])"], "{ batchSize: 4 }"),
  ...bounded("reconstruct", "{ batchSize: 4 }"),
  "tinyVae.generate": [["vaeParams", "{ count: 3, key: key(1), temperature: 0.5, batchSize: 2 }"]],
  ...bounded("elbo", boundOptions),
  ...bounded("logLikelihood", boundOptions),
  ...bounded("refinePosterior", "{ steps: 2, key: key(1), learningRate: 0.1, batchSize: 4 }"),
  ...bounded("score", '{ by: "reconstruction" }', '{ by: "logLikelihood", samples: 2, key: key(1) }'),
  "tinyVae.warnings": [["vaeParams", "batch", "{ step: 1, isImproving: true }"]],
  "classVae.init": [["key(1)"]],
  "classVae.loss": [["classParams", "{ inputs: batch, labels: classes }", lossOptions]],
  "classVae.sampleLatent": [["classParams", "batch", "{ key: key(1), labels: classes }"]],
  "classVae.generate": [
    ["classParams", "{ count: 3, key: key(1), labels: 2 }"],
    ["classParams", "{ count: 6, key: key(1), labels: classes }"],
  ],
  ...Object.fromEntries(
    ["encode", "reconstruct", "elbo", "logLikelihood"].map((method) => [
      `classVae.${method}`,
      [
        ["classParams", "batch", "{ labels: classes, batchSize: 4 }"],
        ["classParams", "batch", "{ labels: 'b' }"],
      ],
    ]),
  ),
  ...Object.fromEntries(
    ["decode", "decoderOutputs"].map((method) => [
      `classVae.${method}`,
      [["classParams", "ones([6, 2])", "{ labels: classes, batchSize: 4 }"]],
    ]),
  ),
  "classVae.refinePosterior": [["classParams", "batch", "{ labels: classes, steps: 2 }"]],
  "classVae.score": [["classParams", "batch", "{ labels: 1, samples: 2 }"]],
  classify: withOptions(
    ["classVae", "classParams", "batch"],
    "{ prior: [1, 2, 0], samples: 2, reject: -3, key: key(1), batchSize: 4 }",
  ),
  "classVae.warnings": [
    ["classParams", "{ inputs: batch, labels: classes }", "{ step: 1, isImproving: true }"],
  ],
  "tinyModel.init": [["key(1)"]],
  "tinyModel.loss": [
    ...withOptions(["tinyParams", "batch"], lossOptions),
    ["tinyParams", "{ inputs: batch, targets: batch, weights: ones([6]) }"],
  ],
  "tinyModel.encode": withOptions(["tinyParams", "batch"], "{ batchSize: 4 }"),
  "tinyModel.decode": withOptions(["tinyParams", "ones([2, 3])"], "{ batchSize: 4 }"),
  "tinyModel.reconstruct": withOptions(["tinyParams", "batch"], "{ batchSize: 4 }"),
  "tinyModel.score": withOptions(["tinyParams", "batch"], "{ batchSize: 4 }"),
};

const training: Recipes = {
  fit: [
    ["tinyModel", "batch", "{ key: key(1), epochs: 1 }"],
    [
      "tinyVae",
      "batch",
      "{ key: key(1), epochs: 2, batchSize: 4, shuffle: true, dropLast: true, validation: 0.2, optimizer: adam(), earlyStopping: { patience: 1, minDelta: 0, monitor: 'loss' }, corrupt: gaussianNoise(0.1) }",
    ],
    [
      "tinyModel",
      "batch",
      "{ key: key(1), steps: 2, params: tinyParams, validation: batch, checkpoint: { every: 1, save: () => {} }, resume: tinyCheckpoint, onStep: () => {}, onEpoch: () => {}, signal: { aborted: false }, yieldEvery: 0 }",
    ],
  ],
  writeCheckpoint: [["tinyCheckpoint"]],
  readCheckpoint: [["writeCheckpoint(tinyCheckpoint)"]],
  createTrainer: [
    ["tinyModel", "{ key: key(1), optimizer: adam(), params: tinyParams }"],
    ["tinyModel", "{ key: key(1), corrupt: maskPatches({ size: 2, ratio: 0.5 }), lossOn: 'hidden' }"],
  ],
  "trainer().step": [["batch"]],
  "trainer().evaluate": [["batch"]],
  "trainer().params": [[]],
  "trainer().state": [[]],
  "trainer().restore": [["trainer().state()"]],
  createComparison: [
    [
      "[{ name: 'a', model: tinyVae, params: vaeParams, inputs: batch }]",
      "{ title: 'A', fitted: batch, imageShape: [2, 2, 1], labels: [0, 1, 0, 1, 0, 1], settings: { a: 1 }, key: key(1) }",
    ],
  ],
  createReport: [
    [
      "tinyVae",
      "vaeParams",
      "batch",
      "{ title: 'A', imageShape: [2, 2, 1], valueRange: [0, 1], labels: [0, 1, 0, 1, 0, 1], labelNames: ['a', 'b'], settings: { a: 1 }, key: key(1) }",
    ],
  ],
};

/** What is called rarely because it takes long, and what holds memory by its nature. */
export const SLOW =
  /^(fit|createReport|createComparison|createTrainer|trainer|fitFaceReadout|faces|drawFace|shapes|lectures|imageVae|imageAutoencoder|configure|fitMixture|selectMixture|bottleneckProbe|tinyVae.refinePosterior|readFaces)/;
export const HOLDING = /^(createTrainer|trainer)/;

/** All recipes. */
export const RECIPES: Recipes = {
  ...operations,
  ...tensors,
  ...differentiation,
  ...statistics,
  ...coding,
  ...files,
  ...optimizers,
  ...optimizerMethods,
  ...layers,
  ...layerTools,
  ...models,
  ...training,
};
