import { join } from "node:path";
import { Account } from "../support/account";
import { expect, reading, startPlatform, test as base } from "../support/test";
import { Server } from "../support/server";

const FOLDER = join(import.meta.dirname, "../../docs/screenshots");
const OWNER = { email: "owner@northwind.example", password: "demo-credits" };
const HEIGHTS = { 390: 844, 768: 1024, 1440: 900 };

/// The demonstration as everyone can start it, but for its traffic: pictures hold still.
const test = base.extend<object, { demo: Server }>({
  demo: [
    async ({}, use) => {
      const server = await Server.prepare({ command: "demo", args: ["--no-traffic"] });
      await server.start();
      await use(server);
      await server.remove();
    },
    { scope: "worker", timeout: 300_000 },
  ],
});

test.describe("Pictures for the documentation", { tag: "@screenshot" }, () => {
  for (const theme of ["light", "dark"] as const) {
    for (const [width, height] of Object.entries(HEIGHTS)) {
      test(`the usage page in the ${theme} theme, ${width} px wide`, async ({ demo, browser, problems }) => {
        const open = reading(browser, demo, problems);
        const { usage, page } = await open.reader(OWNER, { colorScheme: theme, viewport: { width: Number(width), height } });
        await usage.open();
        await usage.comesToRest();
        await page.screenshot({ path: join(FOLDER, `usage-${theme}-${width}.png`), fullPage: true });
        await open.close();
      });
    }
  }

  test("an open receipt", async ({ demo, browser, problems }) => {
    const open = reading(browser, demo, problems);
    const { usage, page } = await open.reader(OWNER, { viewport: { width: 1440, height: 900 } });
    await usage.open("?agent=voice_inbound");
    await page.locator(".log-row").nth(2).click();
    await expect(usage.receipt.locator("dl")).toBeVisible();
    await page.locator("section.log").screenshot({ path: join(FOLDER, "usage-receipt.png") });
    await open.close();
  });

  test("a new account, one that has run out, and the sign-in page", async ({ browser, problems, page }) => {
    const { server, key } = await startPlatform();
    const open = reading(browser, server, problems);
    const viewport = { width: 1440, height: 900 };
    const made = await Account.make(server, key, { name: "Harbor Homes", kind: "customer", companies: { harbor: "Harbor Homes" } });
    const empty = await open.reader(await made.user(), { viewport });
    await empty.usage.open();
    await empty.page.screenshot({ path: join(FOLDER, "empty.png"), fullPage: true });

    const agents = ["chat", "voice_inbound", "voice_outbound", "auto_trigger"] as const;
    const events = Array.from({ length: 60 }, (_, index) => ({
      company: "harbor",
      agent: agents[index % agents.length],
      credits: String(120 + ((index * 37) % 97)),
      reference: `conv_${5520 + index}`,
      time: new Date(Date.now() - (60 - index) * 4 * 60 * 60_000 - 60_000),
    }));
    await made.api.report(...events);
    await expect(empty.page.getByTestId("level")).toHaveText("Out of credits");
    await empty.page.reload();
    await empty.usage.isLive();
    await empty.page.screenshot({ path: join(FOLDER, "run-out.png"), fullPage: true });

    await page.setViewportSize(viewport);
    await page.goto(`${server.url}/sign-in`);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await page.screenshot({ path: join(FOLDER, "sign-in.png") });
    await open.close();
    await server.remove();
  });
});

