import { daysAgo } from "../support/api";
import { micro } from "../support/credits";
import { wordsOn } from "../support/drawing";
import { Settings } from "../support/settings";
import { expect, test } from "../support/test";

test.describe("Trends", () => {
  test("say what moved, agree with the usage page, and lead to its rows", async ({ account, usage, page, server }) => {
    await account.api.report(
      { company: "acme", agent: "chat", credits: "30", reference: "a", time: daysAgo(2) },
      { company: "acme", agent: "nox", credits: "4", reference: "b", time: daysAgo(3) },
      { company: "bluewater", agent: "chat", credits: "6", reference: "c", time: daysAgo(1) },
    );
    await usage.open("?period=7d");
    const spent = await usage.spentByAll();
    const settings = new Settings(page, server);
    await settings.open("Trends");
    await usage.choose("Period", "Last 7 days");
    await expect(page).toHaveURL(/period=7d/);
    await page.getByRole("group", { name: "Group by" }).getByRole("link", { name: "Company" }).click();
    await expect(page).toHaveURL(/by=company/);
    await expect(page.locator(".trend-total b")).toHaveText("40");
    expect(spent).toBe(micro("40"));
    const legend = page.getByTestId("legend").getByRole("listitem");
    await expect(legend).toHaveText([/Acme Dental34/, /Bluewater Spa6/]);
    await page.getByText("Show this chart as a table").click();
    const cells = page.getByTestId("trend-table").locator("tbody td");
    expect((await cells.allTextContents()).map(micro).reduce((sum, cell) => sum + cell, 0n)).toBe(micro("40"));
    const csv = await settings.file("format=csv");
    expect(await csv.text()).toContain("bluewater");
    const drawing = await settings.file("chart.svg");
    expect(drawing.headers()["content-type"]).toBe("image/svg+xml");
    const words = await wordsOn(page, await drawing.text());
    expect(words).toContain("Credits by company and day: 40 so far");
    expect(words).toContain("Acme Dental 34");
    const picture = await settings.file("chart.png");
    expect([picture.status(), picture.headers()["content-type"]]).toEqual([200, "image/png"]);
    const lines = await settings.file("format=ndjson");
    const rows = (await lines.text()).trim().split("\n").map((line): { credits: string } => JSON.parse(line));
    expect(rows.map((row) => micro(row.credits)).reduce((sum, credits) => sum + credits, 0n)).toBe(micro("40"));
    await legend.first().getByRole("link").click();
    await usage.isLive();
    expect((await usage.rows()).map((row) => row.reference)).toEqual(["a", "b"]);
  });

  test("tell each window on hover and focus, and lead to its rows", async ({ account, usage, page, server }) => {
    await account.api.report(
      { company: "acme", agent: "chat", credits: "30", reference: "a", time: daysAgo(2) },
      { company: "acme", agent: "nox", credits: "4.25", reference: "b", time: daysAgo(2) },
      { company: "acme", agent: "nox", credits: "7", reference: "c", time: daysAgo(4) },
    );
    await usage.open();
    await new Settings(page, server).open("Trends");
    const mark = page.getByTestId("marks").getByRole("link").filter({ hasText: "34.25 credits" });
    const tip = mark.locator(".tip");
    await expect(tip).toHaveCSS("opacity", "0");
    await mark.focus();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Tab");
    await expect(tip).toHaveCSS("opacity", "1");
    await page.keyboard.press("Enter");
    await usage.isLive();
    expect((await usage.rows()).map((row) => row.reference).sort()).toEqual(["a", "b"]);
  });

  test("count and show of a window only what lies in the period", async ({ account, usage, page, server }) => {
    const march = (day: number) => new Date(Date.UTC(2026, 2, day, 12));
    await account.backfill([
      { company: "acme", agent: "chat", activity: "chat_reply", credits: "5", reference: "before", time: march(5) },
      { company: "acme", agent: "chat", activity: "chat_reply", credits: "7", reference: "within", time: march(20) },
    ]);
    await usage.open();
    await page.goto(`${server.url}/billing/trends?account=${account.key}&from=2026-03-15&to=2026-03-25&window=month`);
    const mark = page.getByTestId("marks").getByRole("link");
    await expect(mark).toContainText("7 credits");
    await mark.click();
    await usage.isLive();
    expect((await usage.rows()).map((row) => row.reference)).toEqual(["within"]);
  });

  test("are complete for an account without any usage", async ({ usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Trends");
    await expect(page.locator(".trend-total b")).toHaveText("0");
    await expect(page.getByTestId("heat").getByRole("row")).toHaveCount(8);
  });
});
