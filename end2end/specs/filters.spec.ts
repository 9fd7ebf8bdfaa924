import { readFile } from "node:fs/promises";
import type { Account } from "../support/account";
import { type Agent, AGENTS, daysAgo, minutesAgo, type Usage } from "../support/api";
import { decimal, micro, sum } from "../support/credits";
import { parseCsv } from "../support/csv";
import { wordsOn } from "../support/drawing";
import { expect, test } from "../support/test";
import type { UsagePage } from "../support/usage-page";

const ACTIVITIES: Record<Agent, string> = {
  chat: "chat_reply",
  voice_inbound: "voice_call",
  voice_outbound: "voice_call",
  voice_web: "voice_call",
  auto_trigger: "proactive_message",
  nox: "assistant_reply",
};

/// Some of everything: two companies, six agents, four activities, two kinds of reference, 30 days.
const HISTORY: Required<Pick<Usage, "company" | "agent" | "activity" | "credits" | "reference" | "time">>[] = Array.from({ length: 180 }, (_, index) => {
  const agent = AGENTS[(index * 7) % AGENTS.length] ?? "chat";
  return {
    company: index % 5 < 2 ? "bluewater" : "acme",
    agent,
    activity: ACTIVITIES[agent],
    credits: decimal(BigInt((index + 1) * 10_007)),
    reference: `${index % 4 === 0 ? "call" : "conv"}_${1000 + index}`,
    time: index < 60 ? minutesAgo(index + 1) : daysAgo((index - 59) / 4),
  };
});

type Event = (typeof HISTORY)[number];

/// The log's totals, the cards, the rows and the API's summary are those of the events that `fit`.
async function shows(usage: UsagePage, account: Account, fits: (event: Event) => boolean): Promise<void> {
  const fitting = HISTORY.filter(fits);
  const credits = sum(fitting.map((event) => micro(event.credits)));
  await expect.poll(() => usage.listed()).toEqual({ events: fitting.length, credits });
  const summary = await account.api.summary(usage.query());
  expect({ events: summary.events, credits: micro(summary.credits) }, "the API for the page's own query").toEqual({ events: fitting.length, credits });
  const chosen = new URLSearchParams(usage.query()).getAll("agent");
  const shown = AGENTS.filter((agent) => chosen.length === 0 || chosen.includes(agent));
  expect(sum(await Promise.all(shown.map((agent) => usage.spentBy(agent)))), "the chosen cards").toBe(credits);
  const rows = await usage.rows();
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.map((row) => row.reference), "the newest rows").toEqual(fitting.slice(0, rows.length).map((event) => event.reference));
}

const within = (days: number) => (event: Event) => {
  const start = new Date();
  start.setUTCHours(0, 0, 0, 0);
  start.setUTCDate(start.getUTCDate() - (days - 1));
  return event.time >= start;
};

