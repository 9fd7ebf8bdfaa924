import { createServer, type Server as Http } from "node:http";
import type { AddressInfo } from "node:net";
import type { FrameLocator } from "@playwright/test";
import { Account, signIn } from "../support/account";
import { freePort } from "../support/server";
import { expect, type Platform, startPlatform, test } from "../support/test";
import { PATH } from "../support/usage-page";

/// A site of the platform's, which shows a page in a frame. Its host is not ours, so that cookies are another site's.
async function site(): Promise<Http> {
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost").searchParams.get("frame") ?? "";
    response.setHeader("content-type", "text/html");
    response.end(`<!DOCTYPE html><title>Platform</title><iframe title="Credits" width="1200" height="900" src="${url}"></iframe>`);
  });
  await new Promise<void>((listens) => http.listen(0, "127.0.0.1", listens));
  return http;
}

const origin = (http: Http) => `http://localhost:${(http.address() as AddressInfo).port}`;

test.describe("A platform's own users", () => {
  test.describe.configure({ mode: "serial" });
  let platform: Platform;
  let listed: Http;
  let other: Http;

  test.beforeAll(async () => {
    [listed, other] = [await site(), await site()];
    const port = await freePort();
    const settings = { CREDITSCOPE_EMBED_ORIGINS: origin(listed), CREDITSCOPE_PUBLIC_URL: `http://127.0.0.1:${port}` };
    platform = await startPlatform({ settings, port });
  });

  test.afterAll(async () => {
    await platform.server.remove();
    listed.close();
    other.close();
  });

  async function link(account: Account, seconds = 600): Promise<string> {
    const ask = { user: "ada of the platform", role: "client", companies: ["acme"], expires_in_s: seconds };
    const { url } = await account.api.post<{ url: string }>(`accounts/${account.key}/portal-sessions`, ask);
    return url;
  }

  async function shows(frame: FrameLocator | import("@playwright/test").Page, account: Account, reference: string): Promise<void> {
    await expect(frame.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
    await expect(frame.locator(".live-mark")).toHaveText("Live");
    await account.api.report({ company: "bluewater", credits: "2", reference: `not-${reference}` }, { company: "acme", credits: "1", reference });
    await expect(frame.locator(`.log-row .reference[title="${reference}"]`)).toBeVisible();
    await expect(frame.locator(`.log-row .reference[title="not-${reference}"]`)).toHaveCount(0);
  }

  test("come in by a link, once, and see what it says", async ({ page, browser, problems }) => {
    problems.allow(/status of 422/);
    const account = await Account.make(platform.server, platform.key);
    const url = await link(account);
    await page.goto(url);
    await shows(page, account, "top");
    await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link")).toHaveText(["AI Credits Usage", "Trends"]);
    const stranger = await browser.newContext();
    const second = await stranger.newPage();
    expect((await second.goto(url))?.status()).toBe(422);
    await expect(second.getByText("used before")).toBeVisible();
    await second.goto(`${platform.server.url}${PATH}`);
    await expect(second).toHaveURL(/\/sign-in/);
    await stranger.close();
  });

  test("are signed out when their time is over", async ({ page, problems }) => {
    // The page that is open when it ends cannot follow the server any more.
    problems.allow(/status of 500|WebSocket/);
    const account = await Account.make(platform.server, platform.key);
    await page.goto(await link(account, 3));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
    await expect(async () => {
      await page.goto(`${platform.server.url}${PATH}`);
      await expect(page).toHaveURL(/\/sign-in/, { timeout: 100 });
    }).toPass();
  });

  test("see the page, live, in a frame of a site that is listed", async ({ page }) => {
    const account = await Account.make(platform.server, platform.key);
    await page.goto(`${origin(listed)}/?frame=${encodeURIComponent(await link(account))}`);
    await shows(page.frameLocator("iframe"), account, "framed");
  });

  test("see nothing in a frame of another site", async ({ page, problems }) => {
    problems.allow(/frame|ancestors|refused/i);
    const account = await Account.make(platform.server, platform.key);
    const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
    await page.goto(`${origin(other)}/?frame=${encodeURIComponent(await link(account))}`);
    await refused;
    await expect(page.frameLocator("iframe").getByText("AI Credits Usage")).toHaveCount(0);
  });

  test("are the only ones whose page is ever framed", async ({ page, context, problems }) => {
    problems.allow(/frame|ancestors|refused/i);
    const account = await Account.make(platform.server, platform.key);
    await signIn(context.request, platform.server, await account.user());
    const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
    await page.goto(`${origin(listed)}/?frame=${encodeURIComponent(`${platform.server.url}${PATH}`)}`);
    await refused;
    await expect(page.frameLocator("iframe").getByText("AI Credits Usage")).toHaveCount(0);
  });
});

