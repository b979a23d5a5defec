// Laws of a report as a person sees it: opened in a browser, wide and narrow, by day and by night.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, launch } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, look, type Sight, type View } from "../support/chromium.js";
import { reparam } from "../support/inProcess.js";

if (chromiumPath === undefined) {
  console.warn(
    "Reports are not looked at: no Chromium here. On Debian `apt-get install chromium` brings it; " +
      "elsewhere CHROMIUM_PATH tells where it is.",
  );
}

const WIDTHS = [1200, 360];
const SCHEMES = ["light", "dark"] as const;
const VIEWS = WIDTHS.flatMap((width) => SCHEMES.map((scheme): View => ({ width, scheme, hasScripts: true })));
const TINY = "shapes --count 80 --size 16 --latent 2 --batch 16 --epochs 2".split(" ");

describe.skipIf(chromiumPath === undefined)("in a browser", () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "reparam-browser-"));
    browser = await launch({
      executablePath: chromiumPath!,
      args: ["--no-sandbox", "--disable-gpu"],
      timeout: 120_000,
    });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  describe.each(["conv-vae", "conv-ae"])("the report of a %s", (model) => {
    const path = (): string => join(folder, model, "report.html");
    const lookAt = (view: View): Promise<Sight> => look(browser, pathToFileURL(path()).href, view);
    const count = (tag: string): number => readFileSync(path(), "utf8").split(`<${tag} `).length - 1;
    const sights: Sight[] = [];
    beforeAll(async () => {
      const { code, err } = await reparam(["train", ...TINY, "--model", model, "--out", join(folder, model)]);
      if (code !== 0) throw new Error(err);
      for (const view of VIEWS) sights.push(await lookAt(view));
    });

    it("asks for nothing but itself", () => {
      for (const { view, requests } of sights) expect(requests, view).toEqual([]);
    });

    it("raises no errors, and has nothing to say to the console", () => {
      for (const { view, messages } of sights) expect(messages, view).toEqual([]);
    });

    it("shows every image, and names it for those who cannot see it", () => {
      for (const { view, images } of sights) {
        expect(images.length, view).toBe(count("img"));
        expect(images.length, view).toBeGreaterThan(3);
        expect(
          images.filter(({ alt, pixels, width }) => alt.trim() === "" || pixels === 0 || width === 0),
          view,
        ).toEqual([]);
      }
    });

    it("shows every drawing, and names it", () => {
      for (const { view, drawings } of sights) {
        expect(drawings.length, view).toBe(count("svg"));
        expect(drawings.length, view).toBeGreaterThan(1);
        expect(
          drawings.filter(({ name, width, height }) => name === "" || width === 0 || height === 0),
          view,
        ).toEqual([]);
      }
    });

    it("is as wide as the window, without scrolling", () => {
      for (const [i, { view, scrollWidth }] of sights.entries()) {
        expect(scrollWidth, view).toBe(VIEWS[i]!.width);
      }
    });

    it("is dark letters on light paper by day, light ones on dark paper by night", () => {
      for (const [i, { view, paper, ink }] of sights.entries()) {
        const [bright, dark] = VIEWS[i]!.scheme === "light" ? [paper, ink] : [ink, paper];
        expect(bright, view).toBeGreaterThan(0.8);
        expect(dark, view).toBeLessThan(0.2);
      }
    });

    it("reads the same with JavaScript disabled", async () => {
      const sight = await lookAt({ ...VIEWS[0]!, hasScripts: false });
      expect({ ...sight, view: sights[0]!.view }).toEqual(sights[0]);
      expect(sight.text.length).toBeGreaterThan(1000);
      expect(sight.text).toContain(`${model} on shapes`);
    });
  });
});
