import type { Page } from "@playwright/test";
import { signIn } from "../support/account";
import { breaksNoRule } from "../support/look";
import { expect, test } from "../support/test";

const PATH = "/billing/plans";

/// Orders a pack as its summary offers it.
async function buy(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: `Buy ${name}` }).click();
  await page.getByRole("button", { name: "Place order" }).click();
}

interface Order {
  id: string;
  state: string;
}

async function open(page: Page, url: string): Promise<void> {
  await page.goto(`${url}${PATH}`);
  await expect(page.locator("html[data-running]")).toBeAttached();
}

test.describe("Plans & add-ons", () => {
  test("an account runs out, a pack is bought and paid, and every open page goes on without a reload", async ({ usage, account, page, server }) => {
    await account.api.put("packs/boost-5000", { name: "Boost 5,000", credits: 5000, price: 59, currency: "EUR" });
    await usage.open();
    await account.api.report({ company: "acme", credits: "10020" });
    const stopped = page.locator(".notice.danger");
    await expect(stopped).toBeVisible();
    await expect(page.getByTestId("level")).toHaveText("Out of credits");
    const plans = await page.context().newPage();
    await open(plans, server.url);
    await expect(plans.getByText("AI features have stopped.")).toBeVisible();
    await buy(plans, "Boost 5,000");
    const orders = plans.getByTestId("orders");
    await expect(orders.getByText("Order pending")).toBeVisible();
    const [order] = (await account.api.get<{ items: Order[] }>(`accounts/${account.key}/orders`)).items;
    await account.api.post(`accounts/${account.key}/orders/${order.id}/payment`, { status: "paid", reference: "bank-7" });
    await expect(orders.getByText("Paid and added")).toBeVisible();
    await expect(plans.getByTestId("plan-remaining")).toContainText("4,980");
    await expect(plans.getByText("AI features have stopped.")).toHaveCount(0);
    const row = plans.getByTestId("grants").getByRole("row", { name: /Boost 5,000/ });
    await expect(row).toContainText("4,980");
    await expect(plans.getByTestId("ledger")).toContainText("Overage settled");
    // The page that was open all the time follows by itself.
    await expect(stopped).toHaveCount(0);
    await expect.poll(() => usage.remaining()).toBe(4_980_000_000n);
  });

  test("a payment that fails says why, and may still succeed", async ({ account, page, server, usage }) => {
    await account.api.put("packs/boost-1000", { name: "Boost 1,000", credits: 1000 });
    await usage.open();
    await open(page, server.url);
    await buy(page, "Boost 1,000");
    await expect(page.getByTestId("pending-order")).toBeVisible();
    const [order] = (await account.api.get<{ items: Order[] }>(`accounts/${account.key}/orders`)).items;
    const payment = `accounts/${account.key}/orders/${order.id}/payment`;
    await account.api.post(payment, { status: "failed", reason: "card declined" });
    await expect(page.getByTestId("orders")).toContainText("Payment failed: card declined");
    await account.api.post(payment, { status: "paid" });
    await expect(page.getByTestId("orders")).toContainText("Paid and added");
  });

  test("those who may not buy are told whom to ask, and a client sees nothing of it", async ({ account, newReader, server, problems }) => {
    await account.api.put("packs/boost-1000", { name: "Boost 1,000", credits: 1000 });
    const analyst = await newReader(await account.user({ role: "analyst" }));
    await open(analyst.page, server.url);
    await expect(analyst.page.getByText("Ask your admin to buy").first()).toBeVisible();
    await expect(analyst.page.getByRole("link", { name: /Buy|Upgrade/ })).toHaveCount(0);
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await client.usage.open();
    await expect(client.page.getByRole("link", { name: "Plans & add-ons" })).toHaveCount(0);
    problems.allow(/404/);
    const answer = await client.page.goto(`${server.url}${PATH}`);
    expect(answer?.status()).toBe(404);
  });

  test("a client requests a refund, an operator approves, and row, gauge and receipt follow", async ({ account, newReader, server }) => {
    await account.api.report({ company: "acme", credits: "12.5", reference: "cut-off", id: "cut-off" });
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await client.usage.open();
    await client.usage.row("cut-off").click();
    await client.page.getByText("Request a refund").click();
    await client.page.getByLabel("Reason").fill("the call was cut after two seconds");
    await client.page.getByRole("button", { name: "Send request" }).click();
    await client.usage.isLive();
    await expect(client.usage.receipt).toContainText("the call was cut after two seconds");
    const admin = await newReader(await account.user());
    await admin.usage.open();
    const before = await admin.usage.remaining();
    const plans = await admin.page.context().newPage();
    await open(plans, server.url);
    const requests = plans.getByTestId("disputes");
    await expect(requests).toContainText("the call was cut after two seconds");
    await expect(requests.getByRole("button", { name: "Approve" })).toHaveCount(0);
    const [request] = (await account.api.get<{ items: Order[] }>(`accounts/${account.key}/disputes`)).items;
    await account.api.post(`accounts/${account.key}/disputes/${request.id}/decision`, { decision: "approve" });
    await expect(requests).toContainText("Refunded 12.5 by");
    await expect.poll(() => admin.usage.remaining()).toBe(before + 12_500_000n);
    await expect(client.usage.receipt).toContainText("Refunded");
  });

  test("it comes by a visit, with the script that was there, and says in the tab what it is", async ({ account, newReader }) => {
    const { page, usage } = await newReader(await account.user());
    await usage.open();
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    await page.locator(".sidebar").getByRole("link", { name: "Plans & add-ons" }).click();
    await expect(page).toHaveTitle("Plans & add-ons · Creditscope");
    // The usage page does without the other pages' style sheet, which comes once.
    expect(loaded.filter((path) => /\.(js|wasm|css)$/.test(path) && !path.startsWith("/pkg/pages."))).toEqual([]);
    loaded.splice(0);
    await page.locator(".sidebar").getByRole("link", { name: "Trends", exact: true }).click();
    await expect(page).toHaveTitle("Trends · Creditscope");
    expect(loaded.filter((path) => /\.(js|wasm|css)$/.test(path))).toEqual([]);
  });

  test("it is complete without scripts", async ({ account, browser, server }) => {
    await account.api.put("packs/boost-1000", { name: "Boost 1,000", credits: 1000 });
    const context = await browser.newContext({ javaScriptEnabled: false });
    await signIn(context.request, server, await account.user());
    const page = await context.newPage();
    await page.goto(`${server.url}${PATH}`);
    await buy(page, "Boost 1,000");
    await expect(page.getByTestId("pending-order")).toContainText("Boost 1,000");
    await page.getByTestId("pending-order").getByRole("button", { name: /^Cancel order/ }).click();
    await expect(page.getByText("Cancelled.")).toBeVisible();
    await expect(page.getByTestId("pending-order")).toHaveCount(0);
    await context.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [320, 768, 1440]) {
      test(`it breaks no rule of accessibility and fits, ${colorScheme}, ${width} px`, async ({ account, newReader, server }) => {
        await account.api.put("packs/boost-1000", { name: "Boost 1,000", credits: 1000, price: 15, currency: "EUR" });
        await account.api.post(`accounts/${account.key}/adjustments`, { credits: "-12.5", reason: "usage of another month, reported late" });
        const reader = await newReader(await account.user(), { colorScheme, viewport: { width, height: 900 } });
        await open(reader.page, server.url);
        await breaksNoRule(reader.page);
        await reader.usage.fitsTheWindow();
      });
    }
  }
});
