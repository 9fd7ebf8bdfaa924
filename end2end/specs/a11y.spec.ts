import { AGENTS, daysAgo, minutesAgo } from "../support/api";
import { breaksNoRule } from "../support/look";
import { Settings } from "../support/settings";
import { expect, test } from "../support/test";

const WIDTHS = [390, 768, 1440];
const THEMES = ["light", "dark"] as const;

/// The pages of plain forms.
const PLAIN_PAGES = ["/billing/trends", "/billing/value", "/billing/review", "/billing/alerts", "/billing/advice", "/companies", "/settings/members", "/settings/keys", "/settings/audit", "/settings/brand", "/settings/you"];

/// Something of everything: all agents, four weeks, both companies.
const HISTORY = Array.from({ length: 90 }, (_, index) => ({
  company: index % 2 === 0 ? "acme" : "bluewater",
  agent: AGENTS[index % AGENTS.length],
  credits: String(index + 0.125),
  reference: `ref-${index}`,
  time: index < 50 ? minutesAgo(index + 1) : daysAgo((index - 49) / 5),
}));

for (const theme of THEMES) {
  for (const width of WIDTHS) {
    test.describe(`In the ${theme} theme, ${width} px wide`, () => {
      test.use({ colorScheme: theme, viewport: { width, height: 900 } });

      test("the usage page breaks no accessibility rule, with a menu and a receipt open", async ({ usage, account, page }) => {
        // axe takes seconds for a page, and there are many.
        test.slow();
        await account.api.report(...HISTORY, { company: "acme", credits: "9.5", reference: "cut", id: `cut-${theme}-${width}` });
        await account.api.reverse(`cut-${theme}-${width}`, "call was cut", "2.25");
        for (let call = 0; call < 8; call++) await account.api.hold({ company: "acme", agent: AGENTS[call % 6], credits: "10", id: `call-${call}` });
        await usage.open();
        await expect(page.getByTestId("running-more")).toBeVisible();
        await breaksNoRule(page);
        await usage.row("cut").click();
        await expect(page.getByTestId("reversals")).toContainText("call was cut");
        await usage.openMenu("Company");
        await breaksNoRule(page);
      });

      test("the pages of plain forms break no rule, with a form open, and fit", async ({ usage, account, page, server }) => {
        // axe takes seconds for a page, and there are many.
        test.slow();
        await account.api.report({ company: "acme", credits: "80" });
        await account.api.put(`accounts/${account.key}/companies/acme`, { name: "Acme Dental", budget: "100" });
        await account.api.put(`accounts/${account.key}/companies/bluewater`, { name: "Bluewater Spa", budget: "0" });
        await usage.open();
        const settings = new Settings(page, server);
        await settings.invite("ada@example.com", "client", "acme");
        await breaksNoRule(page);
        for (const path of PLAIN_PAGES) {
          await settings.goto(`${path}?account=${account.key}`);
          const change = page.locator("main a[data-noscroll]", { hasText: /^(Change|Set budget|Edit limits|Edit|Create key)$/ }).first();
          if (await change.isVisible()) {
            await change.click();
            await expect(settings.sheet).toBeVisible();
          }
          await breaksNoRule(page);
          await usage.fitsTheWindow();
        }
        const link = await settings.invite("bob@example.com", "analyst");
        await page.context().clearCookies();
        await page.goto(link);
        await breaksNoRule(page);
        await usage.fitsTheWindow();
      });

      test("what a form comes to, a new key, and pages for clients break no rule", async ({ usage, account, page, server, newReader, problems }) => {
        // axe takes seconds for a page, and there are many.
        test.slow();
        problems.allow(/status of 4/);
        await usage.open();
        const settings = new Settings(page, server);
        await settings.open("API keys");
        await settings.makeKey("reports", ["read"]);
        await breaksNoRule(page);
        await page.locator("main").getByText("Revoke", { exact: true }).click();
        await breaksNoRule(page);
        await settings.sheet.getByRole("button", { name: "Revoke key" }).click();
        await settings.says("reports is revoked");
        await breaksNoRule(page);
        await settings.open("Members");
        await settings.sendInvitation("ada@example.com", "client", "");
        await settings.refuses("Choose at least one company");
        await breaksNoRule(page);
        await settings.goto(`/companies?account=${account.key}&search=nowhere`);
        await breaksNoRule(page);
        await settings.open("Client branding");
        await page.getByLabel("Name").fill("Northwind Insights");
        await page.getByLabel("Colour", { exact: true }).fill("#0f766e");
        await page.getByLabel("Use this colour").check();
        await page.getByRole("button", { name: "Save" }).click();
        await breaksNoRule(page);
        const client = await newReader(await account.user({ role: "client", company: "acme" }), { colorScheme: theme, viewport: { width, height: 900 } });
        for (const path of ["/billing/usage", "/billing/trends", "/settings/you", "/settings/keys"]) {
          await client.page.goto(`${server.url}${path}?account=${account.key}`);
          await breaksNoRule(client.page);
          await client.usage.fitsTheWindow();
        }
        await client.page.goto(`${server.url}/portal/no-such-link`);
        await expect(client.page.getByText("used before")).toBeVisible();
        await breaksNoRule(client.page);
        await client.usage.fitsTheWindow();
      });

      test("a page at each level, and a suspended one, break no rule", async ({ usage, account, page }) => {
        await usage.open();
        for (const [credits, level] of [["5000", "50% used"], ["2500", "Running low"], ["1500", "Almost out"]] as const) {
          await account.api.report({ company: "acme", credits });
          await expect(page.getByTestId("level")).toHaveText(level);
          await breaksNoRule(page);
        }
        await account.api.suspend(true);
        await expect(page.locator(".notice.danger")).toBeVisible();
        await breaksNoRule(page);
      });

      test("a filtered page, and one whose credits have run out, break no rule", async ({ usage, account, page }) => {
        await account.api.report(...HISTORY, { company: "acme", credits: "12000", reference: "big" });
        await usage.open("?agent=nox&company=acme");
        await expect(page.getByTestId("level")).toHaveText("Out of credits");
        await breaksNoRule(page);
      });

      test("the sign-in page, the empty page and the problem page break no rule", async ({ usage, page, server, browser, problems }) => {
        problems.allow(/422/);
        await usage.open();
        await expect(usage.empty).toBeVisible();
        await breaksNoRule(page);
        await usage.goto("?period=nonsense");
        await breaksNoRule(page);
        const context = await browser.newContext({ colorScheme: theme, viewport: { width, height: 900 } });
        const stranger = await context.newPage();
        await stranger.goto(`${server.url}/sign-in`);
        await stranger.getByLabel("Email").fill("nobody@example.com");
        await stranger.getByLabel("Password").fill("wrong");
        await stranger.getByRole("button", { name: "Sign in" }).click();
        await expect(stranger.getByRole("alert")).toBeVisible();
        await breaksNoRule(stranger);
        await context.close();
      });
    });
  }
}

