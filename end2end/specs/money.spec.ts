// Money with ceremony: a summary, one order, the ways to pay and to cancel it.

import type { Page } from "@playwright/test";
import type { Account } from "../support/account";
import { breaksNoRule } from "../support/look";
import { expect, test } from "../support/test";

const PATH = "/billing/plans";

interface Order {
  id: string;
  state: string;
  quantity: number;
  price: string;
}

const orders = async (account: Account) => (await account.api.get<{ items: Order[] }>(`accounts/${account.key}/orders`)).items;
const sheet = (page: Page) => page.getByRole("dialog", { name: "Buy add-on" });

test.describe("Buying", () => {
  test.beforeEach(async ({ account }) => {
    await account.api.put("packs/boost-5000", { name: "Boost 5,000", credits: 5000, price: 59, currency: "EUR" });
  });

  test("a summary says what it costs and changes, and Escape leaves it", async ({ usage, account, page, server }) => {
    await account.api.report({ company: "acme", credits: "9000" });
    await usage.open();
    await page.goto(`${server.url}${PATH}`);
    await expect(page.locator("html[data-running]")).toBeAttached();
    const buy = page.getByRole("link", { name: "Buy Boost 5,000" });
    await buy.click();
    await expect(sheet(page)).toContainText("1,000 → 6,000");
    await expect(sheet(page).getByRole("heading", { name: "Buy add-on" })).toBeFocused();
    await sheet(page).getByRole("link", { name: "One more" }).click();
    await expect(sheet(page).getByTestId("total")).toHaveText("€118.00");
    await expect(sheet(page)).toContainText("1,000 → 11,000");
    await expect(page).toHaveURL(/buy=boost-5000&quantity=2/);
    expect(await orders(account)).toEqual([]);
    await page.keyboard.press("Escape");
    await expect(sheet(page)).toHaveCount(0);
    await page.goBack();
    await expect(sheet(page).getByTestId("total")).toHaveText("€118.00");
  });

  test("pressing twice is one order, which every page shows until it is paid", async ({ usage, account, page, server }) => {
    await usage.open();
    await page.goto(`${server.url}${PATH}?buy=boost-5000`);
    await expect(page.locator("html[data-running]")).toBeAttached();
    await page.getByRole("button", { name: "Place order" }).dblclick();
    const pending = page.getByTestId("pending-order");
    await expect(pending).toContainText("Order pending: add-on Boost 5,000, 5,000 credits, €59.00");
    const [order, ...others] = await orders(account);
    expect(others).toEqual([]);
    await expect(page.getByTestId("pack-boost-5000")).toContainText("Order pending");
    await expect(page.getByRole("link", { name: "Buy Boost 5,000" })).toHaveCount(0);
    // Back leads to the summary, which shows the order that was placed.
    await page.goBack();
    await expect(page.getByTestId("already-ordered")).toBeVisible();
    await expect(page.getByRole("button", { name: "Place order" })).toHaveCount(0);
    await page.goto(`${server.url}/billing/usage`);
    await expect(page.getByTestId("pending-line")).toContainText("Boost 5,000");
    await account.api.post(`accounts/${account.key}/orders/${order.id}/payment`, { status: "paid" });
    await expect(page.getByTestId("pending-line")).toHaveCount(0);
  });

  test("two windows with the same summary make one order", async ({ usage, account, page, server, problems }) => {
    problems.allow(/status of 409/);
    await usage.open();
    const other = await page.context().newPage();
    for (const window of [page, other]) {
      await window.goto(`${server.url}${PATH}?buy=boost-5000`);
      await expect(window.locator("html[data-running]")).toBeAttached();
    }
    await Promise.all([page, other].map((window) => window.getByRole("button", { name: "Place order" }).click()));
    for (const window of [page, other]) await expect(window.getByTestId("pending-order").or(window.getByTestId("already-ordered")).first()).toBeVisible();
    expect(await orders(account)).toHaveLength(1);
  });

  test("an order is cancelled, and can be placed again", async ({ usage, account, page, server }) => {
    await usage.open();
    await page.goto(`${server.url}${PATH}?buy=boost-5000`);
    await page.getByRole("button", { name: "Place order" }).click();
    await page.getByTestId("pending-order").getByRole("button", { name: "Cancel order of Boost 5,000" }).click();
    await expect(page.locator(".notice", { hasText: "Cancelled." })).toBeVisible();
    await page.getByRole("link", { name: "Order again" }).click();
    await page.getByRole("button", { name: "Place order" }).click();
    await expect(page.getByTestId("pending-order")).toBeVisible();
    expect((await orders(account)).map((order) => order.state)).toEqual(["ordered", "cancelled"]);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [390, 1440]) {
      test(`the summary breaks no rule of accessibility and fits, ${colorScheme}, ${width} px`, async ({ account, newReader, server }) => {
        const { page, usage } = await newReader(await account.user(), { colorScheme, viewport: { width, height: 844 } });
        await page.goto(`${server.url}${PATH}?buy=boost-5000`);
        await expect(sheet(page)).toBeVisible();
        await breaksNoRule(page);
        await usage.fitsTheWindow();
      });
    }
  }
});
