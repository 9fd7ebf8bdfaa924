import { daysAgo } from "../support/api";
import { Settings } from "../support/settings";
import { expect, test } from "../support/test";

test.describe("Value", () => {
  test("says what a lead cost, agrees with the API, and leads to the rows", async ({ account, usage, page, server }) => {
    await account.api.report(
      { company: "acme", agent: "chat", credits: "30", reference: "conv_a", time: daysAgo(2) },
      { company: "acme", agent: "chat", credits: "10", reference: "conv_b", time: daysAgo(2) },
      { company: "bluewater", agent: "chat", credits: "8", reference: "conv_c", time: daysAgo(3) },
    );
    await account.api.lead(
      { company: "acme", agent: "chat", kind: "lead", reference: "conv_a", time: daysAgo(2) },
      { company: "acme", agent: "chat", kind: "sale", reference: "conv_a", value: "120", currency: "EUR", time: daysAgo(1) },
      { company: "bluewater", agent: "chat", kind: "booking", time: daysAgo(3) },
    );
    await usage.open();
    await new Settings(page, server).open("Value");
    const tiles = page.getByTestId("tiles");
    await expect(tiles).toContainText("1 lead · 1 booking · 1 sale");
    await expect(tiles).toContainText("Credits per lead48");
    await expect(tiles).toContainText("€120.00");
    await expect(tiles).toContainText("€2.50");
    // 18 of 48 credits are chats that no lead names.
    await expect(page.getByTestId("wasted")).toContainText("Chats without a lead18");
    const told = await account.api.leads("period=30d");
    expect(told).toMatchObject({ credits: "48", leads: 3, credits_per_lead: "48", credits_per: { lead: "48", booking: "48", sale: "48" }, by_kind: { lead: 1, booking: 1, sale: 1 }, value: [{ currency: "EUR", amount: "120", per_credit: "2.5" }], wasted: { chats_without_lead: { credits: "18", events: 2 } } });
    const company = page.getByTestId("by-company").locator("tbody tr").first();
    await expect(company).toContainText("Acme Dental40101");
    await company.getByRole("link").click();
    await expect(page.locator("summary", { hasText: /^Company: Acme Dental$/ })).toBeVisible();
    await expect(tiles).toContainText("Credits per lead40");
    await page.getByTestId("marks").getByRole("link").filter({ hasText: "1 lead" }).first().click();
    await usage.isLive();
    expect((await usage.rows()).map((row) => row.reference).sort()).toEqual(["conv_a", "conv_b"]);
  });

  test("says how leads are reported, and counts short calls without any", async ({ account, usage, page, server }) => {
    await account.api.report(
      { company: "acme", agent: "voice_inbound", credits: "3", reference: "call_a", metadata: { duration_s: 4 } },
      { company: "acme", agent: "voice_inbound", credits: "9", reference: "call_b", metadata: { duration_s: 40 } },
    );
    await usage.open();
    await new Settings(page, server).open("Value");
    await expect(page.getByTestId("how-to")).toContainText("No leads reported yet");
    const wasted = page.getByTestId("wasted");
    await expect(wasted).toContainText("Calls under 10 seconds3");
    await expect(wasted).toContainText("25% of the 12 credits of calls");
    await expect(wasted).toContainText("not known until leads are reported");
  });

  test("shows a client what its own companies got", async ({ account, newReader, server }) => {
    await account.api.report({ company: "acme", agent: "chat", credits: "5" }, { company: "bluewater", agent: "chat", credits: "7" });
    await account.api.lead({ company: "acme", agent: "chat", kind: "lead" }, { company: "bluewater", agent: "chat", kind: "sale", value: "99", currency: "EUR" });
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await client.usage.open();
    await new Settings(client.page, server).open("Value");
    await expect(client.page.getByTestId("tiles")).toContainText("1 lead · 0 bookings · 0 sales");
    await expect(client.page.getByTestId("by-company")).not.toContainText("Bluewater");
    await expect(client.page.locator("main")).not.toContainText("€99.00");
  });
});
