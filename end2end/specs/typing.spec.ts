// What somebody types is theirs: twenty events a second, a lost connection and a refusal take nothing of it away.

import type { Locator, Page } from "@playwright/test";
import type { Account } from "../support/account";
import { Settings } from "../support/settings";
import { expect, test } from "../support/test";

/// Forms that are typed into: how they are opened, which field, what is typed, the button, and what is said then.
const FORMS = [
  {
    what: "a limit",
    page: "Companies",
    open: (settings: Settings) => settings.change(settings.row("companies", "acme")),
    field: "Budget (credits per cycle)",
    text: "2,000",
    button: "Save",
    said: "Budget of Acme Dental is 2,000 credits a cycle.",
  },
  {
    what: "an alert rule",
    page: "Alerts",
    open: (settings: Settings) => settings.openSheet("Create alert"),
    field: "Threshold",
    text: "55, 66",
    button: "Create alert",
    said: "Alert created: 55%, 66% of the cycle's credits used.",
  },
  {
    what: "an invitation",
    page: "Members",
    open: (settings: Settings) => settings.openSheet("Invite someone"),
    field: "Email",
    text: "ada@acme.example",
    button: "Invite",
    said: "Invitation sent to ada@acme.example.",
  },
] as const;

/// Reports events until it is stopped, twenty a second as far as the machine can, and says how many.
function rain(account: Account) {
  let [isOver, sent] = [false, 0];
  const raining = (async () => {
    while (!isOver) {
      const batch = Array.from({ length: 5 }, () => ({ company: "acme", agent: "chat" as const, credits: "0.1", reference: `rain-${sent++}` }));
      const [reported] = await Promise.all([account.api.report(...batch), new Promise((done) => setTimeout(done, 250))]);
      expect(reported.accepted).toBe(batch.length);
    }
    return sent;
  })();
  return { stop: () => ((isOver = true), raining), sent: () => sent };
}

/// The field, its value, and what is selected in it.
const state = (field: Locator) =>
  field.evaluate((input: HTMLInputElement) => ({
    isFocused: document.activeElement === input,
    value: input.value,
    // Browsers do not tell it of an address.
    selected: input.type === "email" ? null : [input.selectionStart, input.selectionEnd],
  }));

async function begin(form: (typeof FORMS)[number], page: Page, settings: Settings): Promise<Locator> {
  await settings.open(form.page);
  const sheet = await form.open(settings);
  const field = sheet.getByRole("textbox", { name: form.field });
  await expect(field).toBeFocused();
  await field.fill("");
  await page.keyboard.type(form.text);
  return field;
}

for (const form of FORMS) {
  test(`${form.what} that is typed while events arrive is typed as it is`, async ({ account, usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open(form.page);
    const events = rain(account);
    const sheet = await form.open(settings);
    const field = sheet.getByRole("textbox", { name: form.field });
    await field.fill("");
    for (const letter of form.text) {
      const before = events.sent();
      await page.keyboard.type(letter);
      await expect.poll(() => events.sent()).toBeGreaterThan(before);
    }
    await page.keyboard.press("Shift+ArrowLeft");
    const length = form.text.length;
    const typed = { isFocused: true, value: form.text, selected: form.field === "Email" ? null : [length - 1, length] };
    const before = events.sent();
    await expect.poll(() => events.sent()).toBeGreaterThan(before + 20);
    expect(await state(field)).toEqual(typed);
    await sheet.getByRole("button", { name: form.button, exact: true }).click();
    await settings.says(form.said);
    expect(await events.stop()).toBeGreaterThan(20);
  });

  test(`${form.what} that is sent without a connection stays as it was typed, says so at the button, and is sent later`, async ({ usage, page, server, problems }) => {
    problems.allow(/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket/);
    await usage.open();
    const settings = new Settings(page, server);
    const field = await begin(form, page, settings);
    const button = settings.sheet.getByRole("button", { name: form.button, exact: true });
    await page.context().setOffline(true);
    await button.click();
    await expect(settings.sheet.getByRole("alert")).toContainText("The server cannot be reached. What you entered is still here");
    await expect(field).toHaveValue(form.text);
    await expect(settings.sheet).toBeVisible();
    await page.context().setOffline(false);
    await button.click();
    await settings.says(form.said);
    await expect(page.locator(".visit-failed")).toHaveCount(0);
  });
}

test("a form that was sent is not sent again by a reload, nor by going back and forth", async ({ account, usage, page, server }) => {
  await usage.open();
  const settings = new Settings(page, server);
  await settings.open("API keys");
  await settings.makeKey("once", ["read"]);
  await page.reload();
  await expect(page.getByTestId("new-key")).toHaveCount(0);
  await page.goBack();
  await page.goForward();
  await expect(page.getByTestId("keys").getByRole("row").filter({ hasText: "once" })).toHaveCount(1);
  const { items } = await account.api.get<{ items: { name: string }[] }>(`accounts/${account.key}/api-keys`);
  expect(items.filter((key) => key.name === "once")).toHaveLength(1);
});

test("a secret is copied by its button, which says so in the same width", async ({ usage, page, server }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await usage.open();
  const settings = new Settings(page, server);
  await settings.open("API keys");
  const key = await settings.makeKey("copied", ["read"]);
  const copy = page.locator("button[data-act=copy]");
  const width = async () => (await copy.boundingBox())?.width;
  const before = await width();
  await copy.click();
  await expect(copy).toHaveAttribute("data-copied", "");
  expect(await width()).toBe(before);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await expect(copy).not.toHaveAttribute("data-copied", "");
});