test.describe("Filters", () => {
  test.beforeEach(async ({ account }) => {
    await account.backfill(HISTORY);
  });

  test("companies, agents, activities and periods change log, cards and address together", async ({ usage, account, page }) => {
    await usage.open("?period=90d");
    await shows(usage, account, () => true);
    await usage.choose("Company", "Acme Dental");
    await expect(page).toHaveURL(/company=acme/);
    await shows(usage, account, (event) => event.company === "acme");
    await usage.card("voice_web").getByRole("link").click();
    await expect(page).toHaveURL(/agent=voice_web/);
    await shows(usage, account, (event) => event.company === "acme" && event.agent === "voice_web");
    await usage.choose("Agents", "Nox");
    await expect(page).toHaveURL(/agent=voice_web&agent=nox/);
    await shows(usage, account, (event) => event.company === "acme" && ["voice_web", "nox"].includes(event.agent));
    await usage.choose("Activities", "Voice call");
    await expect(page).toHaveURL(/activity=voice_call/);
    await shows(usage, account, (event) => event.company === "acme" && event.agent === "voice_web");
    await usage.choose("Period", "Last 7 days");
    await expect(page).toHaveURL(/period=7d/);
    await shows(usage, account, (event) => event.company === "acme" && event.agent === "voice_web" && within(7)(event));
    await page.getByRole("link", { name: "Clear filters" }).click();
    await expect(page).toHaveURL(/[?&]period=7d$/);
    await shows(usage, account, within(7));
  });

  test("every named period has the events of the API's period of that name", async ({ usage, account, page }) => {
    await usage.open();
    for (const [item, name] of [["Last cycle", "last_cycle"], ["Last 7 days", "7d"], ["Last 28 days", "28d"], ["Last 30 days", "30d"], ["Last 90 days", "90d"], ["This cycle", "this_cycle"]] as const) {
      await usage.choose("Period", item);
      await expect.poll(() => new URLSearchParams(usage.query()).get("period") ?? "").toBe(name);
      await expect(page.locator("html")).not.toHaveAttribute("data-visiting");
      const summary = await account.api.summary(usage.query());
      await expect.poll(() => usage.listed()).toEqual({ events: summary.events, credits: micro(summary.credits) });
      expect(await usage.spentByAll()).toBe(micro(summary.credits));
    }
  });

  test("a custom period takes in both its days", async ({ usage, account, page }) => {
    await usage.open();
    const day = (event: Event) => event.time.toISOString().slice(0, 10);
    const [from, to] = [daysAgo(9), daysAgo(3)].map((time) => time.toISOString().slice(0, 10)) as [string, string];
    const panel = await usage.openMenu("Period");
    await panel.getByLabel("From").fill(from);
    await expect(page).toHaveURL(new RegExp(`from=${from}`));
    await panel.getByLabel("To").fill(to);
    await expect(page).toHaveURL(new RegExp(`from=${from}&to=${to}`));
    await shows(usage, account, (event) => day(event) >= from && day(event) <= to);
  });

  test("typing a reference finds what begins with it", async ({ usage, account, page }) => {
    await usage.open("?period=90d");
    await page.getByRole("searchbox").fill("CALL_10");
    await shows(usage, account, (event) => event.reference.startsWith("call_10"));
    await expect(page).toHaveURL(/q=CALL_10/);
    await page.getByRole("searchbox").fill("");
    await expect(page).toHaveURL(/[?&]period=90d$/);
    await shows(usage, account, () => true);
  });

  test("a view survives a reload, and looks the same to someone who is sent its address", async ({ usage, account, page, newReader }) => {
    const query = "?company=bluewater&agent=chat&agent=nox&period=30d&q=conv";
    const fits = (event: Event) => event.company === "bluewater" && ["chat", "nox"].includes(event.agent) && event.reference.startsWith("conv") && within(30)(event);
    await usage.open(query);
    await shows(usage, account, fits);
    await page.reload();
    await usage.isLive();
    expect(usage.query()).toBe(query);
    await shows(usage, account, fits);
    const colleague = await newReader(await account.user());
    await colleague.usage.open(usage.query());
    await shows(colleague.usage, account, fits);
    await expect(colleague.page.getByRole("searchbox")).toHaveValue("conv");
  });

  test("back and forward lead through the views as they were chosen", async ({ usage, account, page }) => {
    await usage.open("?period=90d");
    await usage.card("chat").getByRole("link").click();
    await shows(usage, account, (event) => event.agent === "chat");
    await usage.choose("Company", "Bluewater Spa");
    await shows(usage, account, (event) => event.agent === "chat" && event.company === "bluewater");
    await page.goBack();
    await shows(usage, account, (event) => event.agent === "chat");
    await expect(usage.card("chat")).toHaveClass(/selected/);
    await page.goBack();
    await shows(usage, account, () => true);
    await expect(usage.card("chat")).not.toHaveClass(/selected/);
    await page.goForward();
    await page.goForward();
    await shows(usage, account, (event) => event.agent === "chat" && event.company === "bluewater");
  });

  test("a click on a card's figure filters, and pointing at it tells the exact one", async ({ usage, page }) => {
    await usage.open("?period=90d");
    const figure = usage.card("chat").locator(".amount");
    await figure.scrollIntoViewIfNeeded();
    const place = await figure.boundingBox();
    if (place === null) throw new Error("the card shows no figure");
    const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
    await page.mouse.move(x, y);
    const exact = await figure.getAttribute("data-exact");
    const told = () => figure.evaluate((element) => getComputedStyle(element, "::after").content);
    if (exact !== null) await expect.poll(told).toBe(`"${exact}"`);
    await page.mouse.click(x, y);
    await expect(usage.card("chat")).toHaveClass(/selected/);
  });

  test("a filter undoes itself when it is chosen again", async ({ usage, account, page }) => {
    await usage.open("?period=90d");
    const link = usage.card("auto_trigger").getByRole("link");
    await link.click();
    await expect(link).toHaveAttribute("aria-current", "true");
    await shows(usage, account, (event) => event.agent === "auto_trigger");
    await link.click();
    await expect(link).not.toHaveAttribute("aria-current", "true");
    await shows(usage, account, () => true);
    await expect(page).toHaveURL(/[?&]period=90d$/);
  });

  test("a menu closes when something else is chosen, and with Escape", async ({ usage, page }) => {
    await usage.open();
    const panel = await usage.openMenu("Period");
    await page.getByRole("heading", { level: 1 }).click();
    await expect(panel).toBeHidden();
    await usage.openMenu("Period");
    await page.keyboard.press("Escape");
    await expect(panel).toBeHidden();
    await expect(page.locator("summary", { hasText: /^Period: / })).toBeFocused();
  });

  test("the export holds exactly the rows that are filtered, and they add up to the log's totals", async ({ usage, page }) => {
    await usage.open("?company=acme&agent=voice_inbound&agent=chat&period=90d&q=conv");
    const listed = await usage.listed();
    const panel = await usage.openMenu("Files of this view");
    const [download] = await Promise.all([page.waitForEvent("download"), panel.getByRole("link", { name: /^Activity log CSV/ }).click()]);
    expect(download.suggestedFilename()).toMatch(/\.csv$/);
    const [header = [], ...rows] = parseCsv(await readFile(await download.path(), "utf8"));
    const column = (name: string) => rows.map((row) => row[header.indexOf(name)] ?? "");
    expect({ events: rows.length, credits: sum(column("credits").map(micro)) }).toEqual(listed);
    expect(new Set(column("company"))).toEqual(new Set(["acme"]));
    const wanted = HISTORY.filter((event) => event.company === "acme" && ["voice_inbound", "chat"].includes(event.agent) && event.reference.startsWith("conv"));
    expect(column("reference")).toEqual(wanted.map((event) => event.reference));
  });

  test("the daily export adds up to the cards", async ({ usage, page }) => {
    await usage.open("?company=acme&period=30d");
    const panel = await usage.openMenu("Files of this view");
    const [download] = await Promise.all([page.waitForEvent("download"), panel.getByRole("link", { name: /Usage by day/ }).click()]);
    const [header = [], ...rows] = parseCsv(await readFile(await download.path(), "utf8"));
    const credits = rows.map((row) => micro(row[header.indexOf("credits")] ?? ""));
    expect(sum(credits)).toBe(await usage.spentByAll());
  });

  test("the charts are one sheet with the figures of the cards, as a drawing and as a picture", async ({ usage, page }) => {
    await usage.open("?company=acme&period=30d");
    const panel = await usage.openMenu("Files of this view");
    const file = async (name: RegExp) => {
      const [download] = await Promise.all([page.waitForEvent("download"), panel.getByRole("link", { name }).click()]);
      return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
    };
    const drawing = await file(/Charts as an SVG image/);
    expect(drawing.name).toBe("usage.svg");
    const words = await wordsOn(page, drawing.bytes.toString());
    expect(words).toContain("Acme Dental: AI credits used");
    const cards = words.map((line) => /^([\d,.]+) credits? · /.exec(line)?.[1]).filter((amount) => amount !== undefined);
    expect(cards).toHaveLength(6);
    expect(sum(cards.map((amount) => micro(amount ?? "")))).toBe(await usage.spentByAll());
    const picture = await file(/Charts as a PNG image/);
    expect(picture.name).toBe("usage.png");
    expect([picture.bytes.subarray(1, 4).toString(), picture.bytes.readUInt32BE(16)]).toEqual(["PNG", 1_920]);
  });
});

