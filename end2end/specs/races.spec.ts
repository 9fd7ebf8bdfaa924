// What happens at the same time: visits, the back button, what arrives by itself, and what is being typed.

import type { Page, Route } from "@playwright/test";
import { minutesAgo } from "../support/api";
import { GOOD_PASSWORD, Settings } from "../support/settings";
import { expect, test } from "../support/test";

const heading = (page: Page) => page.getByRole("heading", { level: 1 });

const link = (page: Page, name: string) => page.locator(".sidebar").getByRole("link", { name, exact: true });

/// Holds back the answers to documents whose address matches; what is returned lets them go.
async function holdBack(page: Page, matches: RegExp): Promise<() => Promise<void>> {
  const held: Route[] = [];
  await page.route(matches, (route) => (route.request().headers().accept === "text/html" ? void held.push(route) : route.continue()));
  return async () => {
    await Promise.all(held.splice(0).map((route) => route.continue()));
    await page.unroute(matches);
  };
}

test.describe("The back button", () => {
  test("pressed before its page had come, and Forward again: what is shown is what the address says", async ({ usage, page }) => {
    await usage.open();
    await link(page, "Trends").click();
    await expect(heading(page)).toHaveText("Trends");
    await link(page, "Companies").click();
    await expect(heading(page)).toHaveText("Companies");
    const url = page.url();
    const letGo = await holdBack(page, /billing\/trends/);
    await page.evaluate(() => history.back());
    await expect(page).toHaveURL(/trends/);
    await page.evaluate(() => history.forward());
    await expect(page).toHaveURL(url);
    await letGo();
    await expect(page.locator("html[data-visiting]")).toHaveCount(0);
    // The answer that was held back has come by the time that another visit has.
    await link(page, "Alerts").click();
    await expect(heading(page)).toHaveText("Alerts");
    await page.goBack();
    await expect(heading(page)).toHaveText("Companies");
    expect(page.url()).toBe(url);
  });

  test("that leads nowhere for want of a network leaves the address of what is shown", async ({ usage, account, page, problems }) => {
    problems.allow(/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket connection/);
    await account.api.report({ company: "acme", credits: "5", reference: "a" }, { company: "bluewater", credits: "7", reference: "b" });
    await usage.open();
    await usage.goto("?company=acme");
    await usage.isLive();
    await link(page, "Trends").click();
    await expect(heading(page)).toHaveText("Trends");
    await link(page, "AI Credits Usage").click();
    await expect(heading(page)).toHaveText("AI Credits Usage");
    await usage.isLive();
    const url = page.url();
    await page.context().setOffline(true);
    await page.goBack();
    await expect(page.getByRole("alert")).toContainText("could not be loaded");
    expect(page.url()).toBe(url);
    await page.context().setOffline(false);
    await usage.isLive();
    await account.api.report({ company: "acme", credits: "1", reference: "later" });
    await expect(usage.row("later")).toHaveCount(1);
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(heading(page)).toHaveText("Trends");
    await expect(page).toHaveURL(/trends/);
  });
});

test.describe("What is typed", () => {
  test("or opened while a page is read anew by itself stays as it is", async ({ usage, account, page, server }) => {
    await account.api.report({ company: "acme", credits: "5", reference: "a" });
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    await usage.isLive();
    const letGo = await holdBack(page, /\/companies(\?|$)/);
    const asked = page.waitForRequest((request) => /\/companies(\?|$)/.test(request.url()) && request.headers().accept === "text/html");
    // The page has one more row than before: it is read anew.
    await account.api.put(`accounts/${account.key}/companies/harbor`, { name: "Harbor Homes" });
    await asked;
    const menu = page.locator('[data-choice="company"] details');
    await menu.locator("summary").click();
    const answered = page.waitForResponse((response) => /\/companies(\?|$)/.test(response.url()));
    await letGo();
    await (await answered).finished();
    await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    await expect(menu).toHaveAttribute("open");
    await expect(settings.row("companies", "Harbor Homes")).toHaveCount(0);
    // Once it is closed, the page is as it should be.
    await menu.locator("summary").click();
    await page.locator("h1").click();
    await expect(settings.row("companies", "Harbor Homes")).toHaveCount(1);
  });

  test("in a sheet is not lost by a text that is selected to beyond its edge", async ({ usage, account, page, server }) => {
    await account.api.report({ company: "acme", credits: "5", reference: "a" });
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const sheet = await settings.change(settings.row("companies", "acme"));
    const field = sheet.getByRole("textbox").first();
    await field.fill("12345");
    const box = await field.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 10);
    await page.mouse.down();
    await page.mouse.move(5, (box?.y ?? 0) + 10, { steps: 4 });
    await page.mouse.up();
    await expect(sheet).toBeVisible();
    await expect(field).toHaveValue("12345");
    await page.mouse.click(5, 5);
    await expect(settings.sheet).toHaveCount(0);
  });
});

test.describe("What is said or shown this once", () => {
  test("stays when the session is given another id, and the page is live again", async ({ usage, page, account, server }) => {
    const settings = new Settings(page, server);
    await usage.open();
    await settings.goto(`/settings/you?account=${account.key}`);
    await usage.isLive();
    const password = page.locator('form[action$="/password"]');
    await password.getByLabel(/^Current password|^Your password/).fill("end2end-credits");
    await password.getByLabel(/^New password/).fill(GOOD_PASSWORD);
    const begun = page.waitForEvent("websocket");
    await password.getByRole("button").click();
    const done = page.locator(".notice.done");
    await expect(done).toBeVisible();
    const words = await done.innerText();
    // The socket of the former id ends, and another one takes its place.
    await begun;
    await usage.isLive();
    await expect(done).toHaveText(words);
  });
});

test.describe("Two forms", () => {
  test("that are sent one right after the other are both done", async ({ usage, account, page, server }) => {
    await account.api.report({ company: "acme", credits: "5", reference: "a", time: minutesAgo(2) });
    await usage.open();
    const settings = new Settings(page, server);
    for (const name of ["one", "two"]) {
      await settings.goto(`/settings/keys?account=${account.key}`);
      await settings.makeKey(name, ["read"]);
    }
    await page.goto(`${server.url}/settings/keys?account=${account.key}`);
    await expect(page.locator("html[data-running]")).toBeAttached();
    const sent: string[] = [];
    page.on("request", (request) => request.method() === "POST" && sent.push(new URL(request.url()).pathname));
    // Two forms of the page that are sent in the same moment, and one of them twice.
    await page.evaluate((account) => {
      const form = (theme: string) => {
        const made = document.createElement("form");
        made.method = "post";
        made.action = `/settings/members/second-factor?of=${theme}`;
        made.innerHTML = `<input name="account" value="${account}"><button>${theme}</button>`;
        document.querySelector("main")?.append(made);
        return made.querySelector("button");
      };
      const [first, second] = [form("first"), form("second")];
      first?.click();
      first?.click();
      second?.click();
    }, account.key);
    await expect.poll(() => sent.length).toBe(2);
    await expect(page.locator("html[data-visiting]")).toHaveCount(0);
    expect(sent).toHaveLength(2);
  });
});
