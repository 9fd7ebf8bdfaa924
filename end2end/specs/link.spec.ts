// Whether a page is live is said honestly, beside every page, and moves nothing.

import type { Page } from "@playwright/test";
import { signIn } from "../support/account";
import { expect, test } from "../support/test";

const PAGES = ["Trends", "Alerts", "Companies", "Plans & add-ons", "Members", "AI Credits Usage"];
const REMEMBERED = ["Value", "Weekly review"];

async function visit(page: Page, link: string): Promise<void> {
  await page.locator(".sidebar").getByRole("link", { name: link, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(link);
}

test.describe("The link", () => {
  test("every page says that it is live, and remembered ones when they were read", async ({ usage }) => {
    const { page } = usage;
    await usage.open();
    for (const name of PAGES) {
      await visit(page, name);
      await expect(page.locator(".live-mark")).toHaveText("Live");
    }
    for (const name of REMEMBERED) {
      await visit(page, name);
      await expect(page.getByTestId("as-of")).toHaveText(/^As of \d\d:\d\d$/);
      await expect(page.locator(".live-mark")).toHaveCount(0);
    }
  });

  test("without a network it says since when, moves nothing, and is live again afterwards", async ({ usage, account, problems }) => {
    problems.allow(/ERR_INTERNET_DISCONNECTED|WebSocket/);
    const { page } = usage;
    await usage.open();
    for (const name of ["Trends", "AI Credits Usage"]) {
      await visit(page, name);
      const mark = page.locator(".live-mark");
      await expect(mark).toHaveText("Live");
      const places = () => page.locator("header.page-header *:visible").evaluateAll((all) => all.filter((one) => !one.closest(".live-mark")).map((one) => JSON.stringify(one.getBoundingClientRect())));
      const before = await places();
      await page.context().setOffline(true);
      await expect(mark).toHaveText(/^Not live, as of \d\d:\d\d:\d\d$/);
      expect(await places()).toEqual(before);
      await page.context().setOffline(false);
      await expect(mark).toHaveText("Live");
      await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "3" });
    }
    await expect.poll(() => usage.used()).toBe(6_000_000n);
  });

  test("a connection that went silent is not believed for long", async ({ usage }) => {
    const { page } = usage;
    await page.clock.install();
    await usage.open();
    await expect(page.locator(".live-mark")).toHaveText("Live");
    await page.evaluate(() => {
      const said: string[] = [];
      const mark = document.querySelector(".live-mark");
      new MutationObserver(() => said.push(mark?.getAttribute("data-link") ?? "")).observe(mark as Element, { attributes: true });
      Object.assign(window, { said });
    });
    // As after a computer slept: the clock is far ahead, and nothing was heard meanwhile.
    await page.clock.fastForward(60_000);
    const said = () => page.evaluate(() => (window as unknown as { said: string[] }).said.filter((one, at, all) => one !== all[at - 1]));
    await expect.poll(said).toEqual(expect.arrayContaining(["broken", "live"]));
    expect((await said()).indexOf("broken")).toBeLessThan((await said()).lastIndexOf("live"));
    await expect(page.locator(".live-mark")).toHaveText("Live");
  });
});

test.describe("Two people in one browser", () => {
  test("who signs in anew in a second tab is shown nothing of the first one's page", async ({ usage, account, server }) => {
    const { page } = usage;
    const other = await account.user({ role: "client", company: "bluewater" });
    await usage.open();
    await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "11" });
    await page.locator(".sidebar").getByRole("link", { name: "Trends", exact: true }).click();
    await expect(page.locator(".trend-total")).toContainText("11 credits");
    // The second tab: a browser's tabs share their cookies.
    await page.context().clearCookies();
    await signIn(page.context().request, server, other);
    // A visit finds out: the browser loads the page, as somebody else sees it.
    await account.api.report({ company: "bluewater", agent: "chat", activity: "chat_reply", credits: "5" });
    await page.locator(".sidebar").getByRole("link", { name: "Trends", exact: true }).click();
    await expect(page.locator(".trend-total")).toContainText("5 credits");
    await expect(page.locator(".live-mark")).toHaveText("Live");
    await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "100" }, { company: "bluewater", agent: "chat", activity: "chat_reply", credits: "2" });
    await expect(page.locator(".trend-total")).toContainText("7 credits");
  });
});
