import { Account, signIn } from "../support/account";
import { daysAgo } from "../support/api";
import { micro } from "../support/credits";
import { breaksNoRule } from "../support/look";
import { Settings } from "../support/settings";
import { expect, type Platform, startPlatform, test } from "../support/test";
import { UsagePage } from "../support/usage-page";

test.describe("Platform trends of a platform of one's own", () => {
  let platform: Platform;

  test.beforeAll(async () => {
    platform = await startPlatform();
  });

  test.afterAll(async () => {
    await platform.server.remove();
  });

  test("add up what accounts used, name them, and lead to their rows", async ({ page }) => {
    const { server, key } = platform;
    const [large, small] = [await Account.make(server, key, { name: "Harbor Group" }), await Account.make(server, key, { name: "Lakeside Clinics" })];
    await large.api.report({ company: "acme", agent: "chat", credits: "4000000", reference: "big", time: daysAgo(2) });
    await small.api.report({ company: "acme", agent: "nox", credits: "3000000.5", reference: "small", time: daysAgo(1) });
    await signIn(page.request, server, await large.staff());
    const usage = new UsagePage(page, server);
    const settings = new Settings(page, server);
    await usage.goto(`?account=${large.key}`);
    await settings.open("Platform trends");
    await usage.choose("Period", "Last 7 days");
    await expect(page).toHaveURL(/period=7d/);
    await page.getByRole("group", { name: "Group by" }).getByRole("link", { name: "Account" }).click();
    await expect(page).toHaveURL(/by=account/);
    const legend = page.getByTestId("legend").getByRole("listitem");
    await expect(legend.filter({ hasText: "Harbor Group" })).toContainText("4,000,000");
    await expect(legend.filter({ hasText: "Lakeside Clinics" })).toContainText("3,000,001");
    await expect(page.locator(".trend-total b")).toHaveText("7,000,001");
    await page.getByText("Show this chart as a table").click();
    const cells = await page.getByTestId("trend-table").locator("tbody td").allTextContents();
    expect(cells.map(micro).reduce((sum, cell) => sum + cell, 0n)).toBe(micro("7000000.5"));
    const csv = await settings.file("format=csv");
    expect(csv.status()).toBe(200);
    expect(await csv.text()).toContain(large.key);
    await legend.filter({ hasText: "Harbor Group" }).getByRole("link").click();
    await usage.isLive();
    expect((await usage.rows()).map((row) => row.reference)).toEqual(["big"]);
  });

});

test.describe("Platform trends", () => {
  test("are nothing to members, whatever their role", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of 4/);
    for (const role of ["owner", "analyst"] as const) {
      const { page, usage } = await newReader(await account.user({ role }));
      await usage.open();
      await expect(page.getByRole("link", { name: "Platform trends" })).toHaveCount(0);
      await new Settings(page, server).isNothing(`/platform/trends?account=${account.key}`);
    }
  });

  for (const theme of ["light", "dark"] as const) {
    for (const width of [320, 768, 1440]) {
      test(`break no rule at ${width} px in the ${theme} theme, and fit`, async ({ account, newReader, server }) => {
        await account.api.report({ company: "acme", agent: "chat", credits: "12", time: daysAgo(3) });
        const { page, usage } = await newReader(await account.staff(), { colorScheme: theme, viewport: { width, height: 900 } });
        for (const by of ["agent", "account", "plan"]) {
          await page.goto(`${server.url}/platform/trends?account=${account.key}&by=${by}`);
          await expect(page.getByRole("heading", { level: 1 })).toHaveText("Platform trends");
          await usage.fitsTheWindow();
          await breaksNoRule(page);
        }
      });
    }
  }
});
