// Going from page to page: whatever can go wrong on the way, the reader loses nothing and is shown nothing old.

import type { Page, Request } from "@playwright/test";
import { signIn, type User } from "../support/account";
import { expect, test } from "../support/test";

/// Marks the document: a load loses the mark.
const mark = (page: Page) => page.evaluate(() => Object.assign(window, { marked: true }));

const isMarked = (page: Page) => page.evaluate(() => "marked" in window);

const heading = (page: Page) => page.getByRole("heading", { level: 1 });

const link = (page: Page, name: string) => page.locator(".sidebar").getByRole("link", { name, exact: true });

/// What a page says, without what only scripts or only their absence show.
const words = (page: Page) =>
  page.locator("main").evaluate((main) => {
    const copy = main.cloneNode(true) as Element;
    for (const other of copy.querySelectorAll(".needs-script, .no-script, noscript, script, time[data-clock]")) other.remove();
    return (copy.textContent ?? "").replace(/\s+/g, " ").trim();
  });

const READERS: [string, (account: { user: (options?: object) => Promise<User>; staff: () => Promise<User> }) => Promise<User>][] = [
  ["the owner of an agency", (account) => account.user()],
  ["a client of an agency", (account) => account.user({ role: "client", company: "acme" })],
  ["an analyst", (account) => account.user({ role: "analyst" })],
  ["a product manager", (account) => account.staff()],
];

