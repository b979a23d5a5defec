// A module worker that no bundler has seen: workers know no import maps, so it names the library by its path.

import * as library from "./node_modules/reparam/dist/index.js";
import { answer } from "./messages.mjs";

onmessage = async ({ data }) => {
  postMessage(await answer(library, data).catch((error) => ({ failed: error.message })));
};
