// What a page does with the installed library, one thing for each name behind its #, and tells the server.

import * as library from "reparam";
import { readPng, writePng } from "reparam/images";
import { ask } from "./messages.mjs";
import { run } from "./program.mjs";

const { equals, key, ops, random, tensor } = library;
const { document, location } = globalThis;

/** The next message of a worker or a port; fails where its script cannot be loaded. */
function nextMessage(port, owner = port) {
  return new Promise((done, fail) => {
    const failed = (event) => fail(new Error(event.message ?? event.type));
    for (const type of ["error", "messageerror", "processorerror"]) owner.addEventListener(type, failed);
    port.addEventListener("message", ({ data }) => done(data), { once: true });
    port.start?.();
  });
}

/** A picture as the browser itself decodes it: four bytes for each pixel. */
async function decodedByBrowser(blob) {
  const bitmap = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

/** In which of a pixel's four bytes the channels of grey, grey with opacity, colour, colour with opacity stand. */
const CHANNELS = [[0], [0, 3], [0, 1, 2], [0, 1, 2, 3]];

/** Refuses an image whose values are not the browser's. */
async function expectPixels(name, blob, { data, shape: [height, width, channels] }) {
  const bytes = await decodedByBrowser(blob);
  if (bytes.length !== 4 * height * width) throw new Error(`${name}: ${bytes.length} bytes`);
  for (let i = 0; i < data.length; i++) {
    const byte = bytes[4 * Math.floor(i / channels) + CHANNELS[channels - 1][i % channels]];
    if (Math.round(255 * data[i]) !== byte) throw new Error(`${name}: ${byte} for ${data[i]} at ${i}`);
  }
}

const CASES = {
  program: () => run(),
  async isolated() {
    if (globalThis.crossOriginIsolated !== true) throw new Error("the page must be isolated");
    return run();
  },
  /** Without leave to compile. */
  async refusal() {
    try {
      ops.relu(tensor([1]));
      return "not refused";
    } catch (error) {
      return error.message;
    }
  },
  worker: () => nextMessage(new Worker("worker.js", { type: "module" })),
  async worklet() {
    const context = new OfflineAudioContext(1, 128, 44100);
    await context.audioWorklet.addModule("worklet.js");
    const node = new AudioWorkletNode(context, "program");
    return nextMessage(node.port, node);
  },
  messages() {
    const worker = new Worker("listener.mjs", { type: "module" });
    return ask(library, (message) => {
      const reply = nextMessage(worker);
      // oxlint-disable-next-line require-post-message-target-origin -- a worker has none
      worker.postMessage(message);
      return reply;
    });
  },
  async pictures() {
    const file = await (await fetch("picture.png")).blob();
    const read = readPng(new Uint8Array(await file.arrayBuffer()));
    await expectPixels("readPng", file, read);
    const colours = random.uniform(key(1), [5, 7, 3]);
    const rounded = tensor(
      colours.data.map((value) => Math.round(255 * value) / 255),
      colours.shape,
    );
    await expectPixels("writePng", new Blob([writePng(colours)], { type: "image/png" }), rounded);
    // A file that another window has read: its bytes are no Uint8Array of this one.
    const frame = document.body.appendChild(document.createElement("iframe"));
    const foreign = new frame.contentWindow.Uint8Array(await file.arrayBuffer());
    if (foreign instanceof Uint8Array || !equals(readPng(foreign), read)) throw new Error("bytes of a frame");
    return read.shape.join("×");
  },
};

const perform = CASES[location.hash.slice(1)];
const text = await perform().catch((error) => `failed: ${error.message}\n${error.stack}`);
await fetch("answer", { method: "POST", body: text });
