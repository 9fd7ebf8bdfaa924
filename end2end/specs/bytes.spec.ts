// What a reader downloads, as compressed bodies. Budgets serve the reader: a page that needs more says so here.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { get } from "node:http";
import { join, resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test";

/// Bytes of the program of the pages.
const PROGRAM = 120_000;
/// Of the first load of the usage page, without its typeface.
const FIRST_LOAD = 150_000;
/// Of any other page, once the first is loaded.
const PAGE = 16_000;

const SITE = resolve(import.meta.dirname, "../../target/site/pkg");

/// Only a release is compressed; a development build is twenty times as large, and that says nothing.
const isRelease = existsSync(SITE) && readdirSync(SITE).some((name) => name.endsWith(".wasm.br"));

/// The budgets are of a page whose standard library was compiled along; without its sources it is larger, and the build says so.
const LIBRARY = resolve(import.meta.dirname, "../../target/page/release/library");
const isRebuilt = existsSync(LIBRARY) && readFileSync(LIBRARY, "utf8").trim() === "rebuilt";

/// Bytes of an answer's body as it is sent.
async function bytes(page: Page, url: string): Promise<number> {
  const cookies = await page.context().cookies(url);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const headers = { "accept-encoding": "br", accept: "*/*", cookie };
  return new Promise((done, failed) => {
    const asked = get(url, { headers }, (answer) => {
      let count = 0;
      answer.on("data", (part: Buffer) => (count += part.length));
      answer.on("end", () => (answer.statusCode === 200 ? done(count) : failed(new Error(`${url}: ${answer.statusCode}`))));
      answer.on("error", failed);
    });
    asked.on("error", failed);
  });
}

/// Usage of six agents and two companies over some weeks, so that every chart has marks and the log has pages.
const HISTORY = Array.from({ length: 900 }, (_, event) => ({
  company: event % 3 === 0 ? "bluewater" : "acme",
  agent: (["chat", "voice_inbound", "voice_outbound", "voice_web", "auto_trigger", "nox"] as const)[event % 6] ?? "chat",
  activity: event % 6 === 0 ? "chat_reply" : "voice_call",
  credits: `${1 + (event % 7)}.${event % 97}`,
  reference: `ref-${(event * 7919) % 100_003}`,
  time: new Date(Date.now() - event * 50 * 60_000 - 60_000),
}));

test.describe("Bytes", () => {
  test("pages are small", async ({ usage, account }) => {
    const { page } = usage;
    await account.backfill(HISTORY);
    await usage.open();
    const links = await page.locator(".sidebar nav a").evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    const sizes = new Map<string, number>();
    for (const href of links.slice(1)) sizes.set(new URL(href).pathname, await bytes(page, href));
    console.log([...sizes].map(([path, size]) => `${path} ${size}`).join("\n"));
    expect([...sizes].filter(([, size]) => size > PAGE)).toEqual([]);
    expect(sizes.size).toBeGreaterThan(5);
  });

  (isRelease && isRebuilt ? test : test.skip)("the first load of the usage page is small, as it ships", async ({ usage, account }) => {
    const { page } = usage;
    await account.backfill(HISTORY);
    const loaded = new Set<string>();
    page.on("request", (request) => loaded.add(request.url()));
    await usage.open();
    const sizes = new Map<string, number>();
    for (const url of loaded) {
      const { protocol, pathname } = new URL(url);
      if (protocol === "http:" && !/\.(woff2)$|^\/api\//.test(pathname)) sizes.set(pathname, await bytes(page, url));
    }
    console.log([...sizes].map(([path, size]) => `${path} ${size}`).join("\n"));
    const program = [...sizes].filter(([path]) => path.endsWith(".wasm"));
    expect(program).toHaveLength(1);
    expect(program[0]?.[1]).toBeLessThanOrEqual(PROGRAM);
    expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(FIRST_LOAD);
  });
});
