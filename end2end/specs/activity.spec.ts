import { daysAgo, minutesAgo } from "../support/api";
import { micro } from "../support/credits";
import { type LargeLog, makeLargeLog, reference, ROWS } from "../support/large-log";
import { expect, type Reader, reading, test as base } from "../support/test";
import type { Row, UsagePage } from "../support/usage-page";

/// Importing the rows, once for all tests of a worker.
const PREPARATION_MS = 900_000;

const test = base.extend<{ reader: Reader }, { large: LargeLog }>({
  large: [
    async ({}, use) => {
      const large = await makeLargeLog();
      await use(large);
      await large.server.remove();
    },
    { scope: "worker", timeout: PREPARATION_MS },
  ],
  reader: async ({ large, browser, problems }, use) => {
    const open = reading(browser, large.server, problems);
    await use(await open.reader(large.user));
    await open.close();
  },
});

/// Rows that follow each other, each in the place its reference tells.
function expectConsecutive(rows: Row[]): void {
  expect(rows.map((row) => row.reference)).toEqual(rows.map((row) => reference(row.index)));
  expect(rows.map((row) => row.index)).toEqual(rows.map((_, offset) => (rows[0]?.index ?? 0) + offset));
}

async function firstRow(usage: UsagePage): Promise<number> {
  return (await usage.rows())[0]?.index ?? -1;
}

async function lastRow(usage: UsagePage): Promise<number> {
  return (await usage.rows()).at(-1)?.index ?? -1;
}