for (const theme of THEMES) {
  for (const colour of ["#facc15", "#ffffff", "#00ff00", "#ff0000", "#0000ff", "#000000"]) {
    test(`an agency's colour ${colour} can be read by its clients in the ${theme} theme`, async ({ account, usage, page, server, newReader }) => {
      await account.api.report(...HISTORY);
      await usage.open();
      const settings = new Settings(page, server);
      await settings.open("Client branding");
      await page.getByLabel("Colour", { exact: true }).fill(colour);
      await page.getByLabel("Use this colour").check();
      await page.getByRole("button", { name: "Save" }).click();
      await settings.says("Client branding is saved");
      const client = await newReader(await account.user({ role: "client", company: "acme" }), { colorScheme: theme });
      await client.usage.open();
      await breaksNoRule(client.page);
      await client.page.goto(`${server.url}/settings/you?account=${account.key}`);
      await breaksNoRule(client.page);
    });
  }
}

test.describe("At every width", () => {
  // 640 is also what a laptop's window is at twice the size.
  for (const width of [320, 390, 640, 768, 1024, 1440]) {
    test(`nothing is wider than a window of ${width} px`, async ({ usage, account, page }) => {
      await page.setViewportSize({ width, height: 800 });
      await usage.open();
      await usage.fitsTheWindow();
      await account.api.report(...HISTORY);
      for (let call = 0; call < 8; call++) await account.api.hold({ company: "acme", agent: AGENTS[call % 6], credits: "10", id: `wide-${call}` });
      await expect(usage.row("ref-0")).toHaveCount(1);
      await expect(page.getByTestId("running-more")).toBeVisible();
      await usage.fitsTheWindow();
      for (const menu of ["Company", "Period", "Files of this view", "Agents", "Activities", "Activity log"]) {
        const panel = await usage.openMenu(menu);
        await usage.fitsTheWindow();
        const box = await panel.boundingBox();
        expect(box?.x ?? -1, `the left edge of the menu ${menu}`).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0), `the right edge of the menu ${menu}`).toBeLessThanOrEqual(width);
        await page.keyboard.press("Escape");
      }
      await usage.row("ref-0").click();
      await expect(usage.receipt).toContainText("ref-0");
      await usage.fitsTheWindow();
    });
  }

  for (const width of [320, 640, 1024]) {
    test(`no page of plain forms is wider than a window of ${width} px, with its forms open`, async ({ usage, account, page, server }) => {
      await page.setViewportSize({ width, height: 800 });
      await account.api.report(...HISTORY);
      await account.api.put(`accounts/${account.key}/companies/acme`, { name: "Acme Dental", budget: "100" });
      await usage.open();
      const settings = new Settings(page, server);
      await settings.invite("someone.with.a.long.name@a-rather-long-host-name.example.com", "client", "acme, bluewater");
      await usage.fitsTheWindow();
      await settings.goto(`/settings/keys?account=${account.key}`);
      await settings.makeKey("reports", ["read"]);
      await usage.fitsTheWindow();
      for (const path of PLAIN_PAGES) {
        await settings.goto(`${path}?account=${account.key}`);
        await usage.fitsTheWindow();
        const change = page.locator("main a[data-noscroll]", { hasText: /^(Change|Set budget|Edit limits|Edit)$/ }).first();
        if (await change.isVisible()) {
          await change.click();
          await expect(settings.sheet).toBeVisible();
          await usage.fitsTheWindow();
        }
      }
    });
  }

  test("a page that a form leads to is measured with its styles, however late they come", async ({ usage, page, server }) => {
    await page.setViewportSize({ width: 320, height: 800 });
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Members");
    await page.route(/[.]css$/, async (route) => {
      await page.getByTestId("invitations").waitFor({ state: "attached" });
      await route.continue();
    });
    await settings.sendInvitation("someone.with.a.long.name@a-rather-long-host-name.example.com", "client", "acme, bluewater");
    await expect(page.getByTestId("invitation-link")).toHaveCount(1);
    await usage.fitsTheWindow();
  });

  test("what a finger must hit on a phone is large enough", async ({ usage, account, page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await account.api.report(...HISTORY);
    await usage.open();
    const small = await page.locator("a:visible, button:visible, summary:visible, input:visible").evaluateAll((targets) =>
      targets
        .map((target) => ({ text: target.getAttribute("aria-label") ?? target.textContent, box: target.getBoundingClientRect(), after: getComputedStyle(target, "::after").position }))
        // A card's link is as large as the card's head; the skip link shows itself when focused.
        .filter(({ box, after }) => after !== "absolute" && box.top >= 0 && (box.height < 24 || box.width < 24))
        .map(({ text, box }) => `${text}: ${box.width} × ${box.height}`),
    );
    expect(small).toEqual([]);
  });
});

