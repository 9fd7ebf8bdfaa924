// One filter bar on every page about usage: what is chosen is in the address, is carried by every link, and can be given up.

import type { Page } from "@playwright/test";
import { daysAgo } from "../support/api";
import { press } from "../support/press";
import { expect, type Reader, test } from "../support/test";

/// Pages with the bar of companies, by their links in the sidebar.
const PAGES = ["AI Credits Usage", "Trends", "Weekly review", "Value", "Companies"] as const;

const HISTORY = Array.from({ length: 40 }, (_, day) => ({
  company: day % 2 === 0 ? "acme" : "bluewater",
  agent: "chat" as const,
  activity: "chat_reply",
  credits: "10",
  reference: `day-${day}`,
  time: daysAgo(day / 2),
}));

const go = async (page: Page, link: string) => {
  await page.locator(".sidebar").getByRole("link", { name: link, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(link);
};

const chosen = (page: Page, name: string) => page.locator(`[data-choice="${name}"] summary`);

const open = async (page: Page, name: string) => {
  await chosen(page, name).click();
  const panel = page.locator(`[data-choice="${name}"] .menu-panel`);
  await expect(panel).toBeVisible();
  return panel;
};

const parameters = (page: Page) => new URL(page.url()).searchParams;

/// Takes in that a page was loaded and not visited: a load loses the mark.
const mark = (page: Page) => page.evaluate(() => Object.assign(window, { marked: true }));
const isMarked = (page: Page) => page.evaluate(() => "marked" in window);

test.describe("The filter bar", () => {
  test.beforeEach(async ({ account }) => {
    await account.backfill(HISTORY);
  });

  test("keeps company and period from page to page, and clears each by its ×", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    await mark(page);
    await (await open(page, "company")).getByRole("link", { name: "Acme Dental", exact: true }).click();
    await expect(chosen(page, "company")).toHaveText("Company: Acme Dental");
    await expect(page.locator('[data-choice="company"] .menu-panel')).toBeHidden();
    await expect(chosen(page, "company")).toBeFocused();
    await (await open(page, "period")).getByRole("link", { name: "Last 7 days" }).click();
    await expect(chosen(page, "period")).toHaveText("Period: Last 7 days");
    for (const link of [...PAGES.slice(1), "Alerts", PAGES[0]]) {
      await go(page, link);
      expect(parameters(page).getAll("company"), link).toEqual(["acme"]);
      expect(parameters(page).get("period"), link).toBe("7d");
      if (link !== "Alerts") await expect(chosen(page, "company")).toHaveText("Company: Acme Dental");
      if (link !== "Alerts" && link !== "Weekly review") await expect(chosen(page, "period")).toHaveText("Period: Last 7 days");
    }
    await page.getByRole("link", { name: "Clear company" }).click();
    await expect(chosen(page, "company")).toHaveText("Company: All companies");
    await expect(chosen(page, "company")).toBeFocused();
    await page.getByRole("link", { name: "Clear period" }).click();
    await expect(chosen(page, "period")).toHaveText("Period: This cycle");
    await go(page, "Trends");
    await expect(chosen(page, "period")).toHaveText("Period: Last 30 days");
    expect(await isMarked(page)).toBe(true);
  });

  test("several companies are chosen by boxes, and the menu stays open meanwhile", async ({ usage }) => {
    const { page } = usage;
    await usage.open("?period=90d");
    await go(page, "Trends");
    const panel = await open(page, "company");
    const entries = await page.evaluate(() => history.length);
    await panel.getByRole("checkbox", { name: "Include Acme Dental" }).check();
    await expect(chosen(page, "company")).toHaveText("Company: Acme Dental");
    await expect(panel).toBeVisible();
    await expect(panel.getByRole("checkbox", { name: "Include Acme Dental" })).toBeFocused();
    await panel.getByRole("checkbox", { name: "Include Bluewater Spa" }).check();
    await expect(chosen(page, "company")).toHaveText("Company: Acme Dental + 1");
    expect(parameters(page).getAll("company").sort()).toEqual(["acme", "bluewater"]);
    expect(await page.evaluate(() => history.length), "one entry for one choice").toBe(entries + 1);
    await page.keyboard.press("Escape");
    await expect(panel).toBeHidden();
    await expect(chosen(page, "company")).toBeFocused();
    await page.goBack();
    await expect(chosen(page, "company")).toHaveText("Company: All companies");
  });

  test("dates apply as they are typed, and a wrong order is said at the field", async ({ usage }) => {
    const { page } = usage;
    const day = (back: number) => daysAgo(back).toISOString().slice(0, 10);
    await usage.open();
    await go(page, "Trends");
    const panel = await open(page, "period");
    await panel.getByLabel("From").fill(day(9));
    await expect(page).toHaveURL(new RegExp(`from=${day(9)}`));
    await expect(panel).toBeVisible();
    await expect(panel.getByLabel("From")).toBeFocused();
    await panel.getByLabel("To").fill(day(3));
    await expect(page).toHaveURL(new RegExp(`from=${day(9)}&to=${day(3)}`));
    await panel.getByLabel("To").fill(day(20));
    await expect.poll(() => panel.getByLabel("To").evaluate((field: HTMLInputElement) => field.validationMessage)).toContain("not before");
    await expect(page).toHaveURL(new RegExp(`to=${day(3)}`));
    await expect(panel.getByRole("button", { name: "Show" })).toBeHidden();
  });

  test("a choice that cannot be had keeps figures and controls, and says so at its control", async ({ usage, problems }) => {
    problems.allow(/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket connection|503/);
    const { page } = usage;
    await usage.open();
    const used = await usage.listed();
    let fails = true;
    await page.route("**/billing/usage?*company=acme*", async (route) => {
      if (fails) await route.fulfill({ status: 503, contentType: "text/html", body: "busy" });
      else await route.continue();
    });
    await (await open(page, "company")).getByRole("link", { name: "Acme Dental", exact: true }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("Acme Dental could not be loaded.");
    await expect(alert).toContainText("The server failed (503). You still see all companies.");
    await expect(chosen(page, "company")).toHaveAttribute("aria-describedby", (await alert.getAttribute("id")) ?? "none");
    await expect(chosen(page, "company")).toHaveText("Company: All companies");
    expect(await usage.listed()).toEqual(used);
    expect(parameters(page).get("company")).toBeNull();
    await alert.getByRole("button", { name: "Close" }).click();
    await expect(alert).toHaveCount(0);
    await page.context().setOffline(true);
    await (await open(page, "company")).getByRole("link", { name: "Bluewater Spa", exact: true }).click();
    await expect(alert).toContainText("The server cannot be reached.");
    expect(await usage.listed()).toEqual(used);
    await page.context().setOffline(false);
    fails = false;
    await alert.getByRole("button", { name: "Try again" }).click();
    await expect(chosen(page, "company")).toHaveText("Company: Bluewater Spa");
    await expect(alert).toHaveCount(0);
  });

  test("of two quick choices the second one is shown, and Back returns to the view before, where it was left", async ({ usage }) => {
    const { page } = usage;
    await page.setViewportSize({ width: 1024, height: 500 });
    await usage.open("?period=90d");
    await page.evaluate(() => window.scrollTo(0, 200));
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/billing/usage?*period=7d*", async (route) => {
      await held;
      await route.continue().catch(() => {});
    });
    await (await open(page, "period")).getByRole("link", { name: "Last 7 days" }).click();
    const y = await press(page.locator('[data-choice="period"] .menu-panel').getByRole("link", { name: "Last 28 days" }));
    expect(y).toBeGreaterThan(0);
    await expect(chosen(page, "period")).toHaveText("Period: Last 28 days");
    release();
    await expect(chosen(page, "company")).toBeVisible();
    expect(Math.abs((await page.evaluate(() => window.scrollY)) - y), "a filter keeps the place").toBeLessThanOrEqual(1);
    await page.unroute("**/billing/usage?*period=7d*");
    await page.goBack();
    await expect(chosen(page, "period")).toHaveText("Period: Last 90 days");
    await expect.poll(async () => Math.abs((await page.evaluate(() => window.scrollY)) - y)).toBeLessThanOrEqual(1);
  });

  test("a bar of a chart brings its rows into view, and its chip returns to the view before", async ({ usage }) => {
    const { page } = usage;
    await page.setViewportSize({ width: 1280, height: 600 });
    await usage.open("?company=acme&period=30d");
    for (const from of ["Trends", "Value"]) {
      await go(page, from);
      const before = page.url();
      const bar = page.getByTestId("marks").getByRole("link").filter({ hasText: "10 credits" }).first();
      if ((await bar.count()) === 0) continue;
      await bar.click();
      await expect(page.locator("#log-title")).toBeFocused();
      await expect(page.locator("#log-title")).toBeInViewport();
      await expect(page.locator(".log-row").first()).toBeInViewport();
      expect((await usage.listed()).events).toBe(1);
      const sidebar = page.locator(".sidebar").getByRole("link", { name: "Trends", exact: true });
      await expect(sidebar).toHaveAttribute("href", /company=acme&period=30d$/);
      await page.getByTestId("back").click();
      await expect(page).toHaveURL(before);
    }
    await go(page, "AI Credits Usage");
    const before = page.url();
    const chart = usage.card("chat").getByRole("group");
    await chart.focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await expect(page.locator("#log-title")).toBeFocused();
    await expect(page.locator("#log-title")).toBeInViewport();
    expect(parameters(page).getAll("agent")).toEqual(["chat"]);
    await page.getByTestId("back").click();
    await expect(page).toHaveURL(before);
  });

  test("compares with what is chosen, and says with what", async ({ usage }) => {
    const { page } = usage;
    await usage.open("?period=7d");
    await expect(page.getByTestId("agents-total")).toContainText("in the previous period");
    await (await open(page, "against")).getByRole("link", { name: "Nothing" }).click();
    await expect(page.getByTestId("agents-total")).toContainText("Not compared with anything");
    await expect(chosen(page, "against")).toHaveText("Compare to: Nothing");
    await go(page, "Trends");
    await expect(page.locator(".trend-total")).not.toContainText("vs");
    await expect(chosen(page, "against")).toHaveText("Compare to: Nothing");
  });

  test("links of the bar keep the filters of the log", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    await usage.card("chat").getByRole("link").click();
    await expect(page).toHaveURL(/agent=chat/);
    await expect(page.locator('a[download][href*="/api/v1/events"]').first()).toHaveAttribute("href", /agent=chat/);
    await (await open(page, "company")).getByRole("link", { name: "Acme Dental", exact: true }).click();
    await expect(page).toHaveURL(/company=acme/);
    expect(parameters(page).getAll("agent")).toEqual(["chat"]);
    await expect(usage.card("chat")).toHaveClass(/selected/);
  });

  test("finds one of many companies by what is typed", async ({ newAccount, newReader }) => {
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`company-${at}`, `Company ${at}`]));
    const account = await newAccount({ companies: many });
    const { page, usage } = await newReader(await account.user());
    await usage.open();
    const panel = await open(page, "company");
    await panel.getByRole("searchbox").fill("company 77");
    await expect(panel.getByRole("checkbox")).toHaveCount(1);
    await panel.getByRole("checkbox", { name: "Include Company 77" }).check();
    await expect(chosen(page, "company")).toHaveText("Company: Company 77");
    await expect(panel.getByRole("searchbox")).toHaveValue("company 77");
    await panel.getByRole("searchbox").fill("nobody");
    await expect(panel.getByRole("checkbox", { checked: false })).toHaveCount(0);
    await expect(panel.getByRole("checkbox", { name: "Include Company 77" })).toBeChecked();
  });

  test("a company that is chosen is shown although another is looked for before the answer", async ({ newAccount, newReader }) => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`company-${at}`, `Company ${at}`]));
    const account = await newAccount({ companies: many });
    const { page, usage } = await newReader(await account.user());
    await usage.open();
    const panel = await open(page, "company");
    const asked = page.waitForRequest((request) => request.url().includes("company=company-3"));
    let letGo = () => {};
    const held = new Promise<void>((done) => (letGo = done));
    await page.route(/company=company-3/, async (route) => (await held, route.continue()));
    await panel.getByRole("checkbox", { name: "Include Company 3" }).check();
    await asked;
    await panel.getByRole("searchbox").pressSequentially("c");
    letGo();
    await expect(chosen(page, "company")).toHaveText("Company: Company 3");
    await expect(panel.getByRole("searchbox")).toHaveValue("c");
  });
});

