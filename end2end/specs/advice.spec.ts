import { Settings } from "../support/settings";
import { expect, test } from "../support/test";

/// Days that lie in the last complete cycle and in the one before: the running one began 10 to 13 days ago.
const LAST_CYCLE = 25;
const CYCLE_BEFORE = 55;

test.describe("Plan recommendation", () => {
  test("replays the last cycles under each plan and shows the arithmetic", async ({ account, usage, page, server }) => {
    await account.api.put(`plans/${account.key}`, { name: "Own plan", monthly_credits: "100", price: "10", currency: "XTS" });
    await account.api.put(`plans/larger-${account.key}`, { name: "Larger plan", monthly_credits: "500", price: "12.5", currency: "XTS" });
    await account.api.put(`packs/pack-${account.key}`, { name: "Top-up", credits: "100", price: "9", currency: "XTS" });
    const days = (count: number) => new Date(Date.now() - count * 86_400_000);
    await account.backfill([
      { company: "acme", agent: "chat", activity: "chat_reply", credits: "320", reference: "a", time: days(LAST_CYCLE) },
      { company: "acme", agent: "chat", activity: "chat_reply", credits: "80", reference: "b", time: days(CYCLE_BEFORE) },
    ]);
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Plan recommendation");
    // Own: 10, then 10 + 3 × 9. Larger: twice 12.5.
    await expect(page.getByTestId("verdict")).toContainText("Larger plan is your lowest-cost plan");
    const rows = page.getByTestId("replays").locator("tbody tr");
    await expect(rows.first()).toContainText("XTS\u00a025.00");
    await expect(rows.nth(1)).toContainText("XTS\u00a010.00 plan + 3 × XTS\u00a09.00 Top-up");
    await expect(rows.nth(1)).toContainText("XTS\u00a047.00");
  });

  test("says that there is not enough data yet", async ({ usage, page, server }) => {
    await usage.open();
    await new Settings(page, server).open("Plan recommendation");
    await expect(page.getByTestId("verdict")).toContainText("Not enough data yet");
    await expect(page.getByTestId("replays")).toHaveCount(0);
  });
});
