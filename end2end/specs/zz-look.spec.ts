import { daysAgo } from "../support/api";
import { test } from "../support/test";
test("look", async ({ account, newReader, server }) => {
  test.setTimeout(300_000);
  await account.backfill(Array.from({ length: 60 }, (_, day) => ({ company: day % 3 ? "acme" : "bluewater", agent: (["chat", "nox", "voice_web"] as const)[day % 3] ?? "chat", activity: "chat_reply", credits: String(5 + (day % 7)), reference: `r-${day}`, time: daysAgo(day / 2) })));
  const user = await account.user();
  const staff = await account.staff();
  for (const [width, colorScheme] of [[1440, "light"], [390, "light"], [390, "dark"], [1440, "dark"], [768, "light"]] as const) {
    const { page } = await newReader(user, { viewport: { width, height: width === 390 ? 844 : 900 }, colorScheme });
    for (const [name, path] of [["usage", "/billing/usage?"], ["company", "/billing/usage?company=acme&period=7d&"], ["trends", "/billing/trends?company=acme&"], ["companies", "/companies?period=7d&"], ["review", "/billing/review?"]] as const) {
      await page.goto(`${server.url}${path}account=${account.key}`);
      await page.waitForSelector("html[data-running]");
      await page.screenshot({ path: `/tmp/bar-shots/${name}-${width}-${colorScheme}.png` });
      if (name === "usage" || name === "trends") {
        await page.locator("[data-choice=company] summary").click();
        await page.waitForTimeout(200);
        await page.screenshot({ path: `/tmp/bar-shots/${name}-menu-${width}-${colorScheme}.png` });
        await page.keyboard.press("Escape");
        await page.locator("[data-choice=period] summary").click();
        await page.waitForTimeout(200);
        await page.screenshot({ path: `/tmp/bar-shots/${name}-period-${width}-${colorScheme}.png` });
      }
    }
    await page.route("**/billing/usage?*company=acme*", (route) => route.fulfill({ status: 503, contentType: "text/html", body: "busy" }));
    await page.goto(`${server.url}/billing/usage?account=${account.key}`);
    await page.waitForSelector("html[data-running]");
    await page.locator("[data-choice=company] summary").click();
    await page.locator("[data-choice=company]").getByRole("link", { name: "Acme Dental", exact: true }).click();
    await page.waitForSelector("#visit-failed");
    await page.screenshot({ path: `/tmp/bar-shots/failed-${width}-${colorScheme}.png` });
    const pm = await newReader(staff, { viewport: { width, height: 900 }, colorScheme });
    await pm.page.goto(`${server.url}/platform/trends?account=${account.key}`);
    await pm.page.screenshot({ path: `/tmp/bar-shots/platform-${width}-${colorScheme}.png` });
  }
});
