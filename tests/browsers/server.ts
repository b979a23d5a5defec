// A server for pages of tests: files of one folder, under headers that the first part of a path names, and a place where
// pages say what came of them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".png": "image/png",
};

/** What the first part of a path sends along with every file below it. */
export type Place = "open" | "strict" | "closed" | "isolated";

/** A page without anything but an import map and a module: what it does stands behind `#`. */
const pageWith = (importMap: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>reparam</title>` +
  `<script type="importmap">${importMap}</script><script type="module" src="page.mjs"></script>`;

function headersOf(place: string, importMap: string): Readonly<Record<string, string>> {
  // An import map is a script too, and can only stand in the page: its hash lets it through, and no other.
  const hash = createHash("sha256").update(importMap).digest("base64");
  const policy = `default-src 'self'; script-src 'self' 'sha256-${hash}'`;
  switch (place) {
    case "strict":
      return { "content-security-policy": `${policy} 'wasm-unsafe-eval'` };
    case "closed":
      return { "content-security-policy": policy };
    case "isolated":
      return {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      };
    default:
      return {};
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** A running server. */
export interface Server {
  readonly origin: string;
  /** What the next page says of itself, or that it said nothing for so many milliseconds. */
  answer(patience: number): Promise<string>;
  close(): void;
}

/**
 * Serves a folder to this machine alone.
 *
 * @param folder - whose files `/<place>/<file>` and `/<file>` are
 * @param importMap - of the page that stands at `/<place>/page.html`
 */
export async function serve(folder: string, importMap: string): Promise<Server> {
  let tell: ((text: string) => void) | undefined;
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, place = "", ...rest] = new URL(request.url ?? "", "http://localhost").pathname.split("/");
    const headers = headersOf(place, importMap);
    const isPlace = place === "open" || Object.keys(headers).length > 0;
    const path = normalize(`/${(isPlace ? rest : [place, ...rest]).join("/")}`);
    if (request.method === "POST") {
      tell?.(await bodyOf(request));
      response.writeHead(204).end();
    } else if (path === "/page.html") {
      response.writeHead(200, { ...headers, "content-type": "text/html" }).end(pageWith(importMap));
    } else {
      const contents = readFileSync(join(folder, path));
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { ...headers, "content-type": type }).end(contents);
    }
  };
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => response.writeHead(404).end(String(error)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    answer: (patience) =>
      new Promise((done) => {
        const timer = setTimeout(() => done(`failed: silent for ${patience / 1000} s`), patience);
        tell = (text) => {
          clearTimeout(timer);
          done(text);
        };
      }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
