// Figures outside the usage page move by themselves: the server renders a followed page again and sends what changed.

import type { Page } from "@playwright/test";
import { expect, test } from "../support/test";
import type { UsagePage } from "../support/usage-page";

/// Every request that a page makes from now on.
function requests(page: Page): string[] {
  const seen: string[] = [];
  page.on("request", (request) => seen.push(`${request.method()} ${new URL(request.url()).pathname}`));
  return seen;
}

const open = async ({ page, server }: UsagePage, path: string, account: string) => {
  await page.goto(`${server.url}${path}?account=${account}`);
  await expect(page.locator(".live-mark")).toHaveText("Live");
};

test.describe("Marked parts", () => {
  test("the figures of Trends move as events arrive, without a request", async ({ usage, account }) => {
    const { page } = usage;
    await open(usage, "/billing/trends", account.key);
    const seen = requests(page);
    await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "1234.5" });
    await expect(page.locator(".trend-total")).toContainText("1,235 credits");
    await expect(page.getByTestId("legend")).toContainText("Chat");
    const bars = () => page.locator(".trend-plot svg").innerHTML();
    const before = await bars();
    await account.api.report({ company: "acme", agent: "nox", activity: "chat_reply", credits: "500" });
    await expect.poll(bars).not.toBe(before);
    await expect(page.locator(".trend-total")).toContainText("1,735 credits");
    await expect(page.getByTestId("legend")).toContainText("Nox");
    expect(seen).toEqual([]);
  });

  test("the figures of Companies move", async ({ usage, account }) => {
    const { page } = usage;
    await open(usage, "/companies", account.key);
    const seen = requests(page);
    await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "42" });
    await expect(page.getByTestId("companies").locator("[data-live='used acme']")).toContainText("42");
    await expect(page.locator("[data-live=summary]")).toContainText("42 credits used");
    expect(seen.filter((request) => !request.startsWith("GET /companies"))).toEqual([]);
  });

  test("the level and the open alerts are told on every page", async ({ usage, account }) => {
    const { page } = usage;
    await usage.open();
    for (const [link, credits, level] of [
      ["Members", "7600", "Running low"],
      ["Value", "1500", "Almost out"],
      ["AI Credits Usage", "900", "Out of credits"],
    ] as const) {
      await page.locator(".sidebar").getByRole("link", { name: link, exact: true }).click();
      await expect(page.locator("main h1")).toHaveText(link);
      await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits });
      await expect(page.locator(".account-level")).toContainText(level);
    }
    await expect(page.locator(".nav-count")).toHaveText(/^[1-9]/);
  });

  test("what is typed beside moving figures keeps its text, focus and selection", async ({ usage, account }) => {
    const { page } = usage;
    await open(usage, "/companies", account.key);
    const field = page.getByRole("searchbox").first();
    await field.fill("half a name");
    await field.evaluate((input: HTMLInputElement) => input.setSelectionRange(2, 6));
    for (const credits of ["1", "2", "4"]) {
      await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits });
    }
    await expect(page.locator("[data-live=summary]")).toContainText("7 credits used");
    await expect(field).toHaveValue("half a name");
    await expect(field).toBeFocused();
    expect(await field.evaluate((input: HTMLInputElement) => [input.selectionStart, input.selectionEnd])).toEqual([2, 6]);
  });

  test("a part keeps the focus that is within it", async ({ usage, account }) => {
    const { page } = usage;
    await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "5" });
    await open(usage, "/billing/trends", account.key);
    const name = page.getByTestId("legend").getByRole("link", { name: "Chat" });
    await name.focus();
    await account.api.report({ company: "acme", agent: "chat", activity: "chat_reply", credits: "6" });
    await expect(page.locator(".trend-total")).toContainText("11 credits");
    await expect(name).toBeFocused();
  });

  test("what a followed page shows is what a fresh one shows", async ({ usage, account }) => {
    const { page } = usage;
    const parts = () =>
      page.locator("[data-live]").evaluateAll((parts) => parts.map((part) => [part.getAttribute("data-live"), part.textContent, part.className]));
    for (const path of ["/billing/trends", "/companies", "/billing/alerts", "/settings/members"]) {
      await open(usage, path, account.key);
      await account.api.report({ company: "bluewater", agent: "voice_web", activity: "voice_call", credits: "17.25" });
      const used = page.locator(path === "/companies" ? "[data-live='used bluewater']" : "[data-live=level]");
      await expect(used).not.toHaveText("");
      const followed = parts;
      const fresh = await page.request.get(page.url()).then((answer) => answer.text());
      const expected = await page.evaluate((html) => {
        const parsed = new DOMParser().parseFromString(html, "text/html");
        return [...parsed.querySelectorAll("[data-live]")].map((part) => [part.getAttribute("data-live"), part.textContent, part.className]);
      }, fresh);
      await expect.poll(followed, path).toEqual(expected);
    }
  });
});
