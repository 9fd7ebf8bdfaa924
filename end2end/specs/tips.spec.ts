import type { Account } from "../support/account";
import { expect, test } from "../support/test";

/// So many calls of four seconds and one credit each.
async function shortCalls(account: Account, company: string, calls: number): Promise<void> {
  await account.api.report(...Array.from({ length: calls }, (_, call) => ({ company, agent: "voice_inbound" as const, activity: "voice_call", credits: "1", reference: `${company}-${call}`, metadata: { duration_s: 4 } })));
}

test.describe("Tips", () => {
  test("say what could be better, since when it is known, and lead to what shows it", async ({ account, usage, page }) => {
    await shortCalls(account, "acme", 25);
    await usage.open();
    const tips = page.getByTestId("tips");
    await expect(tips).toContainText("100% of the credits for calls went to calls under 10 seconds. 25 credits for 25 calls in this cycle.");
    await expect(tips).toContainText(/as of \d\d:\d\d/);
    await tips.getByRole("link", { name: "See low-value usage" }).click();
    await expect(page.getByTestId("wasted")).toContainText("Calls under 10 seconds25");
  });

  test("are of a client's own companies for a client, and say nothing when there is nothing to say", async ({ account, newReader }) => {
    await shortCalls(account, "acme", 25);
    await shortCalls(account, "bluewater", 5);
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await client.usage.open();
    await expect(client.page.getByTestId("tips")).toContainText("25 credits for 25 calls");
    const other = await newReader(await account.user({ role: "client", company: "bluewater" }));
    await other.usage.open();
    await expect(other.page.getByTestId("tips")).toHaveCount(0);
  });
});
