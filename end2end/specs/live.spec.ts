import type { Page } from "@playwright/test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Account } from "../support/account";
import { AGENTS, minutesAgo, type Usage } from "../support/api";
import { decimal, micro, packed, sum, unshifted } from "../support/credits";
import { expect, reading, startPlatform, test } from "../support/test";
import type { UsagePage } from "../support/usage-page";

const ALLOCATION = micro("10000");

/// Everything that says how much was spent says the same: gauge, cards, log, rows, and the API.
async function allAgree(usage: UsagePage, account: Account, credits: bigint, events: number): Promise<void> {
  await expect.poll(() => usage.used(), "the gauge").toBe(credits);
  await expect.poll(() => usage.listed(), "the log's totals").toEqual({ events, credits });
  expect(await usage.spentByAll(), "the cards").toBe(credits);
  expect(await usage.remaining(), "what remains").toBe(ALLOCATION - credits);
  const summary = await account.api.summary(usage.query());
  expect(micro(summary.credits), "the API's summary").toBe(credits);
  expect(summary.events).toBe(events);
  const balance = await account.api.balance();
  expect(micro(balance.used), "the API's balance").toBe(credits);
  expect(micro(balance.remaining)).toBe(ALLOCATION - credits);
}

/// Everything a page's sockets receive from now on, a character a byte.
function received(page: Page): string[] {
  const texts: string[] = [];
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => texts.push(Buffer.from(payload).toString("latin1"))));
  return texts;
}

function history(count: number): Usage[] {
  return Array.from({ length: count }, (_, minute) => ({
    company: "acme",
    agent: AGENTS[minute % AGENTS.length],
    credits: "0.5",
    reference: `old-${String(minute).padStart(4, "0")}`,
    time: minutesAgo(minute + 1),
  }));
}

test.describe("The live page", () => {
  test("an event that is reported appears in log, card and gauge without a reload, exact to the micro-credit", async ({ usage, account }) => {
    await account.api.report({ company: "acme", agent: "nox", credits: "3.000001", reference: "before" });
    await usage.open();
    await account.api.report({ company: "bluewater", agent: "voice_inbound", activity: "voice_call", credits: "12.345679", reference: "call_81f" });
    await expect(usage.row("call_81f")).toHaveCount(1);
    expect(await usage.spentBy("voice_inbound")).toBe(micro("12.345679"));
    await allAgree(usage, account, micro("15.34568"), 2);
    const [newest] = await usage.rows();
    expect(newest).toMatchObject({ index: 0, reference: "call_81f", company: "Bluewater Spa", agent: "Voice Inbound", credits: "12.345679" });
  });

  test("a burst from many senders ends in the same figures as their sum", async ({ usage, account }) => {
    await usage.open();
    const amounts = Array.from({ length: 240 }, (_, index) => BigInt(index * index * 37 + 1));
    const batches = Array.from({ length: 12 }, (_, batch) => amounts.slice(batch * 20, batch * 20 + 20));
    await Promise.all(
      batches.map((batch, sender) =>
        account.api.report(...batch.map((amount, index) => ({ company: sender % 2 === 0 ? "acme" : "bluewater", agent: AGENTS[index % 6], credits: decimal(amount) }))),
      ),
    );
    await allAgree(usage, account, sum(amounts), amounts.length);
  });

  test("the same event again changes nothing", async ({ usage, account }) => {
    const event: Usage = { company: "acme", credits: "7.5", reference: "once", id: "the-same", time: minutesAgo(1) };
    await usage.open();
    expect(await account.api.report(event)).toEqual({ accepted: 1, duplicates: 0 });
    await allAgree(usage, account, micro("7.5"), 1);
    expect(await account.api.report(event, event)).toEqual({ accepted: 0, duplicates: 2 });
    // What comes after it shows that the duplicates have been passed.
    await account.api.report({ company: "acme", credits: "1", reference: "after" });
    await expect(usage.row("after")).toHaveCount(1);
    await allAgree(usage, account, micro("8.5"), 2);
    await expect(usage.row("once")).toHaveCount(1);
  });

  test("a late event takes its place in time, not at the top", async ({ usage, account }) => {
    await account.api.report(...history(6));
    await usage.open();
    await account.api.report({ company: "acme", credits: "1", reference: "late", time: minutesAgo(3.5) });
    await expect(usage.row("late")).toHaveCount(1);
    expect((await usage.rows()).map((row) => row.reference)).toEqual(["old-0000", "old-0001", "old-0002", "late", "old-0003", "old-0004", "old-0005"]);
  });

  test("rows that arrive do not move what is being read, and the pill leads to them", async ({ usage, account, page }) => {
    await account.api.report(...history(300));
    await usage.open();
    await usage.log.hover();
    await page.mouse.wheel(0, 2_000);
    await expect.poll(async () => (await usage.rows())[0]?.index ?? 0).toBeGreaterThan(30);
    await usage.comesToRest();
    const before = await usage.rows();
    await account.api.report(...["a", "b", "c"].map((name) => ({ company: "acme", credits: "1", reference: `new-${name}` })));
    await account.api.report({ company: "acme", credits: "1", reference: "new-d" });
    await expect(usage.pill).toHaveText("4 new");
    const after = await usage.rows();
    expect(after.map((row) => row.reference)).toEqual(before.map((row) => row.reference));
    expect(after.map((row) => Math.round(row.top))).toEqual(before.map((row) => Math.round(row.top)));
    expect(after.map((row) => row.index)).toEqual(before.map((row) => row.index + 4));
    await usage.pill.click();
    await expect.poll(async () => (await usage.rows())[0]).toMatchObject({ index: 0, reference: "new-d" });
    await expect(usage.pill).toBeHidden();
  });

  test("rows that arrive do not move an open receipt", async ({ usage, account }) => {
    await account.api.report(...history(60));
    await usage.open();
    await usage.row("old-0002").click();
    await expect(usage.receipt).toContainText("old-0002");
    // Browsers scroll by whole pixels, and rows are as tall as their text.
    const place = async () => Math.round((await usage.receipt.boundingBox())?.y ?? Number.NaN);
    const before = await place();
    await account.api.report({ company: "acme", credits: "1", reference: "meanwhile" });
    await expect(usage.pill).toHaveText("1 new");
    await expect.poll(async () => (await usage.listed()).events).toBe(61);
    expect(Math.abs((await place()) - before)).toBeLessThanOrEqual(1);
    await expect(usage.receipt).toContainText("old-0002");
  });

  test("at the top of the log new rows are simply there", async ({ usage, account }) => {
    await account.api.report(...history(60));
    await usage.open();
    await account.api.report({ company: "acme", credits: "1", reference: "newest" });
    await expect.poll(async () => (await usage.rows())[0]?.reference).toBe("newest");
    await expect(usage.pill).toBeHidden();
  });

  test("the charts follow what arrives", async ({ usage, account }) => {
    await usage.open();
    const tallest = () => usage.card("chat").locator("svg").innerHTML();
    const before = await tallest();
    await account.api.report({ company: "acme", agent: "chat", credits: "40" });
    await expect.poll(tallest).not.toBe(before);
  });

  test("when credits run out, the page says so at once and until when", async ({ usage, account, page }) => {
    await usage.open();
    await expect(page.getByTestId("level")).toHaveText("No usage yet");
    for (const [credits, level] of [["7500", "Running low"], ["1500", "Almost out"], ["1000", "Out of credits"]] as const) {
      await account.api.report({ company: "acme", credits });
      await expect(page.getByTestId("level")).toHaveText(level);
    }
    await expect(page.locator(".notice")).toContainText("All credits of this cycle are used.");
    await account.api.report({ company: "acme", credits: "0.5" });
    await expect(page.locator(".notice")).toContainText("Overage: 1 credit.");
    expect(await usage.remaining()).toBe(0n);
    expect(await usage.used()).toBe(micro("10000.5"));
  });
});

