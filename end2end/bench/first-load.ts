// What a first visit loads, as the server sends it.

import { get } from "node:http";
import type { BrowserContext } from "@playwright/test";

export interface File {
  kind: string;
  bytes: number;
}

/// Opens the page with an empty cache, and asks for everything that the browser asked for once more, to count it.
export async function firstLoad(context: BrowserContext, url: string): Promise<File[]> {
  const page = await context.newPage();
  const asked = new Map<string, string>();
  page.on("request", (request) => {
    if (request.method() === "GET" && request.url().startsWith(new URL(url).origin)) asked.set(request.url(), kind(request.url(), url));
  });
  await page.goto(url);
  await page.locator(".live-mark", { hasText: "Live" }).waitFor();
  await page.close();
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const files: File[] = [];
  for (const [address, kind] of asked) files.push({ kind, bytes: await size(address, cookie) });
  return files.sort((a, b) => b.bytes - a.bytes);
}

function kind(address: string, page: string): string {
  if (address === page) return "html";
  const path = new URL(address).pathname;
  return path.slice(path.lastIndexOf(".") + 1) || path;
}

/// Bytes of the body, compressed as the server chooses for a current browser.
function size(address: string, cookie: string): Promise<number> {
  return new Promise((done, failed) => {
    const headers = { cookie, accept: "*/*", "accept-encoding": "gzip, deflate, br, zstd" };
    get(address, { headers }, (response) => {
      let bytes = 0;
      if (response.statusCode !== 200) failed(new Error(`${address}: ${response.statusCode}`));
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("end", () => done(bytes));
      response.on("error", failed);
    }).on("error", failed);
  });
}
