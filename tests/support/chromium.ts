// Chromium: where it is on this machine, and what a person would see of a page in it.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Browser } from "puppeteer-core";
import { readPng } from "../../src/images/index.js";

/** Where a program is: at the path that an environment variable gives, or under the first of its names on the path. */
export function findProgram(variable: string, names: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return process.env[variable] || candidates.find((path) => existsSync(path));
}

/** The program: `CHROMIUM_PATH`, or the first of the usual names on the path; undefined where there is none. */
export const chromiumPath = findProgram("CHROMIUM_PATH", ["chromium", "chromium-browser", "google-chrome"]);

/** How a page is looked at. */
export interface View {
  /** Of the window in pixels; below 600 it is a phone's. */
  readonly width: number;
  readonly scheme: "light" | "dark";
  /** Whether the page's scripts may run. */
  readonly hasScripts: boolean;
}

/** What is there to see. */
export interface Sight {
  readonly view: string;
  /** What the page asked for, itself and what it holds as `data:` left out. */
  readonly requests: readonly string[];
  /** What it said to the console, and errors of its scripts. */
  readonly messages: readonly string[];
  /** `pixels`: width of the picture itself, 0 where it cannot be shown; `width`: that of its place. */
  readonly images: readonly { readonly alt: string; readonly pixels: number; readonly width: number }[];
  /** `name`: for those who cannot see it; null for a drawing within a drawing. */
  readonly drawings: readonly {
    readonly name: string | null;
    readonly width: number;
    readonly height: number;
  }[];
  /** Width of all there is, that which needs scrolling included. */
  readonly scrollWidth: number;
  /** Brightness of the background as it is painted, from 0 to 1. */
  readonly paper: number;
  /** Brightness of the heading's letters, from 0 to 1. */
  readonly ink: number;
  readonly text: string;
}

const brightness = (channels: ArrayLike<number>): number => (channels[0]! + channels[1]! + channels[2]!) / 3;

/** Opens a page, lets nothing leave it, and tells what is there to see. */
export async function look(browser: Browser, url: string, view: View): Promise<Sight> {
  const { width, scheme, hasScripts } = view;
  const page = await browser.newPage();
  const requests: string[] = [];
  const messages: string[] = [];
  page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => messages.push(String(error)));
  page.on("request", (request) => {
    const isOwn = request.url() === url || request.url().startsWith("data:");
    if (!isOwn) requests.push(request.url());
    (isOwn ? request.continue() : request.abort()).catch(() => {});
  });
  await page.setRequestInterception(true);
  await page.setViewport({ width, height: 800, isMobile: width < 600 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setJavaScriptEnabled(hasScripts);
  await page.goto(url);

  const images = await page.$$eval("img", (elements) =>
    elements.map((image) => ({ alt: image.alt, pixels: image.naturalWidth, width: image.width })),
  );
  const drawings = await page.$$eval("svg", (elements) =>
    elements.map((drawing) => {
      const { width, height } = drawing.getBoundingClientRect();
      const isInner = drawing.parentElement.closest("svg") !== null;
      const name = isInner ? null : (drawing.getAttribute("aria-label") ?? "").trim();
      return { name, width, height };
    }),
  );
  const scrollWidth = await page.$eval("html", (element) => element.scrollWidth);
  const text = await page.$eval("body", (element) => element.innerText);
  const colour: string = await page.$eval(
    "h1",
    (element) => element.ownerDocument.defaultView.getComputedStyle(element).color,
  );
  const ink = brightness(colour.match(/[\d.]+/g)!.map((value) => Number(value) / 255));
  const corner = await page.screenshot({ clip: { x: 0, y: 0, width: 1, height: 1 } });
  const paper = brightness(readPng(corner).data);
  await page.close();
  const name = `${width} px, ${scheme}, ${hasScripts ? "with" : "without"} JavaScript`;
  return { view: name, requests, messages, images, drawings, scrollWidth, paper, ink, text };
}
