// A module worker: runs the program, and tells the page what came out.

import { tensor } from "reparam";
import { toNdarray } from "reparam/ndarray";
import { run } from "./program.mjs";

try {
  const text = await run();
  // Where the page's policy forbids to make code from strings, as the package ndarray does.
  const turned = toNdarray(tensor([[1, 2]])).transpose(1, 0);
  if (turned.get(1, 0) !== 2) throw new Error(`a view has ${turned.get(1, 0)}`);
  postMessage(text);
} catch (error) {
  postMessage(`failed: ${error.stack}`);
}
