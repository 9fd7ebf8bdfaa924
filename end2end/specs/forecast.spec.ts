import { daysAgo } from "../support/api";
import { micro } from "../support/credits";
import { expect, test } from "../support/test";

test.describe("The forecast", () => {
  test("says when credits run out, with a band, and what the cycle will have used", async ({ account, usage, page }) => {
    // Three weeks of one habit: with the 10,000 of the plan less what the cycle used, some days are left.
    await account.backfill(
      Array.from({ length: 21 * 8 }, (_, number) => ({
        company: number % 2 === 0 ? "acme" : "bluewater",
        agent: "chat" as const,
        activity: "chat_reply",
        credits: String(60 + (number % 5)),
        reference: `past-${number}`,
        time: daysAgo((number + 1) / 8),
      })),
    );
    const forecast = await account.api.get<{ outlook: string; days: number; runs_out_at: { p10: string; p50: string } | null; cycle_use: Record<"p10" | "p50" | "p90", string> }>(`forecast?account=${account.key}`);
    expect(forecast.outlook).toBe("runs_out");
    expect(forecast.days).toBeGreaterThanOrEqual(20);
    expect(Date.parse(forecast.runs_out_at?.p10 ?? "")).toBeLessThanOrEqual(Date.parse(forecast.runs_out_at?.p50 ?? ""));
    await usage.open();
    const outlook = page.getByTestId("outlook");
    await expect(outlook.locator("b")).toHaveText(/^Likely to run out (on \d{1,2} \w{3}|today around \d\d:\d\d)$/);
    await expect(outlook.locator(".outlook-detail")).toHaveText(/^(Between|From) /);
    await expect(page.getByTestId("projected")).toHaveText(/^Projected ≈ [\d,]+ \([\d,]+ – [\d,]+\)$/);
    const [low, middle, high] = [forecast.cycle_use.p10, forecast.cycle_use.p50, forecast.cycle_use.p90].map(micro);
    expect(low < middle && middle < high).toBe(true);
    expect(middle > (await usage.used())).toBe(true);
    const used = await page.locator(".gauge-bar .used").boundingBox();
    const projected = await page.locator(".gauge-bar .projected").boundingBox();
    expect(projected?.width).toBeGreaterThan(2);
    expect(Math.abs((projected?.x ?? 0) - (used?.x ?? 0) - (used?.width ?? 0))).toBeLessThan(1);
    const chart = page.locator(".gauge-chart");
    await expect(chart).toContainText("Cumulative use and projection");
    await expect(chart.locator(".projected")).toHaveCount(1);
    await expect(chart.locator(".possible")).toHaveCount(1);
    // What arrives afterwards moves the figures, and the forecast is that of the chart which is drawn with them.
    const before = await usage.used();
    const stood = await chart.locator(".now").getAttribute("cy");
    await account.api.report({ company: "acme", credits: "250", reference: "live" });
    await expect(async () => expect(await usage.used()).toBe(before + micro("250"))).toPass();
    await expect(outlook.locator("b")).toHaveText(/^Likely to run out (on \d{1,2} \w{3}|today around \d\d:\d\d)$/);
    // The chart that is drawn again still has the projection.
    await expect(async () => expect(await chart.locator(".now").getAttribute("cy")).not.toBe(stood)).toPass();
    await expect(chart.locator(".projected")).toHaveCount(1);
    await page.setViewportSize({ width: 320, height: 700 });
    await usage.fitsTheWindow();
  });

  test("of an account without history says so, and shows no band", async ({ account, usage, page }) => {
    await account.api.report({ company: "acme", credits: "5", reference: "first" });
    await usage.open();
    await expect(page.getByTestId("outlook")).toContainText("Not enough data yet to say when it runs out");
    await expect(page.getByTestId("projected")).toBeHidden();
    await expect(page.locator(".gauge-bar .projected")).toHaveAttribute("width", "0.00%");
    await expect(page.locator(".gauge-chart")).not.toContainText("projection");
    await expect(page.locator(".gauge-chart .projected")).toHaveCount(0);
    expect((await account.api.get<{ runs_out_at: unknown }>(`balance?account=${account.key}`)).runs_out_at).toBeNull();
  });
});
