import { micro } from "../support/credits";
import { expect, test } from "../support/test";

test.describe("An account without any usage", () => {
  test("it teaches how to report the first event", async ({ usage }) => {
    await usage.open();
    await expect(usage.empty.getByRole("heading")).toHaveText("No usage yet");
    await expect(usage.empty).toContainText("Usage appears as soon as your agents talk");
    await expect(usage.empty.locator("code")).toHaveCount(0);
    expect(await usage.used()).toBe(0n);
    expect(await usage.remaining()).toBe(micro("10000"));
    await expect(usage.page.getByTestId("level")).toHaveText("No usage yet");
  });

  test("the first event takes its place without a reload", async ({ usage, account }) => {
    await usage.open();
    await expect(usage.empty).toBeVisible();
    await account.api.report({ company: "acme", credits: "2.5", reference: "the-first" });
    await expect(usage.row("the-first")).toHaveCount(1);
    await expect(usage.empty).toBeHidden();
    await expect.poll(() => usage.used()).toBe(micro("2.5"));
    await expect.poll(() => usage.listed()).toEqual({ events: 1, credits: micro("2.5") });
    // And the log is a whole one: it opens receipts and takes further rows.
    await usage.row("the-first").click();
    await expect(usage.receipt).toContainText("the-first");
    await account.api.report({ company: "acme", credits: "1", reference: "the-second" });
    await expect(usage.row("the-second")).toHaveCount(1);
  });

  test("a view without events offers to clear its filters instead", async ({ usage, account, page }) => {
    await account.api.report({ company: "acme", agent: "chat", credits: "1", reference: "only-chat" });
    await usage.open("?agent=nox");
    await expect(usage.empty.getByRole("heading")).toHaveText("No events in this view");
    await usage.empty.getByRole("link", { name: "Clear filters" }).click();
    await expect(usage.row("only-chat")).toHaveCount(1);
    await expect(page).not.toHaveURL(/agent/);
  });
});