test.describe("A view that is not possible", () => {
  const cases = [
    { what: "a period that does not exist", query: "?period=nonsense", status: 422, says: "This view is not possible." },
    { what: "a company that does not exist", query: "?company=nobody", status: 422, says: "This view is not possible." },
    { what: "an agent that does not exist", query: "?agent=parrot", status: 422, says: "This view is not possible." },
    { what: "a period that ends before it begins", query: "?from=2026-11-02&to=2026-11-01", status: 422, says: "This view is not possible." },
    { what: "an account that does not exist", query: "?account=nobody", status: 404, says: "There is nothing here that you can see." },
  ];
  for (const { what, query, status, says } of cases) {
    test(`${what} is answered in words, with the right status and a way back`, async ({ usage, page, problems }) => {
      problems.allow(new RegExp(String(status)));
      const response = await usage.goto(query);
      expect(response?.status()).toBe(status);
      await expect(page.getByRole("alert").getByRole("heading")).toHaveText(says);
      await page.getByRole("link", { name: "Go to AI Credits Usage" }).click();
      await usage.isLive();
    });
  }

  test("someone else's account looks exactly like one that does not exist", async ({ usage, page, newAccount, problems }) => {
    problems.allow(/404/);
    const other = await newAccount({ name: "Somebody Else" });
    const answers = [];
    for (const account of [other.key, "nobody"]) {
      const response = await usage.goto(`?account=${account}`);
      answers.push([response?.status(), await page.locator("body").innerText()]);
    }
    expect(answers[0]).toEqual(answers[1]);
  });
});