test.describe("A log of a million rows", () => {
  test.beforeEach(async ({ reader }) => {
    await reader.usage.open("?period=90d");
    await expect(reader.usage.log).toHaveAttribute("aria-rowcount", String(ROWS));
    await reader.usage.log.scrollIntoViewIfNeeded();
  });

  test("the scrollbar reaches the oldest row, and comes back to the newest", async ({ reader: { usage } }) => {
    expect(await usage.listed()).toEqual({ events: ROWS, credits: micro("0.5") * BigInt(ROWS) });
    await usage.log.evaluate((log) => (log.scrollTop = log.scrollHeight));
    await expect.poll(() => lastRow(usage)).toBe(ROWS - 1);
    await usage.comesToRest();
    const oldest = await usage.rows();
    expectConsecutive(oldest);
    expect(oldest.length).toBeGreaterThan(10);
    await usage.log.evaluate((log) => (log.scrollTop = 0));
    await expect.poll(() => firstRow(usage)).toBe(0);
    expectConsecutive(await usage.rows());
  });

  test("any place of the scrollbar shows the rows of that share of the log", async ({ reader: { usage } }) => {
    for (const share of [0.5, 0.123, 0.987, 0.01]) {
      await usage.log.evaluate((log, share) => (log.scrollTop = (log.scrollHeight - log.clientHeight) * share), share);
      await expect.poll(async () => Math.abs((await firstRow(usage)) / ROWS - share), `${share} of the way`).toBeLessThan(0.01);
      await usage.comesToRest();
      expectConsecutive(await usage.rows());
    }
  });

  test("the End and Home keys go to the oldest and the newest row", async ({ reader: { usage, page } }) => {
    await usage.log.focus();
    await page.keyboard.press("End");
    await expect.poll(() => lastRow(usage)).toBe(ROWS - 1);
    expectConsecutive(await usage.rows());
    await page.keyboard.press("Home");
    await expect.poll(() => firstRow(usage)).toBe(0);
    expectConsecutive(await usage.rows());
  });

  test("the wheel shows every row on its way, none twice and none skipped", async ({ reader: { usage, page } }) => {
    // From the middle: there the scrollbar stands for many rows a pixel.
    await usage.log.evaluate((log) => (log.scrollTop = log.scrollHeight / 2));
    await expect.poll(() => firstRow(usage)).toBeGreaterThan(ROWS / 3);
    await usage.comesToRest();
    await watchRows(usage);
    await usage.log.hover();
    const start = await firstRow(usage);
    for (let at = start; at < start + 400; ) {
      await page.mouse.wheel(0, 360);
      const before = at;
      await expect.poll(async () => (at = await firstRow(usage))).toBeGreaterThan(before);
    }
    await usage.comesToRest();
    const end = await lastRow(usage);
    for (let at = await firstRow(usage); at > start; ) {
      await page.mouse.wheel(0, -360);
      const before = at;
      await expect.poll(async () => (at = await firstRow(usage))).toBeLessThan(before);
    }
    await usage.comesToRest();
    const seen = await watchedRows(usage);
    expect(seen.conflicts, "places that showed two rows").toEqual([]);
    const indices = seen.rows.map(([index]) => index);
    expect(indices.filter((index) => index >= start && index <= end)).toEqual(Array.from({ length: end - start + 1 }, (_, offset) => start + offset));
    expect(seen.rows.filter(([index, shown]) => shown !== reference(index))).toEqual([]);
  });

  test("however far one scrolls, the document holds the same number of rows", async ({ reader: { usage, page } }) => {
    const rows = page.locator(".log-row");
    const before = await rows.count();
    expect(before).toBeLessThanOrEqual(60);
    for (const share of [0.25, 0.5, 0.75, 1]) {
      await usage.log.evaluate((log, share) => (log.scrollTop = log.scrollHeight * share), share);
      await usage.comesToRest();
      expect(await rows.count()).toBe(before);
    }
  });

  test("jumping to a date shows that day's newest row first", async ({ reader: { usage, page }, large }) => {
    const date = daysAgo(40).toISOString().slice(0, 10);
    const panel = await usage.openMenu("Activity log");
    await page.getByTestId("jump-date").fill(date);
    await panel.getByRole("button", { name: "Jump" }).click();
    const endOfDay = Date.parse(`${date}T00:00:00Z`) + 24 * 60 * 60_000;
    const step = large.time(0).getTime() - large.time(1).getTime();
    const wanted = Math.floor((large.time(0).getTime() - endOfDay) / step) + 1;
    await expect.poll(() => firstRow(usage)).toBe(wanted);
    await usage.comesToRest();
    expectConsecutive(await usage.rows());
    expect(large.time(wanted).toISOString().slice(0, 10)).toBe(date);
  });

  test("a receipt opens in place deep in the log, by pointer and by keyboard", async ({ reader: { usage, page } }) => {
    await usage.log.evaluate((log) => (log.scrollTop = log.scrollHeight * 0.7));
    await expect.poll(() => firstRow(usage)).toBeGreaterThan(ROWS * 0.6);
    await usage.comesToRest();
    const [, , third] = await usage.rows();
    if (third === undefined) throw new Error("fewer than three rows");
    const place = async () => (await usage.rows()).find((row) => row.index === third.index)?.top;
    await usage.row(third.reference).click();
    await expect(usage.receipt).toContainText(third.reference);
    expect(await place()).toBe(third.top);
    const rows = await usage.rows();
    const gap = (rows[3]?.top ?? 0) - (rows[2]?.top ?? 0);
    expect(gap, "the rows below make room for it").toBeGreaterThan(100);
    await page.keyboard.press("Escape");
    await expect(usage.receipt).toHaveCount(0);
    expect(await place()).toBe(third.top);
    await usage.log.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect(usage.receipt).toContainText(reference(third.index + 1));
  });

  test("an event that arrives while one reads the oldest rows does not move them", async ({ reader: { usage }, large }) => {
    await usage.log.evaluate((log) => (log.scrollTop = log.scrollHeight));
    await expect.poll(() => lastRow(usage)).toBe(ROWS - 1);
    await usage.comesToRest();
    const before = await usage.rows();
    await large.account.api.report({ company: "acme", agent: "nox", activity: "late", credits: "1", reference: "row-new" });
    await expect(usage.pill).toHaveText("1 new");
    await usage.comesToRest();
    const after = await usage.rows();
    expect(after.map((row) => [row.reference, Math.round(row.top)])).toEqual(before.map((row) => [row.reference, Math.round(row.top)]));
    await usage.pill.click();
    await expect.poll(async () => (await usage.rows())[0]?.reference).toBe("row-new");
  });
});