test.describe("What is live for one reader is not for another", () => {
  test("a second company's events never reach a viewer filtered to the first", async ({ usage, account, page }) => {
    const frames = received(page);
    await usage.open("?company=acme");
    await account.api.report({ company: "bluewater", credits: "5", reference: "not-for-acme" });
    await account.api.report({ company: "acme", credits: "2", reference: "for-acme" });
    await expect(usage.row("for-acme")).toHaveCount(1);
    expect(frames.join("\n")).toContain("for-acme");
    expect(frames.join("\n")).not.toMatch(/not-for-acme|bluewater/i);
    await expect(usage.row("not-for-acme")).toHaveCount(0);
    expect(await usage.listed()).toEqual({ events: 1, credits: micro("2") });
    expect(await usage.used()).toBe(micro("2"));
    // What remains is the whole account's, and said to be: it counts both.
    await expect(page.getByTestId("account-line")).toHaveText(/^Account: 9,993 credits remaining, /);
  });

  test("changing the filter moves the live stream with it", async ({ usage, account, page }) => {
    const frames = received(page);
    await usage.open("?company=acme");
    const companies = await usage.openMenu("Company");
    await companies.getByRole("link", { name: "Bluewater Spa" }).click();
    await expect(page).toHaveURL(/[?&]company=bluewater$/);
    await expect(page.getByRole("heading", { name: "by Bluewater Spa" })).toBeVisible();
    await expect(page.locator("html")).not.toHaveAttribute("data-visiting");
    await account.api.report({ company: "acme", credits: "5", reference: "now-foreign" });
    await account.api.report({ company: "bluewater", credits: "2", reference: "now-own" });
    await expect(usage.row("now-own")).toHaveCount(1);
    expect(frames.join("\n")).not.toContain("now-foreign");
    expect(await usage.listed()).toEqual({ events: 1, credits: micro("2") });
  });

  test("a client who may see one company never sees another's events or the account's allocation", async ({ newAccount, newReader }) => {
    const account = await newAccount({ monthlyCredits: "77123" });
    await account.api.report({ company: "bluewater", agent: "nox", activity: "secret_activity", credits: "41.123457", reference: "secret-before" });
    await account.api.report({ company: "acme", credits: "1", reference: "own-before" });
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    const frames = received(client.page);
    const answers: string[] = [];
    client.page.on("response", async (response) => {
      if (response.url().includes("/api/fn/")) answers.push((await response.body().catch(() => Buffer.alloc(0))).toString("latin1"));
    });
    await client.usage.open();
    await account.api.report({ company: "bluewater", agent: "nox", credits: "43.234569", reference: "secret-live" });
    await account.api.report({ company: "acme", credits: "2", reference: "own-live" });
    await expect(client.usage.row("own-live")).toHaveCount(1);
    await client.usage.choose("Period", "Last 7 days");
    await expect(client.page.locator("html")).not.toHaveAttribute("data-visiting");
    await expect.poll(() => client.usage.listed()).toEqual({ events: 2, credits: micro("3") });
    expect(await client.usage.used()).toBe(micro("3"));
    await expect(client.page.getByTestId("remaining")).toBeHidden();
    await expect(client.page.getByText("Allocation")).toHaveCount(0);

    const answer = async (path: string) => (await client.page.request.get(`${client.usage.server.url}${path}`)).text();
    for (const path of ["/billing/usage", "/api/v1/balance", "/api/v1/usage/summary", "/api/v1/usage/series?group_by=company", "/api/v1/events", `/api/v1/accounts/${account.key}`]) {
      answers.push(await answer(path));
    }
    const content = await client.page.content();
    const everything = [content, unshifted(content), ...frames, ...answers, ...answers.map(unshifted)].join("\n");
    // Neither rows nor names nor sums nor the allocation, in any of the forms they have on the wire.
    const secrets = [/secret-/, /secret.activity/i, /bluewater/i, /77,?123/, /41.?123457/, /43.?234569/, /84.?358026/, /87.?358026/, new RegExp(account.plan)];
    expect(secrets.flatMap((secret) => everything.match(secret)?.[0] ?? [])).toEqual([]);
    const amounts = ["77123", "41.123457", "43.234569", "84.358026", "87.358026"];
    expect(amounts.filter((amount) => everything.includes(packed(micro(amount))))).toEqual([]);
    expect(everything, "packed amounts are looked for as they are sent").toContain(packed(micro("3")));
  });

  test("a client cannot widen their view by hand: a foreign company looks like one that is not there", async ({ account, newReader, problems }) => {
    problems.allow(/422/);
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    const answers = [];
    for (const company of ["bluewater", "no-such-company"]) {
      const response = await client.usage.goto(`?company=${company}`);
      answers.push([response?.status(), (await client.page.getByRole("alert").innerText()).replace(company, "…")]);
    }
    expect(answers[0]?.[0]).toBe(422);
    expect(answers[0]).toEqual(answers[1]);
  });
});

