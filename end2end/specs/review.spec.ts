import { Settings } from "../support/settings";
import { expect, test } from "../support/test";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/// The start of an hour that is over, in a week of which the page is asked for by name.
function lastHour(): Date {
  return new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS);
}

const address = (account: string, time: Date) => `/billing/review?account=${account}&week=${time.toISOString().slice(0, 10)}`;

test.describe("Weekly review", () => {
  test("tells a spike and its cause, leads to the rows, sets a cap, and is marked", async ({ account, usage, page, server }) => {
    const hour = lastHour();
    const weeks = Array.from({ length: 30 }, (_, day) => ({ company: "acme", agent: "chat" as const, activity: "chat_reply", credits: "10", reference: `day-${day}`, time: new Date(hour.getTime() - day * DAY_MS) }));
    await account.backfill(weeks);
    await account.api.report({ company: "bluewater", agent: "voice_outbound", activity: "voice_call", credits: "500", reference: "burst", time: new Date(hour.getTime() + 60_000) });
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Weekly review");
    await usage.open();
    const warning = page.locator("details.notice", { hasText: "51.0× the expected usage on" });
    await expect(warning).toContainText("510 vs 10 expected, all of the increase from Bluewater Spa, Voice Outbound.");
    await warning.locator("summary").click();
    await warning.getByRole("link", { name: "See why" }).click();
    const spikes = page.getByTestId("spikes");
    await expect(spikes.locator("article")).toHaveCount(1);
    await expect(spikes).toContainText("510 vs 10 expected");
    const cause = spikes.locator("tbody tr").first();
    await expect(cause).toContainText("Bluewater Spa");
    await expect(cause).toContainText("+500");
    await expect(cause).toContainText("100%");
    await cause.getByText("Set a limit").click();
    await settings.sheet.locator("[name=cap_voice_outbound]").fill("600");
    await settings.sheet.getByRole("button", { name: "Save" }).click();
    await settings.says("of Bluewater Spa");
    await expect(page).toHaveURL(/week=/);
    await page.getByRole("button", { name: "Mark as reviewed" }).click();
    await settings.says("The week is marked as reviewed");
    await expect(page.getByTestId("reviewed")).toContainText("Reviewed by");
    const { allowed } = await account.api.post<{ allowed: boolean }>(`check?account=${account.key}`, { company: "bluewater", agent: "voice_outbound", credits: "101" });
    expect(allowed).toBe(false);
    await spikes.locator("tbody tr").first().getByRole("link", { name: "Bluewater Spa", exact: true }).click();
    await usage.isLive();
    expect((await usage.rows()).map((row) => row.reference)).toEqual(["burst"]);
    // What was reviewed is not shown again.
    await expect(warning).toHaveCount(0);
    await settings.open("Trends");
    const note = page.getByTestId("notes").getByRole("listitem");
    await expect(note).toHaveCount(1);
    await expect(note).toContainText("510 vs 10 expected");
    await expect(page.locator(".chart.stacked .note")).toHaveCount(1);
    await note.getByRole("link").click();
    await expect(spikes).toContainText("510 vs 10 expected");
  });

  test("says when too little is known, and when nothing was above expected", async ({ account, usage, page, server }) => {
    const hour = lastHour();
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Weekly review");
    await expect(page.getByTestId("spikes")).toContainText("Not enough data yet");
    await account.backfill(Array.from({ length: 30 }, (_, day) => ({ company: "acme", agent: "chat" as const, activity: "chat_reply", credits: "10", reference: `day-${day}`, time: new Date(hour.getTime() - day * DAY_MS) })));
    await settings.goto(address(account.key, hour));
    await expect(page.getByTestId("calm")).toContainText("No spikes");
    await page.getByRole("link", { name: "Previous week" }).click();
    await expect(page.locator(".trend-total b")).toHaveText("70");
    await page.getByRole("link", { name: "Next week" }).click();
    await expect(page.getByTestId("calm")).toBeVisible();
  });

  test("shows a client its own companies, and nothing to mark or to set", async ({ account, newReader, server }) => {
    await account.api.report({ company: "acme", credits: "5" }, { company: "bluewater", credits: "7" });
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await client.usage.open();
    await new Settings(client.page, server).open("Weekly review");
    await expect(client.page.locator(".trend-total b")).toHaveText("5");
    await expect(client.page.locator("main")).not.toContainText("Bluewater");
    await expect(client.page.getByRole("button", { name: "Mark as reviewed" })).toHaveCount(0);
  });
});