/// Who reads, and what their bar holds.
const READERS = ["owner of an agency", "client", "plain customer", "product manager"] as const;

for (const width of [390, 1280]) {
  for (const javaScriptEnabled of [true, false]) {
    test(`The filter bar is complete for every reader at ${width} px ${javaScriptEnabled ? "with" : "without"} scripts`, async ({ newAccount, newReader, server, account }) => {
      test.slow();
      await account.backfill(HISTORY);
      const customer = await newAccount({ companies: { only: "Only Company" } });
      const options = { viewport: { width, height: 844 }, javaScriptEnabled };
      const users = {
        "owner of an agency": await account.user(),
        client: await account.user({ role: "client", company: "acme" }),
        "plain customer": await customer.user(),
        "product manager": await account.staff(),
      };
      const check = async (reader: Reader, path: string, choices: string[]) => {
        const { page, usage } = reader;
        await page.goto(`${server.url}${path}`);
        await expect(page.getByRole("navigation", { name: "Filters" })).toBeVisible();
        const shown = page.locator(".filter-bar [data-choice]");
        expect(await shown.evaluateAll((all) => all.map((choice) => choice.getAttribute("data-choice")))).toEqual(choices);
        await usage.fitsTheWindow();
        // Without scripts forms have their buttons; with scripts none is needed.
        if (javaScriptEnabled) await expect(page.locator("html[data-running]")).toBeAttached();
        const panel = await open(page, "period" === choices[1] ? "period" : (choices[1] ?? "period"));
        const box = await panel.boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
        const show = page.locator('[data-choice="period"]').getByRole("button", { name: "Show" });
        if (choices[1] === "period") await (javaScriptEnabled ? expect(show).toBeHidden() : expect(show).toBeVisible());
        await panel.getByRole("link").nth(1).click();
        await expect(page.locator(".filter-choice.is-set").first()).toBeVisible();
      };
      for (const name of READERS) {
        const reader = await newReader(users[name], options);
        const key = name === "plain customer" ? customer.key : account.key;
        await check(reader, `/billing/usage?account=${key}`, ["company", "period", "against"]);
        await check(reader, `/billing/trends?account=${key}`, ["company", "period", "against", "by", "window"]);
        await check(reader, `/billing/value?account=${key}`, ["company", "period", "against", "window"]);
        await check(reader, `/billing/review?account=${key}`, ["company", "week", "against"]);
        if (name !== "client") await check(reader, `/companies?account=${key}`, ["company", "period"]);
        await reader.page.close();
      }
    });
  }
}
