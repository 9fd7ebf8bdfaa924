import { join } from "node:path";
import type { Browser } from "@playwright/test";
import { signIn, type User } from "../support/account";
import { Server } from "../support/server";
import { test } from "../support/test";
import { UsagePage } from "../support/usage-page";

const FOLDER = join(import.meta.dirname, "../../docs/screenshots");
const OWNER: User = { email: "owner@northwind.example", password: "demo-credits" };
const MANAGER: User = { email: "pm@creditscope.example", password: "demo-credits" };

interface Look {
  colorScheme: "light" | "dark";
  width: number;
}

/// Opens the page as someone sees it, and takes its picture.
async function picture(browser: Browser, server: Server, user: User, look: Look, name: string, arrange?: (usage: UsagePage) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ colorScheme: look.colorScheme, viewport: { width: look.width, height: 1000 } });
  await signIn(context.request, server, user);
  const usage = new UsagePage(await context.newPage(), server);
  await usage.open();
  await arrange?.(usage);
  await usage.page.evaluate(() => document.fonts.ready);
  // From the top, so that the navigation stands where a reader finds it.
  await usage.page.evaluate(() => window.scrollTo(0, 0));
  await usage.page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true, animations: "disabled" });
  await context.close();
}

test.describe("@screenshot The pictures in the documentation", () => {
  /// Without traffic: a picture should not depend on the second it was taken in.
  let demo: Server;

  test.beforeAll(async () => {
    test.setTimeout(300_000);
    demo = await Server.prepare({ command: "demo", args: ["--no-traffic"] });
    await demo.start();
  });
  test.afterAll(async () => demo.remove());

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [390, 768, 1440]) {
      test(`the page in ${colorScheme} at ${width} px`, async ({ browser }) => {
        await picture(browser, demo, OWNER, { colorScheme, width }, `usage-${colorScheme}-${width}`);
      });
    }
  }

  for (const [colorScheme, width] of [["light", 1440], ["dark", 1440], ["light", 768], ["light", 390]] as const) {
    test(`plans and add-ons in ${colorScheme} at ${width} px`, async ({ browser }) => {
      await picture(browser, demo, OWNER, { colorScheme, width }, `plans-${colorScheme}-${width}`, async (usage) => {
        await usage.page.goto(`${demo.url}/billing/plans`);
        await usage.isLive();
      });
    });
  }

  for (const [name, path, user] of [
    ["trends", "/billing/trends", OWNER],
    ["value", "/billing/value", OWNER],
    ["review", "/billing/review", OWNER],
    ["alerts", "/billing/alerts", OWNER],
    ["advice", "/billing/advice", OWNER],
    ["platform", "/platform/trends", MANAGER],
    ["companies", "/companies", OWNER],
    ["members", "/settings/members", OWNER],
  ] as const) {
    for (const [colorScheme, width] of [["light", 1440], ["dark", 1440], ["light", 390]] as const) {
      test(`${name} in ${colorScheme} at ${width} px`, async ({ browser }) => {
        await picture(browser, demo, user, { colorScheme, width }, `${name}-${colorScheme}-${width}`, async (usage) => {
          await usage.page.goto(`${demo.url}${path}`);
        });
      });
    }
  }

  test("a receipt in a view of one company and one agent", async ({ browser }) => {
    await picture(browser, demo, OWNER, { colorScheme: "light", width: 1440 }, "usage-receipt", async (usage) => {
      await usage.page.goto(`${demo.url}/billing/usage?company=acme-dental&agent=voice_inbound`);
      await usage.isLive();
      await usage.log.locator(".log-row").nth(2).click();
      await usage.receipt.locator("dl").waitFor();
    });
  });

  test("an account that has just begun", async ({ browser, server, account }) => {
    await picture(browser, server, await account.user(), { colorScheme: "light", width: 1440 }, "usage-empty");
  });

  test("an account that has used all its credits", async ({ browser, server, account }) => {
    await account.api.report({ company: "acme", agent: "voice_outbound", activity: "voice_call", credits: "9000" });
    await account.api.report({ company: "bluewater", credits: "1250.75" });
    await picture(browser, server, await account.user(), { colorScheme: "light", width: 1440 }, "usage-run-out");
  });

  test("signing in", async ({ browser }) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${demo.url}/sign-in`);
    await page.screenshot({ path: join(FOLDER, "sign-in.png") });
    await context.close();
  });
});
