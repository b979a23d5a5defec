// Compressed files as accidents and attackers make them: bytes changed, lost, put in and exchanged, with wrong checksums
// and with right ones. A result or a refusal, and no memory that the file does not make plausible.
//
// MUTATIONS=100000 npx vitest run tests/coding/mutations.test.ts tries as many.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FileHeader, KINDS, readFile, writeFile } from "../../src/coding/byteFile.js";
import { compress, compressLossless, decompress, decompressLossless } from "../../src/coding/index.js";
import {
  autoencoder,
  configure,
  dense,
  key,
  random,
  reshape,
  runtimeInfo,
  sequential,
  tensor,
  vae,
  vqVae,
} from "../../src/index.js";
import { generator } from "../fuzz/calls.js";
import { expectResultOrRefusal } from "../support/hostile.js";

const MUTATIONS = Number(process.env.MUTATIONS ?? 3000);
const SEED = 1;
/** A file of some hundred bytes may make so many bytes of tensors, no more. */
const MOST_MEMORY = 2 ** 26;

const images = random.uniform(key(2), [9, 6]);
const levels = tensor(
  images.data.map((value) => Math.round(15 * value) / 15),
  [9, 6],
);
const plain = autoencoder({ inputShape: [6], encoder: dense(3), decoder: dense(6) });
const withBook = vqVae({
  inputShape: [6],
  latentSize: 2,
  codebook: 5,
  encoder: sequential(dense(4), reshape([2, 2])),
  decoder: sequential(reshape([4]), dense(6)),
});
const ofLevels = vae({
  inputShape: [6],
  latentSize: 2,
  encoder: dense(4),
  decoder: dense(12),
  likelihood: { type: "discretizedLogistic", levels: 16 },
});
const [plainParams, bookParams, levelParams] = [plain, withBook, ofLevels].map((model) => model.init(key(1)));

type Read = (bytes: Uint8Array) => unknown;
const FILES: readonly { readonly name: string; readonly file: Uint8Array; readonly read: Read }[] = [
  {
    name: "codes",
    file: compress(plain, plainParams!, images, { bits: 5, blockSize: 4 }),
    read: (bytes) => decompress(plain, plainParams!, bytes),
  },
  {
    name: "indices",
    file: compress(withBook, bookParams!, images, { blockSize: 4 }),
    read: (bytes) => decompress(withBook, bookParams!, bytes),
  },
  {
    name: "lossless images",
    file: compressLossless(ofLevels, levelParams!, levels, { blockSize: 4 }),
    read: (bytes) => decompressLossless(ofLevels, levelParams!, bytes),
  },
];

type Random = (below: number) => number;

/** Bytes changed in one to four places: others, lost, put in, or taken from another place. */
function changed(random: Random, bytes: Uint8Array): Uint8Array {
  let list = [...bytes];
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(list.length + 1);
    const kind = random(6);
    if (kind === 0) list.splice(at, 1 + random(8));
    else if (kind === 1) list.splice(at, 0, ...Array.from({ length: 1 + random(8) }, () => random(256)));
    else if (kind === 2) list = list.slice(0, at);
    else if (kind === 3) list.splice(at, 4, ...list.slice(random(list.length + 1)).slice(0, 4));
    else if (at < list.length) list[at] = kind === 4 ? random(256) : [0, 1, 127, 128, 255][random(5)]!;
  }
  return Uint8Array.from(list);
}

/** A file that says other things than it should, under right checksums. */
function forged(random: Random, file: Uint8Array): Uint8Array {
  const whole = readFile("test", file);
  const blocks = Array.from({ length: whole.blocks }, (_, block) => whole.block(block));
  const header: FileHeader = { ...whole };
  const kind = random(5);
  const number = [0, 1, 3, 8, 10, 100, 1024, 2 ** 20, 2 ** 29][random(9)]!;
  if (kind === 0) return writeFile({ ...header, side: changed(random, header.side) }, blocks);
  if (kind === 1) return writeFile({ ...header, count: number }, blocks);
  if (kind === 2) return writeFile({ ...header, blockSize: number }, blocks);
  if (kind === 3) return writeFile({ ...header, kind: KINDS[random(KINDS.length)]! }, blocks);
  const at = random(blocks.length);
  return writeFile(
    header,
    blocks.map((block, i) => (i === at ? changed(random, block) : block)),
  );
}

describe("a compressed file that was changed", () => {
  beforeAll(() => configure({ maxMemory: MOST_MEMORY }));
  afterAll(() => configure({ maxMemory: 2 ** 32 }));

  it.each(FILES)(
    `of $name gives a result or a refusal, ${Math.ceil(MUTATIONS / FILES.length)} times`,
    async ({ file, read }) => {
      const random = generator(SEED);
      let refused = 0;
      for (let i = 0; i < MUTATIONS / FILES.length; i++) {
        const other = i % 2 === 0 ? changed(random, file) : forged(random, file);
        await expectResultOrRefusal((bytes) => {
          refused++;
          read(bytes);
          refused--;
        }, other);
      }
      // Nearly all are refused; a forged one may be whole by chance.
      expect(refused).toBeGreaterThan(0.7 * (MUTATIONS / FILES.length));
      expect(runtimeInfo().memory.used).toBe(0);
    },
    900_000,
  );

  it.each(FILES)("of $name is still read as it was", ({ file, read }) => {
    expect(() => read(file)).not.toThrow();
  });
});
