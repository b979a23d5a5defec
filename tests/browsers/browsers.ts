// The browsers of this machine, each as something that visits pages.

import { type ChildProcess, spawn } from "node:child_process";
import { launch } from "puppeteer-core";
import { chromiumPath, findProgram } from "../support/chromium.js";

/** A browser that is open. */
export interface Visitor {
  /** Name and version. */
  readonly name: string;
  /** Opens a page; gives what closes it, which gives what the page said to the console. */
  visit(url: string): Promise<() => Promise<readonly string[]>>;
  close(): Promise<void>;
}

const openDriven =
  (browser: "chrome" | "firefox") =>
  async (executablePath: string): Promise<Visitor> => {
    const args = browser === "chrome" ? ["--no-sandbox", "--disable-gpu"] : [];
    const driven = await launch({ browser, executablePath, args, timeout: 120_000 });
    return {
      name: (await driven.version()).replace("/", " "),
      async visit(url) {
        const page = await driven.newPage();
        const said: string[] = [];
        page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
        page.on("pageerror", (error) => said.push(String(error)));
        await page.goto(url);
        return async () => {
          await page.close();
          return said;
        };
      },
      close: () => driven.close(),
    };
  };

/** All that a program prints. */
function printed(program: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = "";
    program.stdout?.on("data", (part) => (text += part));
    program.once("error", fail);
    program.once("close", () => done(text));
  });
}

/** A display for windows that nobody looks at: its number as `DISPLAY` has it, and what closes it. */
async function openDisplay(xvfb: string): Promise<readonly [number: string, close: () => void]> {
  const display = spawn(xvfb, ["-displayfd", "1"], { stdio: ["ignore", "pipe", "ignore"] });
  const number = await new Promise<string>((done, fail) => {
    display.stdout.once("data", (text) => done(`:${String(text).trim()}`));
    display.once("error", fail);
    display.once("close", () => fail(new Error(`${xvfb} gives no display`)));
  });
  return [number, () => display.kill()];
}

/** WebKit's plain window, which nobody drives: a process for each page. */
const openWebKit =
  (xvfb: string) =>
  async (path: string): Promise<Visitor> => {
    const [DISPLAY, close] = await openDisplay(xvfb);
    const start = (...parameters: string[]) =>
      spawn(path, parameters, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, DISPLAY } });
    const version = /[\d.]+/.exec(await printed(start("--version")))?.[0] ?? "";
    return {
      name: `WebKit ${version}`,
      async visit(url) {
        const window = start("--private", url);
        const said: string[] = [];
        window.stderr.on("data", (part) => said.push(String(part)));
        return async () => {
          const end = printed(window);
          window.kill();
          await end;
          return said;
        };
      },
      close: async () => close(),
    };
  };

/** Gives what opens each browser that is here, and says of each other how it would be. */
export function findBrowsers(): (() => Promise<Visitor>)[] {
  const xvfb = findProgram("XVFB_PATH", ["Xvfb"]);
  const firefox = findProgram("FIREFOX_PATH", ["firefox", "firefox-esr"]);
  const webkit = findProgram("WEBKIT_PATH", ["../lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"]);
  const candidates = [
    {
      name: "Chromium",
      variable: "CHROMIUM_PATH",
      debian: "chromium",
      path: chromiumPath,
      open: openDriven("chrome"),
    },
    {
      name: "Firefox",
      variable: "FIREFOX_PATH",
      debian: "firefox-esr",
      path: firefox,
      open: openDriven("firefox"),
    },
    {
      name: "WebKit",
      variable: "WEBKIT_PATH",
      debian: "webkit2gtk-driver xvfb",
      path: xvfb && webkit,
      open: openWebKit(xvfb ?? ""),
    },
  ];
  return candidates.flatMap(({ name, variable, debian, path, open }) => {
    if (path !== undefined) return [() => open(path)];
    console.warn(
      `No ${name} here. On Debian \`apt-get install ${debian}\` brings it; elsewhere ${variable} tells where it is.`,
    );
    return [];
  });
}