test.describe("By keyboard", () => {
  test("the first stop leads past everything to the log", async ({ usage, account, page }) => {
    await account.api.report(...HISTORY);
    await usage.open();
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the activity log" });
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Activity log" })).toBeInViewport();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("searchbox")).toBeFocused();
  });

  test("a card filters with Enter and keeps the focus", async ({ usage, account, page }) => {
    await account.api.report(...HISTORY);
    await usage.open();
    const link = usage.card("nox").getByRole("link");
    await link.focus();
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/agent=nox/);
    await expect(link).toHaveAttribute("aria-current", "true");
    await expect(link).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page).not.toHaveURL(/agent=/);
  });

  test("a menu opens, is gone through, chosen from and left", async ({ usage, account, page }) => {
    await account.api.report(...HISTORY);
    await usage.open();
    const button = page.locator("summary", { hasText: /^Company: / });
    await button.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "All companies" })).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("checkbox", { name: "Include Acme Dental" })).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Acme Dental" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/company=acme/);
    await page.keyboard.press("Escape");
    await expect(button).toBeFocused();
    await expect(page.getByRole("link", { name: "Bluewater Spa" })).toBeHidden();
  });

  test("every stop of the whole page is visible when it has the focus", async ({ usage, account, page }) => {
    await account.api.report(...HISTORY);
    await usage.open();
    const stops: string[] = [];
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return undefined;
        // The ring may be drawn on a part that stands for the whole.
        const has = (pseudo?: string) => getComputedStyle(element, pseudo).outlineStyle !== "none" && getComputedStyle(element, pseudo).outlineWidth !== "0px";
        const name = element.getAttribute("aria-label") ?? element.textContent ?? element.tagName;
        return { name: name.trim().slice(0, 60), isSeen: has() || has("::after") || element.matches(".skip-link, input") };
      });
      if (stop === undefined) break;
      expect(stop.isSeen, `the focus is seen on '${stop.name}'`).toBe(true);
      stops.push(stop.name);
    }
    expect(stops.length).toBeGreaterThan(20);
    expect(stops.join("|")).toContain("Activity log");
  });
});

test.describe("For those who ask for less", () => {
  test("with reduced motion nothing moves for longer than a blink", async ({ usage, account, page }) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await account.api.report(...HISTORY);
    await account.api.hold({ company: "acme", credits: "10", id: "slow-call" });
    await usage.open();
    const slow = await page.locator("body *").evaluateAll((elements) => {
      const seconds = (text: string) => Math.max(...text.split(",").map((part) => (part.trim().endsWith("ms") ? Number.parseFloat(part) / 1000 : Number.parseFloat(part))));
      return elements
        .filter((element) => seconds(getComputedStyle(element).transitionDuration) > 0.01 || (getComputedStyle(element).animationName !== "none" && seconds(getComputedStyle(element).animationDuration) > 0.01))
        .map((element) => element.className.toString());
    });
    expect(slow).toEqual([]);
  });

  test("in forced colours the levels and the chosen card can still be told apart", async ({ usage, account, page }) => {
    await page.emulateMedia({ forcedColors: "active" });
    await account.api.report(...HISTORY);
    await usage.open("?agent=chat");
    await expect(page.getByTestId("level")).toHaveText(/% used$/);
    await expect(usage.card("chat").getByRole("link")).toHaveAttribute("aria-current", "true");
    await breaksNoRule(page);
  });
});
