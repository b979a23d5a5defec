// An audio worklet, whose global scope has nearly nothing: runs the program, and tells the page what came out.

import { run } from "./program.mjs";

const { AudioWorkletProcessor, registerProcessor } = globalThis;

class Program extends AudioWorkletProcessor {
  constructor() {
    super();
    // oxlint-disable-next-line require-post-message-target-origin -- a port has none
    const tell = (text) => this.port.postMessage(text);
    run().then(tell, (error) => tell(`failed: ${error.stack}`));
  }
  process() {
    return true;
  }
}
registerProcessor("program", Program);
