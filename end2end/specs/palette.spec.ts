// The command palette: everything the reader may use, by its name and from the keyboard.

import type { Page } from "@playwright/test";
import { signIn } from "../support/account";
import { breaksNoRule } from "../support/look";
import { expect, test } from "../support/test";

const palette = (page: Page) => page.getByRole("dialog", { name: "Search pages, companies and actions" });
const mark = (page: Page) => page.evaluate(() => Object.assign(window, { marked: true }));
const isMarked = (page: Page) => page.evaluate(() => "marked" in window);

test.describe("Command palette", () => {
  test("opens by its keys on every page, finds by typed letters, and Enter goes there without a load", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    await mark(page);
    await page.keyboard.press("Control+k");
    const dialog = palette(page);
    await expect(dialog.getByRole("searchbox")).toBeFocused();
    await expect(dialog.getByRole("link", { name: "Trends" })).toBeVisible();
    await page.keyboard.type("aud");
    await expect(dialog.getByRole("link")).toHaveCount(1);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Audit log");
    await expect(dialog).toBeHidden();
    expect(await isMarked(page)).toBe(true);
    await page.keyboard.press("Control+k");
    await expect(dialog.getByRole("searchbox")).toBeFocused();
  });

  test("arrows move among what was found, Escape closes it and gives the focus back", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    const opener = page.locator(".search-link");
    await opener.focus();
    await page.keyboard.press("Enter");
    const dialog = palette(page);
    await page.keyboard.type("e");
    const links = dialog.getByRole("link");
    await expect(links.nth(2)).toBeVisible();
    await page.keyboard.press("ArrowDown");
    await expect(links.nth(1)).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await expect(links.nth(2)).toBeFocused();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await expect(dialog.getByRole("searchbox")).toBeFocused();
    // The focus stays in the dialog.
    for (let press = 0; press < 12; press++) await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null)).toBe(true);
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(opener).toBeFocused();
  });

  test("a company that is found carries over to the pages beneath it", async ({ usage, page }) => {
    await usage.open();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("acme");
    const dialog = palette(page);
    await expect(dialog.getByRole("heading").first()).toHaveText("Companies");
    await dialog.getByRole("link", { name: /^Trends/ }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trends");
    await expect(page).toHaveURL(/company=acme/);
  });

  test("a client finds nothing that is not theirs", async ({ account, newReader }) => {
    const { page, usage } = await newReader(await account.user({ role: "client", company: "acme" }));
    await usage.open();
    await page.keyboard.press("Control+k");
    const dialog = palette(page);
    await expect(dialog.getByRole("link", { name: "Trends" })).toBeVisible();
    for (const name of ["Plans & add-ons", "Members", "Audit log", "Create alert"]) {
      await expect(dialog.getByRole("link", { name })).toHaveCount(0);
    }
    await page.keyboard.type("bluewater");
    await expect(dialog.getByRole("status")).toHaveText("Nothing found");
  });

  test("G and a letter lead to a page, but not while somebody types", async ({ usage, page }) => {
    await usage.open();
    await page.locator("main h1").evaluate((heading: HTMLElement) => {
      heading.tabIndex = -1;
      heading.focus();
    });
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trends");
    await page.locator(".search-link").click();
    await page.keyboard.type("gp");
    await expect(palette(page).getByRole("searchbox")).toHaveValue("gp");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trends");
  });

  test("without scripts it is a page that searches", async ({ account, browser, server }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    await signIn(context.request, server, await account.user());
    const page = await context.newPage();
    await page.goto(`${server.url}/billing/trends`);
    await page.locator(".search-link").click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Search");
    await page.getByRole("searchbox").fill("plans");
    await page.getByRole("button", { name: "Search" }).click();
    await page.locator("main").getByRole("link", { name: "Plans & add-ons" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Plans & add-ons");
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`it breaks no rule of accessibility, ${colorScheme}`, async ({ account, newReader }) => {
      const { page, usage } = await newReader(await account.user(), { colorScheme });
      await usage.open();
      await page.keyboard.press("Control+k");
      await expect(palette(page).getByRole("link").first()).toBeVisible();
      await breaksNoRule(page);
    });
  }
});
