// The pages that explain usage, as each of their readers: the customer, a client of an agency, the product manager.

import type { Locator } from "@playwright/test";
import { micro } from "../support/credits";
import { Settings } from "../support/settings";
import { expect, type Reader, test } from "../support/test";

test.describe("Insight", () => {
  test.beforeEach(async ({ account }) => {
    await account.api.report(
      { company: "acme", agent: "chat", activity: "chat_reply", credits: "12.5", reference: "a" },
      { company: "acme", agent: "voice_inbound", activity: "voice_call", credits: "7.25", reference: "b" },
      { company: "bluewater", agent: "nox", activity: "report", credits: "30", reference: "c" },
    );
  });

  /// The exact figures behind what is shown in whole credits.
  const exact = (figures: Locator) =>
    figures.evaluateAll((elements) =>
      elements.map((element) => (element.closest("[data-exact]") ?? element.querySelector("[data-exact]"))?.getAttribute("data-exact") ?? element.textContent ?? ""),
    );

  /// What the pages say a reader used, which must be what the API tells of the same companies.
  async function agrees(reader: Reader, settings: Settings, account: string, used: { credits: string }): Promise<void> {
    const { page } = reader;
    const said = page.locator(".trend-total b").first();
    await settings.goto(`/billing/trends?account=${account}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trends");
    expect((await exact(said)).map(micro)).toEqual([micro(used.credits)]);
    const parts = await exact(page.getByTestId("legend").locator("b"));
    expect(parts.map(micro).reduce((sum, part) => sum + part, 0n)).toBe(micro(used.credits));
    await settings.goto(`/billing/review?account=${account}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Weekly review");
    expect((await exact(said)).map(micro)).toEqual([micro(used.credits)]);
    await settings.goto(`/billing/value?account=${account}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Value");
    const events = await page.getByTestId("by-agent").locator("tbody tr").allTextContents();
    expect(events.length).toBeGreaterThan(0);
  }

  test("of the customer is of all companies, with plans and alerts", async ({ account, newReader, server }) => {
    const reader = await newReader(await account.user());
    const settings = new Settings(reader.page, server);
    const used = await account.api.summary();
    expect(used).toMatchObject({ credits: "49.75", events: 3 });
    await agrees(reader, settings, account.key, used);
    for (const name of ["Plan recommendation", "Alerts"]) await settings.open(name);
  });

  test("of a client is of its own companies, and nothing else", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of 404/);
    const reader = await newReader(await account.user({ role: "client", company: "acme" }));
    const settings = new Settings(reader.page, server);
    const used = await account.api.summary("company=acme");
    expect(used).toMatchObject({ credits: "19.75", events: 2 });
    await agrees(reader, settings, account.key, used);
    for (const path of ["/billing/advice", "/billing/alerts", "/platform/trends"]) await settings.isNothing(`${path}?account=${account.key}`);
  });

  test("of the product manager is of any account, and of all together", async ({ account, newReader, server }) => {
    const reader = await newReader(await account.staff());
    const settings = new Settings(reader.page, server);
    const used = await account.api.summary();
    await agrees(reader, settings, account.key, used);
    await settings.goto("/platform/trends?period=7d");
    const all = await account.api.get<{ credits: string }>("platform/trends?period=7d");
    expect((await exact(reader.page.locator(".trend-total b").first())).map(micro)).toEqual([micro(all.credits)]);
  });
});
