// Sends the installed library's parameters through a channel and back, on whatever runtime this is. Needs no permission.

import * as library from "reparam";
import { answer, ask } from "./messages.mjs";

const { port1: here, port2: there } = new MessageChannel();
const send = (port, message) => port.postMessage(message); // oxlint-disable-line require-post-message-target-origin
there.addEventListener("message", async ({ data }) => {
  send(there, await answer(library, data).catch((error) => ({ failed: error.message })));
});
there.start();
const exchange = (message) =>
  new Promise((done) => {
    here.addEventListener("message", ({ data }) => done(data), { once: true });
    here.start();
    send(here, message);
  });
console.log(await ask(library, exchange));
here.close();