test.describe("When the server goes away", () => {
  for (const way of ["kill", "stop"] as const) {
    test(`after a ${way === "kill" ? "crash" : "restart"} the page says it is not live, mends itself, and has missed nothing`, async ({ browser, problems }) => {
      const { server, key } = await startPlatform();
      const open = reading(browser, server, problems);
      try {
        problems.allow(/WebSocket|ERR_CONNECTION|Failed to (load resource|fetch)/);
        const account = await Account.make(server, key);
        const { usage } = await open.reader(await account.user());
        await account.api.report({ company: "acme", credits: "1", reference: "first" });
        await usage.open();
        await expect(usage.row("first")).toHaveCount(1);

        await server[way]();
        await expect(usage.notLive).toBeVisible();
        await expect(usage.live).toHaveText(/^Not live/);
        // No server runs, so the page cannot have heard of this one.
        const file = join(server.folder, "meanwhile.csv");
        await writeFile(file, `time,credits,reference,id\n${minutesAgo(0).toISOString()},2.25,while-away,while-away\n`);
        await server.cli("import", file, "--account", account.key, "--company", "acme", "--agent", "chat", "--activity", "chat_reply");

        await server.start();
        await account.api.report({ company: "acme", credits: "4", reference: "back-again" });
        await expect(usage.notLive).toHaveCount(0, { timeout: 20_000 });
        await usage.isLive();
        await account.api.report({ company: "bluewater", agent: "nox", credits: "8", reference: "and-on" });
        await expect(usage.row("and-on")).toHaveCount(1);
        await allAgree(usage, account, micro("15.25"), 4);
        for (const reference of ["first", "while-away", "back-again", "and-on"]) {
          await expect(usage.row(reference), reference).toHaveCount(1);
        }
      } finally {
        await open.close();
        await server.remove();
      }
    });
  }
});