base.describe("The activity log", () => {
  base("a receipt shows what is known of an event: what it cost, why, and what came with it", async ({ usage, account, page }) => {
    const rules = [{ match: { activity: "voice_minutes" }, unit: "second", credits_per_unit: "0.0125", rounding: "up", decimals: 2 }];
    await account.api.put("rate-cards/creditscope.usage", { effective_at: "2026-01-01T00:00:00Z", rules });
    await account.api.report({ company: "acme", agent: "voice_inbound", activity: "voice_minutes", quantity: "225", unit: "second", reference: "call_81f", metadata: { direction: "in", seconds: 225 } });
    await usage.open();
    await usage.row("call_81f").click();
    const fact = (name: string) => usage.receipt.locator("dl > div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd");
    await expect(fact("Credits")).toHaveText("2.82");
    await expect(fact("Quantity")).toHaveText(/^225 seconds?$/);
    await expect(fact("Rate")).toHaveText(/0\.0125 per second/);
    await expect(fact("Company")).toHaveText("Acme Dental");
    await expect(fact("Reference")).toHaveText("call_81f");
    await expect(fact("Source")).toHaveText("end2end");
    await expect(fact("Metadata")).toContainText("225");
    await usage.row("call_81f").click();
    await expect(usage.receipt).toHaveCount(0);
  });

  base("arrow and page keys move through the rows, and tell a screen reader where one is", async ({ usage, account, page }) => {
    await account.api.report(...Array.from({ length: 90 }, (_, index) => ({ company: "acme", credits: "1", reference: reference(index), time: minutesAgo(index + 1) })));
    await usage.open();
    await usage.log.focus();
    const active = async () => {
      const id = await usage.log.getAttribute("aria-activedescendant");
      return id === null ? undefined : page.locator(`#${id} .reference`).textContent();
    };
    await page.keyboard.press("ArrowDown");
    await expect.poll(active).toBe(reference(0));
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await expect.poll(active).toBe(reference(1));
    await page.keyboard.press("PageDown");
    await expect.poll(async () => Number((await active())?.replace("row-", "") ?? 0)).toBeGreaterThan(8);
    await page.keyboard.press("End");
    await expect.poll(active).toBe(reference(89));
    await page.keyboard.press("Enter");
    await expect(usage.receipt).toContainText(reference(89));
    await page.keyboard.press("Escape");
    await expect(usage.receipt).toHaveCount(0);
    await page.keyboard.press("Home");
    await expect.poll(active).toBe(reference(0));
    await expect(usage.log).toBeFocused();
  });

  base("times are told in the account's zone, and in another when the address asks for it", async ({ usage, account }) => {
    const time = new Date(Date.now() - 60_000);
    await account.api.report({ company: "acme", credits: "1", reference: "when", time });
    await usage.open("?tz=Asia/Kolkata");
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", timeStyle: "medium" }).format(time);
    await expect(usage.row("when").locator("time")).toContainText(clock);
  });
});

/// Notes in every frame which row stands at which place, until `watchedRows` asks.
async function watchRows(usage: UsagePage): Promise<void> {
  await usage.log.evaluate((log) => {
    const seen = new Map<number, string>();
    const conflicts = new Set<number>();
    const look = () => {
      const view = log.getBoundingClientRect();
      for (const row of log.querySelectorAll(".log-row:not(.beyond):not(.coming)")) {
        const { top, bottom } = row.getBoundingClientRect();
        if (bottom <= view.top || top >= view.bottom) continue;
        const index = Number(row.id.replace("row-", ""));
        const shown = row.querySelector(".reference")?.textContent ?? "";
        if ((seen.get(index) ?? shown) !== shown) conflicts.add(index);
        seen.set(index, shown);
      }
      requestAnimationFrame(look);
    };
    Object.assign(window, { watched: { seen, conflicts } });
    look();
  });
}

async function watchedRows(usage: UsagePage): Promise<{ rows: [number, string][]; conflicts: number[] }> {
  return usage.page.evaluate(() => {
    const { watched } = window as unknown as { watched: { seen: Map<number, string>; conflicts: Set<number> } };
    return { rows: [...watched.seen].sort(([a], [b]) => a - b), conflicts: [...watched.conflicts] };
  });
}
