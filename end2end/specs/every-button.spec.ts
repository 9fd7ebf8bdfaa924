// Every button on every page does something: none is dead, for any reader.

import type { Page } from "@playwright/test";
import { Settings } from "../support/settings";
import { expect, type Reader, test } from "../support/test";

/// Pages that readers find, by their addresses.
const PAGES = [
  "/billing/usage", "/billing/trends", "/billing/review", "/billing/value", "/billing/alerts", "/companies", "/billing/plans",
  "/billing/advice", "/settings/members", "/settings/keys", "/settings/brand", "/settings/audit", "/settings/you",
];

/// Buttons that are not pressed, and why.
const LEFT_OUT: readonly { words: RegExp; why: string }[] = [
  { words: /^Sign out/, why: "it ends the session that the others are pressed in" },
];

/// What is pressed: buttons, links that look like one, and summaries.
const PRESSABLE = "button:visible, a.button:visible, a.quiet-button:visible, summary:visible";

/// In the long form, as each reader; in the short one as the owner, who has most buttons.
const ROLES = process.env.EVERY_READER === "1" ? (["owner", "billing_admin", "analyst", "client"] as const) : (["owner"] as const);

/// What of a page a button can change.
const seen = (page: Page) =>
  page.evaluate(() => ({
    address: location.href,
    // Figures and clocks move by themselves: what is compared is what stands there, not what it says.
    content: [...document.querySelectorAll("body *")].map((element) => `${element.tagName}${element.id}${element.className}`).join("|"),
    state: [...document.querySelectorAll("[aria-expanded],[aria-pressed],[aria-current],[open],[hidden],[data-copied]")]
      .map((element) => [...element.attributes].map((attribute) => `${attribute.name}=${attribute.value}`).join(" "))
      .join("|"),
    theme: document.documentElement.getAttribute("data-theme"),
    focus: document.activeElement?.outerHTML,
    scroll: Math.round(scrollY),
  }));

async function open(reader: Reader, address: string): Promise<void> {
  // What the button before led to may still be on its way, and would break this off.
  await expect(() => reader.page.goto(address)).toPass();
  await expect(reader.page.locator("html[data-running]")).toBeAttached();
}

const nameOf = (page: Page, index: number) =>
  page.locator(PRESSABLE).nth(index).evaluate((button) => (button.getAttribute("aria-label") ?? button.textContent ?? "").trim().replace(/\s+/g, " "));

for (const role of ROLES) {
  test(`every button on every page does something, for ${role}`, async ({ account, newReader, server, problems }) => {
    test.setTimeout(900_000);
    problems.allow(/status of 4/);
    await account.api.report({ company: "acme", credits: "80", reference: "ref-1" }, { company: "bluewater", credits: "20", reference: "ref-2" });
    const user = await account.user({ role, company: role === "client" ? "acme" : undefined });
    const reader = await newReader(user);
    const { page } = reader;
    if (role === "owner") {
      await reader.usage.open();
      const settings = new Settings(page, server);
      await settings.open("API keys");
      await settings.makeKey("gateway", ["ingest"]);
    }
    const dead: string[] = [];
    for (const path of PAGES) {
      const address = `${server.url}${path}?account=${account.key}`;
      if ((await page.request.get(address)).status() === 404) continue;
      await open(reader, address);
      const count = await page.locator(PRESSABLE).count();
      const names = new Set<string>();
      for (let index = 0; index < count; index++) {
        await open(reader, address);
        if ((await page.locator(PRESSABLE).count()) <= index) break;
        const name = await nameOf(page, index);
        // Of a kind that stands in each row one is enough.
        if (names.has(name) || LEFT_OUT.some(({ words }) => words.test(name))) continue;
        names.add(name);
        const button = page.locator(PRESSABLE).nth(index);
        // Such a button says by itself that it does nothing now.
        if (await button.isDisabled()) continue;
        const before = await seen(page);
        let hasDownload = false;
        page.once("download", () => (hasDownload = true));
        const popup = page.context().waitForEvent("page", { timeout: 1 }).catch(() => undefined);
        await button.evaluate((element: HTMLElement) => element.click());
        const acted = async () => hasDownload || (await popup) !== undefined || JSON.stringify(await seen(page).catch(() => undefined)) !== JSON.stringify(before);
        const does = await expect.poll(acted, { timeout: 5_000 }).toBe(true).then(() => true, () => false);
        if (!does) dead.push(`${path}: ${name}`);
      }
    }
    expect(dead).toEqual([]);
  });
}
