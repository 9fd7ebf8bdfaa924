// One application: whoever goes from page to page loads no document, and loses nothing on the way.

import type { Page, WebSocket } from "@playwright/test";
import { press } from "../support/press";
import { expect, test } from "../support/test";

/// Every page of an account's owner, by its link in the sidebar, and its heading.
const PAGES = [
  ["AI Credits Usage", "AI Credits Usage"],
  ["Trends", "Trends"],
  ["Weekly review", "Weekly review"],
  ["Value", "Value"],
  ["Alerts", "Alerts"],
  ["Companies", "Companies"],
  ["Plans & add-ons", "Plans & add-ons"],
  ["Plan recommendation", "Plan recommendation"],
  ["Members", "Members"],
  ["API keys", "API keys"],
  ["Client branding", "Client branding"],
  ["Audit log", "Audit log"],
  ["Your account", "Your account"],
] as const;

/// Marks the document: a load loses the mark.
const mark = (page: Page) => page.evaluate(() => Object.assign(window, { marked: true }));

const isMarked = (page: Page) => page.evaluate(() => "marked" in window);

/// Follows a link of the sidebar, and waits until its page is shown.
async function visit(page: Page, link: string, heading = link): Promise<void> {
  await page.locator(".sidebar").getByRole("link", { name: link, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
}

/// The same; says how far the page that is left was scrolled when the link was pressed.
async function leaveFor(page: Page, link: string): Promise<number> {
  const y = await press(page.locator(".sidebar").getByRole("link", { name: link, exact: true }));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(link);
  return y;
}

test.describe("One application", () => {
  test("no link of the sidebar loads a document, and one connection is enough", async ({ usage, account }) => {
    const { page } = usage;
    const sockets: WebSocket[] = [];
    page.on("websocket", (socket) => sockets.push(socket));
    await usage.open();
    await mark(page);
    for (const [link, heading] of [...PAGES.slice(1), PAGES[0]]) {
      await visit(page, link, heading);
      await expect(page).toHaveTitle(new RegExp(`^${heading} · `));
      await expect(page.locator("main h1")).toBeFocused();
      await expect(page.getByRole("status").and(page.locator("#announcer"))).toHaveText(heading);
    }
    expect(await isMarked(page)).toBe(true);
    expect(await page.evaluate(() => performance.getEntriesByType("navigation").length)).toBe(1);
    await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "12.5", reference: "live" });
    await expect(page.locator(".log-rows, main").getByText("live", { exact: true }).first()).toBeVisible();
    expect(sockets).toHaveLength(1);
    expect(sockets[0]?.isClosed()).toBe(false);
  });

  test("back and forward show each page as it was left", async ({ usage, account }) => {
    const { page } = usage;
    for (let event = 0; event < 60; event++) {
      await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "1", reference: `reply-${event}` });
    }
    // Every page is taller than the window.
    for (let company = 0; company < 12; company++) await account.api.put(`accounts/${account.key}/companies/company-${company}`, { name: `Company ${company}` });
    await page.setViewportSize({ width: 1024, height: 500 });
    await usage.open();
    await mark(page);
    const places: { heading: string; title: string; url: string; y: number }[] = [];
    await visit(page, "Trends");
    for (const next of ["Companies", "Audit log", "Plans & add-ons", "AI Credits Usage", "Alerts", "Value"]) {
      const heading = await page.getByRole("heading", { level: 1 }).innerText();
      await page.evaluate(() => window.scrollTo(0, 120));
      const [title, url] = [await page.title(), page.url()];
      places.push({ heading, title, url, y: await leaveFor(page, next) });
    }
    expect(places.some(({ y }) => y > 0)).toBe(true);
    const isAt = async (place: (typeof places)[number]) => {
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(place.heading);
      await expect(page).toHaveURL(place.url);
      await expect(page).toHaveTitle(place.title);
      await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThanOrEqual(place.y - 1);
      await expect.poll(() => page.evaluate(() => window.scrollY)).toBeLessThanOrEqual(place.y + 1);
    };
    for (const place of places.slice().reverse()) {
      await page.goBack();
      await isAt(place);
    }
    for (const place of places.slice(1)) {
      await page.goForward();
      await isAt(place);
    }
    expect(await isMarked(page)).toBe(true);
  });

  test("a press while the page changes goes to the page that is there already", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    await page.evaluate(() => {
      const slow = new CSSStyleSheet();
      slow.replaceSync("::view-transition-group(*), ::view-transition-old(*), ::view-transition-new(*) { animation-duration: 600s !important; }");
      document.adoptedStyleSheets.push(slow);
    });
    await visit(page, "Trends");
    const isChanging = () => page.evaluate(() => document.getAnimations().some((animation) => (animation.effect as KeyframeEffect).pseudoElement?.startsWith("::view-transition")));
    await expect.poll(isChanging).toBe(true);
    // With the mouse itself: what lies over the link takes the press.
    const link = await page.locator(".sidebar").getByRole("link", { name: "Companies", exact: true }).boundingBox();
    if (!link) throw new Error("The link has no place.");
    await page.mouse.click(link.x + link.width / 2, link.y + link.height / 2);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Companies");
    await page.evaluate(() => document.adoptedStyleSheets.pop());
  });

  test("a page that cannot be had leaves the one that is shown, and says so at the link", async ({ usage, problems }) => {
    problems.allow(/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket connection/);
    const { page } = usage;
    await usage.open();
    await page.context().setOffline(true);
    const link = page.locator(".sidebar").getByRole("link", { name: "Trends", exact: true });
    await link.click();
    await expect(page.getByRole("alert")).toContainText("The server cannot be reached.");
    expect(await link.evaluate((link) => link.nextElementSibling?.getAttribute("role"))).toBe("alert");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
    await page.context().setOffline(false);
    await visit(page, "Trends");
    await expect(page.getByRole("alert")).toHaveCount(0);
  });

  test("what is not there is said inside the frame", async ({ usage, problems }) => {
    problems.allow(/status of 404/);
    const { page } = usage;
    await usage.open();
    await mark(page);
    await page.evaluate(() => document.querySelector(".sidebar a.nav-item")?.setAttribute("href", "/nothing-here"));
    await page.locator(".sidebar a.nav-item").first().click();
    await expect(page.locator("main.lone")).toBeVisible();
    await visit(page, "Trends");
    expect(await isMarked(page)).toBe(true);
  });

  test("another reader's page is never put beside what the first one saw", async ({ usage, account, server, problems }) => {
    problems.allow(/status of 401/);
    const { page } = usage;
    await usage.open();
    await mark(page);
    const { signIn } = await import("../support/account");
    await signIn(page.request, server, await account.user());
    await visit(page, "Trends");
    expect(await isMarked(page)).toBe(false);
  });

  test("forms are sent without loading a document, and a reload does not send them again", async ({ usage, account, server }) => {
    const { page } = usage;
    await page.goto(`${server.url}/billing/alerts?account=${account.key}`);
    await expect(page.locator("html[data-running]")).toBeAttached();
    await mark(page);
    await page.getByRole("button", { name: "Theme" }).click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", /dark|light/);
    expect(await isMarked(page)).toBe(true);
  });

  test("a form that is on its way is heard out before the next page is shown", async ({ usage, account, server }) => {
    const { page } = usage;
    await page.goto(`${server.url}/settings/brand?account=${account.key}`);
    await expect(page.locator("html[data-running]")).toBeAttached();
    await mark(page);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/settings/brand*", async (route) => {
      if (route.request().method() === "POST") await held;
      await route.continue();
    });
    await page.getByLabel("Name").fill("Northwind Insights");
    const save = page.getByRole("button", { name: "Save" });
    await save.click();
    await save.click();
    await page.locator(".sidebar").getByRole("link", { name: "Audit log", exact: true }).click();
    release();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Audit log");
    await expect(page.getByTestId("audit").getByRole("row").filter({ hasText: "Client branding changed" })).toHaveCount(1);
    expect(await isMarked(page)).toBe(true);
  });

  test("a page of an earlier build is loaded again, once, when nothing was typed", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    await mark(page);
    await page.evaluate(() => document.documentElement.setAttribute("data-build", "of-yesterday"));
    await page.locator(".sidebar").getByRole("link", { name: "Trends", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trends");
    expect(await isMarked(page)).toBe(false);
  });

  test("after two hundred visits the page is as light as after ten", async ({ usage }) => {
    test.setTimeout(300_000);
    const { page } = usage;
    await usage.open();
    const client = await page.context().newCDPSession(page);
    await client.send("Performance.enable");
    const weigh = async () => {
      await client.send("HeapProfiler.collectGarbage");
      const { metrics } = await client.send("Performance.getMetrics");
      const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
      return { nodes: of("Nodes"), listeners: of("JSEventListeners") };
    };
    const go = async (visits: number) => {
      for (let at = 0; at < visits; at++) {
        const [link, heading] = PAGES[at % 2 === 0 ? 6 : 0];
        await visit(page, link, heading);
      }
    };
    await go(10);
    const before = await weigh();
    await go(190);
    const after = await weigh();
    expect(after.nodes).toBeLessThan(before.nodes * 1.2);
    expect(after.listeners).toBeLessThan(before.listeners * 1.2);
  });
});
