// Nothing jumps: what arrives changes figures and rows, and moves nothing that a reader looks at.

import { minutesAgo } from "../support/api";
import { expect, test } from "../support/test";

const HISTORY = Array.from({ length: 40 }, (_, index) => ({ company: "acme", credits: "2.5", reference: `before-${index}`, time: minutesAgo(index + 2) }));

test.describe("The usage page holds still", () => {
  for (const width of [1280, 390]) {
    test(`while two hundred events arrive, ${width} px wide`, async ({ usage, account, page }) => {
      await page.setViewportSize({ width, height: 900 });
      await account.api.report(...HISTORY);
      await usage.open();
      await usage.comesToRest();
      await page.evaluate(() => {
        const shifts: { value: number; what: string }[] = [];
        Object.assign(window, { shifts });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & { value: number; sources: { node?: Node | null }[] })[]) {
            shifts.push({ value: entry.value, what: entry.sources.map(({ node }) => (node instanceof Element ? `${node.tagName}.${node.className}` : (node?.parentElement?.className ?? ""))).join() });
          }
        }).observe({ type: "layout-shift" });
      });
      for (let batch = 0; batch < 20; batch++) {
        await account.api.report(...Array.from({ length: 10 }, (_, index) => ({ company: "acme", agent: "nox" as const, credits: "0.125", reference: `now-${batch}-${index}` })));
      }
      await expect.poll(async () => (await usage.listed()).events).toBe(240);
      expect(await page.evaluate(() => (window as unknown as { shifts: unknown[] }).shifts)).toEqual([]);
    });
  }

  test("while calls begin and end", async ({ usage, account, page }) => {
    await account.api.report(...HISTORY);
    await usage.open();
    const place = () => page.locator(".agents").boundingBox();
    const before = await place();
    for (let call = 0; call < 6; call++) await account.api.hold({ company: "acme", credits: "10", id: `call-${call}` });
    await expect(page.getByTestId("running-more")).toHaveText("+ 2 more");
    expect(await place()).toEqual(before);
    for (let call = 0; call < 6; call++) await account.api.settleHold(`call-${call}`, "1", `ended-${call}`);
    await expect(page.getByTestId("running")).toContainText("No active calls");
    expect(await place()).toEqual(before);
  });
});

test.describe("What cannot be read", () => {
  test("leaves rows and filters as they were, says so at the filters, and is read when it is tried again", async ({ usage, account, page, problems }) => {
    problems.allow(/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket connection/);
    await account.api.report(...HISTORY, { company: "acme", agent: "nox", credits: "1", reference: "other" });
    await usage.open();
    const search = (url: URL) => url.searchParams.get("q") === "other";
    await page.route(search, (route) => route.abort());
    await page.getByRole("searchbox", { name: "Search references" }).fill("other");
    const failed = page.locator(".toolbar .visit-failed");
    await expect(failed).toContainText("The server cannot be reached.");
    await expect(page.getByRole("searchbox", { name: "Search references" })).toHaveValue("other");
    await expect(page.getByRole("search").filter({ has: page.getByRole("searchbox", { name: "Search references" }) })).toHaveAttribute("data-failed", "");
    await expect(usage.row("before-1")).toHaveCount(1);
    await expect(page).not.toHaveURL(/q=/);
    await page.unroute(search);
    await failed.getByRole("button", { name: "Try again" }).click();
    await expect(failed).toHaveCount(0);
    await expect(usage.row("before-1")).toHaveCount(0);
    await expect(usage.row("other")).toHaveCount(1);
    await expect(page).toHaveURL(/q=other/);
  });

  test("of the log's rows is said, and read once the connection is back", async ({ usage, account, page, problems }) => {
    problems.allow(/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket connection/);
    await account.api.report(...Array.from({ length: 400 }, (_, index) => ({ company: "acme", credits: "1", reference: `row-${index}`, time: minutesAgo(index + 1) })));
    await usage.open();
    await page.route("**/api/fn/read_log*", (route) => route.abort());
    await usage.log.evaluate((log) => (log.scrollTop = log.scrollHeight));
    await expect(page.getByTestId("log-failed")).toContainText("Some rows could not be read.");
    await page.unroute("**/api/fn/read_log*");
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    await page.getByTestId("log-failed").getByRole("button", { name: "Try again" }).click({ timeout: 3_000 }).catch(() => {});
    await expect(page.getByTestId("log-failed")).toBeHidden();
    await usage.comesToRest();
    expect((await usage.rows()).at(-1)?.reference).toBe("row-399");
  });

  test("of a date outside of the period offers that day", async ({ usage, account, page, problems }) => {
    problems.allow(/status of 422/);
    await account.api.report(...HISTORY);
    await usage.open("?period=7d");
    const panel = await usage.openMenu("Activity log");
    const date = minutesAgo(20 * 24 * 60).toISOString().slice(0, 10);
    await page.getByTestId("jump-date").fill(date);
    await panel.getByRole("button", { name: "Jump" }).click();
    await expect(page.getByTestId("jump-missed")).toContainText("is outside of this period.");
    await page.getByTestId("jump-missed").getByRole("link").click();
    await expect(page).toHaveURL(new RegExp(`from=${date}&to=${date}`));
  });
});

test.describe("The back button", () => {
  test("leads from a search to the log as it was, its field and its place", async ({ usage, account, page }) => {
    await account.api.report(...Array.from({ length: 300 }, (_, index) => ({ company: "acme", credits: "1", reference: `row-${index}`, time: minutesAgo(index + 1) })));
    await usage.open();
    await usage.log.evaluate((log) => (log.scrollTop = 4_000));
    await usage.comesToRest();
    const before = (await usage.rows()).map((row) => row.reference);
    const field = page.getByRole("searchbox", { name: "Search references" });
    await field.pressSequentially("row-2", { delay: 20 });
    await expect(page).toHaveURL(/q=row-2$/);
    await expect.poll(async () => (await usage.rows())[0]?.reference).toBe("row-2");
    await page.goBack();
    await expect(page).not.toHaveURL(/q=/);
    await expect(field).toHaveValue("");
    await expect.poll(async () => (await usage.rows()).map((row) => row.reference)).toEqual(before);
  });
});
