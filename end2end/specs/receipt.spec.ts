// A receipt belongs to its event, whatever arrives around it, and so does what is typed into it.

import type { Page } from "@playwright/test";
import { minutesAgo } from "../support/api";
import { expect, test } from "../support/test";
import type { UsagePage } from "../support/usage-page";

const event = (reference: string, minutes: number) => ({ company: "acme", credits: "1.25", reference, id: reference, time: minutesAgo(minutes) });

/// Thirty events, the newest of which is `call-0`.
const HISTORY = Array.from({ length: 30 }, (_, index) => event(`call-${index}`, index + 5));

const field = (usage: UsagePage, name: string) => usage.receipt.getByLabel(name);

async function openForm(usage: UsagePage, reference: string): Promise<void> {
  await usage.row(reference).click();
  await expect(usage.receipt).toContainText(reference);
  await usage.receipt.getByText("Request a refund").click();
}

/// What a form that is typed into would lose first.
const typed = (page: Page) =>
  page.evaluate(() => {
    const active = document.activeElement;
    if (!(active instanceof HTMLTextAreaElement)) return undefined;
    const row = active.closest(".receipt")?.previousElementSibling;
    return { text: active.value, from: active.selectionStart, to: active.selectionEnd, row: row?.querySelector(".reference")?.textContent, top: row?.getBoundingClientRect().top };
  });

const newRows = (usage: UsagePage) => async () => Number((await usage.pill.textContent({ timeout: 10_000 }))?.replace(/\D/g, "") ?? 0);