test.describe("Visits", () => {
  for (const [reader, user] of READERS) {
    test(`show ${reader} every page as it is without scripts`, async ({ account, browser, newReader, server }) => {
      test.setTimeout(240_000);
      await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "12.5", reference: "a" });
      const who = await user(account);
      const { page } = await newReader(who);
      // The same session: the page of sessions would otherwise differ by which of them is looked at.
      const without = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
      const plain = await without.newPage();
      await page.goto(`${server.url}/billing/usage?account=${account.key}`);
      await expect(page.locator("html[data-running]")).toBeAttached();
      await mark(page);
      const hrefs = await page.locator(".sidebar nav a").evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
      expect(hrefs.length).toBeGreaterThan(3);
      for (const href of [...hrefs.slice(1), hrefs[0] ?? ""]) {
        await page.locator(`.sidebar nav a[href="${href}"]`).click();
        await expect(page).toHaveURL(new RegExp(`${href.split("?")[0]}(\\?|$)`));
        await expect(page.locator("html[data-visiting]")).toHaveCount(0);
        await plain.goto(page.url());
        await expect(heading(page)).toHaveText((await heading(plain).textContent()) ?? "");
        await expect.poll(() => words(page), href).toBe(await words(plain));
      }
      expect(await isMarked(page)).toBe(true);
      await without.close();
    });
  }

  test("pointing at links fetches pages of the frame and does nothing else", async ({ usage, account, server }) => {
    const { page } = usage;
    await page.goto(`${server.url}/settings/members?account=${account.key}`);
    await expect(page.locator("html[data-running]")).toBeAttached();
    const asked: Request[] = [];
    page.on("request", (request) => asked.push(request));
    const pages = await page.locator(".sidebar nav a").evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    for (const control of await page.locator("a:visible, button:visible").all()) {
      await control.hover();
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 120)));
    }
    expect(asked.filter((request) => request.method() !== "GET").map((request) => request.url())).toEqual([]);
    expect(asked.map((request) => request.url()).filter((url) => !pages.includes(url))).toEqual([]);
    expect(asked.length).toBeGreaterThan(0);
    await link(page, "Trends").click();
    await expect(heading(page)).toHaveText("Trends");
  });

  test("what was fetched before something was written is not shown", async ({ usage, account, server }) => {
    const { page } = usage;
    await page.goto(`${server.url}/settings/brand?account=${account.key}`);
    await expect(page.locator("html[data-running]")).toBeAttached();
    const fetched = page.waitForResponse((response) => new URL(response.url()).pathname === "/settings/audit");
    await link(page, "Audit log").hover();
    await (await fetched).finished();
    await page.getByLabel("Name").fill("Northwind Insights");
    await page.getByLabel("Name").press("Enter");
    await link(page, "Audit log").click();
    await expect(heading(page)).toHaveText("Audit log");
    await expect(page.getByTestId("audit").getByRole("row").filter({ hasText: "Client branding changed" })).toHaveCount(1);
  });

  test("the second of two links is the one that is followed, and the first leaves no entry", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    await mark(page);
    const entries = await page.evaluate(() => history.length);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/billing/trends*", async (route) => {
      await held;
      await route.continue().catch(() => {});
    });
    await link(page, "Trends").click();
    await link(page, "Companies").click();
    await expect(heading(page)).toHaveText("Companies");
    const answered = page.waitForEvent("requestfinished", (request) => request.url().includes("/billing/trends"));
    release();
    await answered;
    await expect(heading(page)).toHaveText("Companies");
    expect(new URL(page.url()).pathname).toContain("companies");
    expect(await page.evaluate(() => history.length)).toBe(entries + 1);
    expect(await isMarked(page)).toBe(true);
  });

  test("a link with a key held opens where the browser opens it", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    await mark(page);
    const opened = page.context().waitForEvent("page");
    await link(page, "Trends").click({ modifiers: ["Control"] });
    const other = await opened;
    await expect(heading(other)).toHaveText("Trends");
    await expect(heading(page)).toHaveText("AI Credits Usage");
    expect(await isMarked(page)).toBe(true);
    await other.close();
  });

  test("a place within the page is gone to without asking the server", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    await page.evaluate(() => {
      const target = document.querySelector("main")?.lastElementChild;
      if (target) target.id = "end-of-page";
      document.querySelector(".sidebar a.nav-item")?.setAttribute("href", `${location.pathname}${location.search}#end-of-page`);
    });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const isPage = (url: string) => !url.includes("/favicon.");
    await page.locator(".sidebar a.nav-item").first().click();
    await expect(page).toHaveURL(/#end-of-page$/);
    await page.goBack();
    await expect(page).not.toHaveURL(/#/);
    await expect(heading(page)).toHaveText("AI Credits Usage");
    expect(asked.filter(isPage)).toEqual([]);
  });

  test("a server that cannot answer leaves the page, and the control works again later", async ({ usage, problems }) => {
    problems.allow(/status of 503/);
    const { page } = usage;
    await usage.open();
    await mark(page);
    const url = page.url();
    await page.route("**/billing/trends*", (route) => route.fulfill({ status: 503, contentType: "text/html", body: "<!doctype html><p>no</p>" }));
    await link(page, "Trends").click();
    await expect(page.getByRole("alert")).toContainText("Trends could not be loaded. The server failed (503). The page is as it was.");
    await expect(heading(page)).toHaveText("AI Credits Usage");
    expect(page.url()).toBe(url);
    await page.unroute("**/billing/trends*");
    await link(page, "Trends").click();
    await expect(heading(page)).toHaveText("Trends");
    await expect(page.getByRole("alert")).toHaveCount(0);
    expect(await isMarked(page)).toBe(true);
  });

  test("whoever was signed out meanwhile signs in, and is not shown a page within the old one", async ({ usage, account, server, problems }) => {
    problems.allow(/status of 401/);
    const { page } = usage;
    await usage.open();
    await mark(page);
    await page.context().clearCookies();
    await link(page, "Trends").click();
    await expect(page).toHaveURL(/\/sign-in/);
    await expect(page.locator(".sidebar")).toHaveCount(0);
    expect(await isMarked(page)).toBe(false);
    await signIn(page.request, server, await account.user());
  });

  test("servers of two builds make a page load itself again once, and not for ever", async ({ usage }) => {
    const { page } = usage;
    await page.routeWebSocket(/\/api\/fn\/follow/, (socket) => socket.close({ code: 4000, reason: "outdated" }));
    let loads = 0;
    page.on("load", () => (loads += 1));
    await usage.goto();
    await expect(page.getByText("Creditscope was updated.")).toBeVisible();
    expect(loads).toBe(2);
  });

  test("a file of another build is not there, and no other file stands in for it", async ({ server }) => {
    const html = await (await fetch(`${server.url}/sign-in`)).text();
    const style = /href="(\/pkg\/[^"]+\.css)"/.exec(html)?.[1] ?? "";
    const answered = await fetch(server.url + style);
    expect(answered.status).toBe(200);
    expect(answered.headers.get("cache-control")).toContain("immutable");
    const old = style.replace(/\.[0-9a-zA-Z_-]+\.css$/, ".0000000000000000.css");
    expect(old).not.toBe(style);
    expect((await fetch(server.url + old)).status).toBe(404);
  });
});
