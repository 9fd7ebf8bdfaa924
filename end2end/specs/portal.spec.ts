import { createServer, type Server as Http } from "node:http";
import type { AddressInfo } from "node:net";
import type { FrameLocator, Page } from "@playwright/test";
import { Account, signIn } from "../support/account";
import { micro } from "../support/credits";
import { freePort } from "../support/server";
import { Settings } from "../support/settings";
import { expect, type Platform, startPlatform, test } from "../support/test";
import { PATH, UsagePage } from "../support/usage-page";

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

const origin = (http: Http, host = "localhost") => `http://${host}:${(http.address() as AddressInfo).port}`;

test.describe("A platform's own users", () => {
  let platform: Platform;
  let listed: Http;
  let other: Http;

  test.beforeAll(async () => {
    [listed, other] = [await site(), await site()];
    const port = await freePort();
    // The second is the same site as ours, so that a browser also sends it what it sends to no other.
    const settings = { CREDITSCOPE_EMBED_ORIGINS: `${origin(listed)} ${origin(listed, "127.0.0.1")}`, CREDITSCOPE_PUBLIC_URL: `http://127.0.0.1:${port}` };
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

  /// A page of a site with an address in its frame.
  const framed = (site: string, url: string) => `${site}/?frame=${encodeURIComponent(url)}`;

  /// Opens an address in a frame, which the browser refuses to show.
  async function isRefused(page: Page, site: string, url: string): Promise<void> {
    const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
    await page.goto(framed(site, url));
    await refused;
    await expect(page.frameLocator("iframe").getByText("AI Credits Usage")).toHaveCount(0);
  }

  async function shows(frame: FrameLocator | Page, account: Account, reference: string): Promise<void> {
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
    await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link")).toHaveText(["AI Credits Usage", "Trends", "Weekly review", "Value"]);
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
    problems.allow(/status of 401|WebSocket/);
    const account = await Account.make(platform.server, platform.key);
    await page.goto(await link(account, 8));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
    await expect(page).toHaveURL(/\/sign-in/);
    await page.goto(`${platform.server.url}${PATH}`);
    await expect(page).toHaveURL(/\/sign-in/);
  });

  test("are told within the frame when their time is over: the form to sign in is shown in none", async ({ page, problems }) => {
    problems.allow(/status of 401|WebSocket/);
    const account = await Account.make(platform.server, platform.key);
    await page.goto(framed(origin(listed), await link(account, 8)));
    const frame = page.frameLocator("iframe");
    await expect(frame.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
    await expect(frame.getByRole("alert")).toContainText("Your session has ended.");
    await expect(frame.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
  });

  test("see the page, live, in a frame of a site that is listed", async ({ page }) => {
    const account = await Account.make(platform.server, platform.key);
    await page.goto(framed(origin(listed), await link(account)));
    await shows(page.frameLocator("iframe"), account, "framed");
  });

  test("see nothing in a frame of another site", async ({ page, problems }) => {
    problems.allow(/frame|ancestors|refused/i);
    const account = await Account.make(platform.server, platform.key);
    await isRefused(page, origin(other), await link(account));
  });

  test("are the only ones whose page is ever framed", async ({ page, context, problems }) => {
    problems.allow(/frame|ancestors|refused/i);
    const account = await Account.make(platform.server, platform.key);
    await signIn(context.request, platform.server, await account.user());
    for (const site of [origin(listed), origin(listed, "127.0.0.1"), origin(other, "127.0.0.1")]) {
      for (const path of [PATH, "/settings/keys", "/settings/you"]) await isRefused(page, site, `${platform.server.url}${path}`);
    }
    // It is the frame that was refused: the page itself is there.
    await page.goto(`${platform.server.url}${PATH}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
  });

  test("do not make the page of someone who is signed in one that is framed", async ({ page, context, problems }) => {
    problems.allow(/frame|ancestors|refused/i);
    const account = await Account.make(platform.server, platform.key);
    await page.goto(await link(account));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
    await signIn(context.request, platform.server, await account.user());
    await page.goto(`${platform.server.url}${PATH}`);
    await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "API keys" })).toBeVisible();
    await isRefused(page, origin(listed, "127.0.0.1"), `${platform.server.url}${PATH}`);
  });

  test("keep their session to the site it was begun in", async ({ page, problems }) => {
    problems.allow(/frame|ancestors|refused/i);
    const account = await Account.make(platform.server, platform.key);
    await page.goto(framed(origin(listed), await link(account)));
    await shows(page.frameLocator("iframe"), account, "framed");
    await page.goto(`${platform.server.url}${PATH}`);
    await expect(page).toHaveURL(/\/sign-in/);
    await page.goto(framed(origin(listed), `${platform.server.url}${PATH}`));
    await shows(page.frameLocator("iframe"), account, "again");
  });

  test("are told in the frame that their link was used", async ({ page, problems }) => {
    problems.allow(/frame|ancestors|refused|status of 422/i);
    const account = await Account.make(platform.server, platform.key);
    const url = await link(account);
    await page.goto(url);
    await expect(page.locator(".live-mark")).toHaveText("Live");
    await page.context().clearCookies();
    await page.goto(framed(origin(listed), url));
    await expect(page.frameLocator("iframe").getByText("used before")).toBeVisible();
  });

  test("see what their link says and nothing else, by whatever address", async ({ page, problems }) => {
    problems.allow(/status of 4/);
    const [account, another] = [await Account.make(platform.server, platform.key), await Account.make(platform.server, platform.key)];
    await account.api.report({ company: "acme", credits: "3", reference: "ours", id: `ours-${account.key}` }, { company: "bluewater", credits: "5", reference: "theirs", id: `theirs-${account.key}` });
    await page.goto(await link(account));
    const usage = new UsagePage(page, platform.server);
    await usage.isLive();
    expect(await usage.spentByAll()).toBe(micro("3"));
    const settings = new Settings(page, platform.server);
    for (const path of ["/billing/plans", "/settings/members", "/settings/keys", "/settings/audit", "/settings/brand"]) await settings.isNothing(`${path}?account=${account.key}`);
    for (const query of [`?account=${another.key}`, "?account=nowhere"]) await settings.isNothing(`${PATH}${query}`);
    expect((await usage.goto("?company=bluewater"))?.status()).toBe(422);
    await usage.open(`?event=end2end/theirs-${account.key}`);
    await expect(usage.receipt).toHaveCount(0);
    const csv = await (await page.request.get(`${platform.server.url}/api/v1/events?account=${account.key}&format=csv`)).text();
    expect(csv).toContain("ours");
    expect(csv).not.toContain("theirs");
    const posted = await page.request.post(`${platform.server.url}/settings/keys/make`, { form: { account: account.key, name: "mine", scope_read: "1" }, headers: { origin: platform.server.url } });
    expect(await posted.text()).not.toContain("new-key");
  });

  test("are out when they sign out, in the frame too", async ({ page, problems }) => {
    problems.allow(/frame|ancestors|refused/i);
    const account = await Account.make(platform.server, platform.key);
    await page.goto(framed(origin(listed), await link(account)));
    const frame = page.frameLocator("iframe");
    await expect(frame.locator(".live-mark")).toHaveText("Live");
    const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
    await frame.getByRole("button", { name: "Sign out" }).click();
    await refused;
    await isRefused(page, origin(listed), `${platform.server.url}${PATH}`);
  });

  test("are only made with a role, companies and a time that can be", async () => {
    const account = await Account.make(platform.server, platform.key);
    const asks = [{ role: "client", companies: [] }, { role: "owner", companies: ["acme"] }, { role: "client", companies: ["nowhere"] }, { expires_in_s: 0 }, { expires_in_s: 86_401 }, { user: "" }, { role: "king" }];
    for (const ask of asks) {
      const body = { user: "ada", role: "client", companies: ["acme"], expires_in_s: 60, ...ask };
      await expect(account.api.post(`accounts/${account.key}/portal-sessions`, body), JSON.stringify(ask)).rejects.toThrow("422");
    }
  });
});