test.describe("A receipt", () => {
  test.beforeEach(async ({ account }) => {
    await account.api.report(...HISTORY);
  });

  test("stays with its event, text, focus and selection while a thousand others arrive", async ({ usage, account, page }) => {
    test.setTimeout(180_000);
    await usage.open();
    await openForm(usage, "call-3");
    await field(usage, "Reason").fill("the line stayed open");
    await field(usage, "Reason").evaluate((text: HTMLTextAreaElement) => text.setSelectionRange(4, 8));
    const before = await typed(page);
    expect(before).toMatchObject({ text: "the line stayed open", from: 4, to: 8, row: "call-3" });
    const more = (count: number, name: string) => Array.from({ length: count }, (_, index) => ({ company: "acme", credits: "1", reference: `${name}-${index}` }));
    for (let batch = 0; batch < 20; batch++) await account.api.report(...more(20, `slow-${batch}`));
    await expect.poll(newRows(usage)).toBe(400);
    expect(await typed(page)).toEqual(before);
    await account.api.report(...more(600, "burst"));
    await expect.poll(newRows(usage)).toBe(1_000);
    // Late ones belong below and above the row in view.
    await account.api.report(...Array.from({ length: 20 }, (_, index) => event(`late-${index}`, index + 4)));
    await expect.poll(newRows(usage)).toBeGreaterThan(1_000);
    await usage.comesToRest();
    expect(await typed(page)).toEqual(before);
    await page.keyboard.type("kept");
    await expect(field(usage, "Reason")).toHaveValue("the kept stayed open");
  });

  test("is the same when it is scrolled out of sight and back", async ({ usage, account, page }) => {
    await account.api.report(...Array.from({ length: 300 }, (_, index) => event(`old-${index}`, index + 40)));
    await usage.open();
    await openForm(usage, "call-2");
    await field(usage, "Reason").fill("half a sentence");
    await field(usage, "Reason").evaluate((text: HTMLTextAreaElement) => text.setSelectionRange(5, 6));
    for (const share of [0.5, 1, 0]) {
      await usage.log.evaluate((log, share) => (log.scrollTop = (log.scrollHeight - log.clientHeight) * share), share);
      await usage.comesToRest();
      expect(await typed(page)).toMatchObject({ text: "half a sentence", from: 5, to: 6, row: "call-2" });
    }
    await expect(field(usage, "Reason")).toBeInViewport();
    const rows = await usage.rows();
    expect(rows.slice(0, 3).map((row) => row.reference)).toEqual(["call-0", "call-1", "call-2"]);
  });

  test("is in the address: the back button closes it, the forward button and a reload open it", async ({ usage, page }) => {
    await usage.open("?agent=chat");
    await page.evaluate(() => Object.assign(window, { marked: true }));
    await usage.row("call-4").click();
    await expect(usage.receipt).toContainText("call-4");
    await expect(page).toHaveURL(/\?agent=chat&event=end2end\/call-4$/);
    await page.goBack();
    await expect(usage.receipt).toHaveCount(0);
    await expect(page).toHaveURL(/\?agent=chat$/);
    await page.goForward();
    await expect(usage.receipt).toContainText("call-4");
    await usage.row("call-6").click();
    await expect(usage.receipt).toContainText("call-6");
    await expect(usage.receipt).toHaveCount(1);
    expect(await page.evaluate(() => "marked" in window)).toBe(true);
    await page.reload();
    await expect(usage.receipt).toContainText("call-6");
    await usage.isLive();
    await page.goBack();
    await expect(usage.receipt).toHaveCount(0);
  });

  test("is on the page that its row's link leads to without scripts", async ({ account, newReader }) => {
    const { usage, page } = await newReader(await account.user(), { javaScriptEnabled: false });
    await usage.goto("?company=acme");
    await usage.row("call-5").getByRole("link").click();
    await expect(page).toHaveURL(/company=acme&event=/);
    await expect(usage.receipt).toContainText("call-5");
    await usage.receipt.getByText("Request a refund").click();
    await field(usage, "Reason").fill("no scripts here");
    await usage.receipt.getByRole("button", { name: "Send request" }).click();
    await expect(page.locator(".notice.done")).toContainText("Refund requested.");
    await expect(usage.receipt).toContainText("no scripts here");
  });

  test("what is typed for an event is there again when its receipt is", async ({ usage, page }) => {
    await usage.open();
    await openForm(usage, "call-1");
    await field(usage, "Reason").fill("first draft");
    await usage.row("call-8").click();
    await expect(usage.receipt).toContainText("call-8");
    await page.locator(".sidebar").getByRole("link", { name: "Trends", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trends");
    await page.goBack();
    await usage.row("call-1").click();
    await expect(field(usage, "Reason")).toHaveValue("first draft");
    await usage.receipt.getByRole("button", { name: "Cancel" }).click();
    await expect(field(usage, "Reason")).toBeHidden();
  });
});

test.describe("A request for a refund", () => {
  const disputes = async ({ account }: { account: { api: { get: <T>(path: string) => Promise<T> }; key: string } }) => (await account.api.get<{ items: { event: string; reason: string; credits: string | null }[] }>(`accounts/${account.key}/disputes`)).items;

  test.beforeEach(async ({ account }) => {
    await account.api.report(...HISTORY);
  });

  test("is typed and sent whole while events arrive twenty a second", async ({ usage, account, page }) => {
    const reason = "The caller hung up after about 40 seconds, but the line stayed open until the timeout.";
    await usage.open();
    await openForm(usage, "call-3");
    await field(usage, "Credits to refund").fill("0.75");
    await field(usage, "Reason").focus();
    let sent = 0;
    for (const letter of reason) {
      await page.keyboard.type(letter);
      if (++sent % 4 === 0) await account.api.report({ company: "acme", credits: "1", reference: `now-${sent}` });
    }
    await expect.poll(newRows(usage)).toBe(Math.floor(reason.length / 4));
    await expect(usage.receipt.locator("[data-count]")).toHaveText(`${reason.length} of 500`);
    await usage.receipt.getByRole("button", { name: "Send request" }).click();
    await expect(usage.receipt).toContainText("Refund requested.");
    await expect(usage.receipt).toContainText(reason);
    expect(await disputes({ account })).toMatchObject([{ event: "call-3", reason, credits: "0.75" }]);
    // The page stayed where it was.
    await expect(usage.receipt).toHaveCount(1);
    await expect(page).toHaveURL(/event=end2end\/call-3$/);
  });

  test("that cannot be sent keeps its text, says so at its button, and is one request when it is sent again", async ({ usage, account, page, problems }) => {
    problems.allow(/Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|WebSocket connection/);
    await usage.open();
    await openForm(usage, "call-7");
    await field(usage, "Reason").fill("sent from a train");
    await page.context().setOffline(true);
    const send = usage.receipt.getByRole("button", { name: "Send request" });
    await send.click();
    await expect(usage.receipt.getByRole("alert")).toHaveText("The server cannot be reached. What you entered is still here: try again.");
    await expect(field(usage, "Reason")).toHaveValue("sent from a train");
    await page.context().setOffline(false);
    // The request arrives, and its answer does not.
    await page.route("**/billing/disputes", async (route) => {
      await route.fetch();
      await route.abort("connectionreset");
    }, { times: 1 });
    await send.click();
    await expect(usage.receipt.getByRole("alert")).toContainText("What you entered is still here");
    await send.click();
    await expect(usage.receipt).toContainText("Refund requested.");
    expect(await disputes({ account })).toHaveLength(1);
  });

  test("that is refused says why at its field", async ({ usage, problems }) => {
    problems.allow(/status of 422/);
    await usage.open();
    await openForm(usage, "call-9");
    await field(usage, "Credits to refund").fill("5");
    await field(usage, "Reason").fill("too much");
    await usage.receipt.getByRole("button", { name: "Send request" }).click();
    await expect(field(usage, "Credits to refund")).toHaveAttribute("aria-invalid", "true");
    await expect(field(usage, "Credits to refund")).toBeFocused();
    await expect(usage.receipt.getByRole("alert")).toContainText("at most 1.25");
    await expect(field(usage, "Reason")).toHaveValue("too much");
  });
});

