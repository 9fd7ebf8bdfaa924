import type { Page } from "@playwright/test";
import { Account, signIn } from "../support/account";
import { Receiver, verified } from "../support/receiver";
import { Settings } from "../support/settings";
import { expect, type Platform, startPlatform, test } from "../support/test";
import { UsagePage } from "../support/usage-page";

test.describe("Alerts", () => {
  let platform: Platform;
  let receiver: Receiver;

  test.beforeAll(async () => {
    platform = await startPlatform({ settings: { CREDITSCOPE_WEBHOOK_PRIVATE_TARGETS: "true", CREDITSCOPE_WEBHOOK_RETRIES_S: "1 1" } });
  });

  test.beforeEach(async () => {
    receiver = await Receiver.start();
  });

  test.afterEach(() => receiver.stop());

  test.afterAll(async () => {
    await platform.server.remove();
  });

  async function open(page: Page, account: Account, role: "owner" | "analyst" = "owner"): Promise<Settings> {
    await signIn(page.request, platform.server, await account.user({ role }));
    const settings = new Settings(page, platform.server);
    await settings.goto(`/billing/alerts?account=${account.key}`);
    return settings;
  }

  async function hook(page: Page): Promise<string> {
    const sheet = await new Settings(page, platform.server).openSheet("Add endpoint");
    await sheet.getByLabel("Endpoint URL").fill(receiver.url);
    await sheet.getByRole("button", { name: "Add endpoint" }).click();
    await expect(sheet).toHaveCount(0);
    return page.getByTestId("webhook-secret").inputValue();
  }

  test("call a program that verifies them, again when it fails, and once more when asked", async ({ page }) => {
    const account = await Account.make(platform.server, platform.key, { monthlyCredits: "100" });
    const settings = await open(page, account);
    const secret = await hook(page);
    receiver.answers.push(500);
    await account.api.report({ company: "acme", credits: "91" });
    // The first attempt fails, the second arrives.
    await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(2);
    const [failed, arrived] = receiver.received;
    expect(arrived.headers["webhook-id"]).toBe(failed.headers["webhook-id"]);
    const message = verified(secret, arrived);
    expect(message.type).toBe("creditscope.alert.fired");
    expect(message.data).toMatchObject({ account: account.key, rule: "credits-used", level: 90, observed: "91", limit: "100" });
    expect(() => verified(secret, { ...arrived, body: arrived.body.replace("91", "19") })).toThrow();
    expect(() => verified("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", arrived)).toThrow();
    await settings.goto(`/billing/alerts?account=${account.key}`);
    const delivery = page.getByTestId("deliveries").locator("tbody tr").first();
    await expect(delivery).toContainText("Delivered");
    await delivery.getByRole("button", { name: "Resend" }).click();
    await settings.says("The event is pending");
    await expect.poll(() => receiver.received.length).toBe(3);
    expect(receiver.received[2].headers["webhook-id"]).toBe(arrived.headers["webhook-id"]);
    expect(verified(secret, receiver.received[2])).toEqual(message);
    await page.getByRole("button", { name: "Send test event" }).click();
    await expect.poll(() => receiver.received.length).toBe(4);
    expect(verified(secret, receiver.received[3]).type).toBe("creditscope.test");
    // A pack ends it, and that is told too.
    await account.api.grantPack(`pack-${account.key}`, "Top-up", "100");
    await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(5);
    expect(verified(secret, receiver.received[4])).toMatchObject({ type: "creditscope.alert.recovered", data: { level: 90 } });
  });

  test("are shown, counted beside every page, and known once somebody says so", async ({ page }) => {
    const account = await Account.make(platform.server, platform.key, { monthlyCredits: "100" });
    await account.api.report({ company: "acme", credits: "75" });
    const settings = await open(page, account);
    const open_ = page.getByTestId("open-alerts");
    await expect(async () => {
      await page.reload();
      await expect(open_).toContainText("Credits used passed 75%: 75 of 100, 75%", { timeout: 500 });
    }).toPass();
    const nav = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Alerts" });
    await expect(nav).toContainText("1");
    // What a screen reader is told of the count does not widen a small page.
    await settings.goto(`/billing/usage?account=${account.key}`);
    await expect(nav).toContainText("1");
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await new UsagePage(page, platform.server).fitsTheWindow();
    }
    await settings.goto(`/billing/alerts?account=${account.key}`);
    await open_.getByRole("button", { name: "Acknowledge" }).click();
    await settings.says("The alert is acknowledged");
    await page.getByTestId("undo").getByRole("button", { name: "Undo" }).click();
    await settings.says("The alert is not acknowledged any more.");
    await expect(nav).toContainText("1");
    await open_.getByRole("button", { name: "Acknowledge" }).click();
    await settings.says("The alert is acknowledged");
    await expect(open_).toContainText(`@${account.key}.example,`);
    await expect(nav).toHaveText("Alerts");
  });

  test("send a digest every week, once somebody turns it on", async ({ page }) => {
    const account = await Account.make(platform.server, platform.key, { monthlyCredits: "1000" });
    const settings = await open(page, account);
    const weekly = page.getByTestId("weekly");
    const digest = () => account.api.get<{ weekly: boolean }>(`accounts/${account.key}/digest`);
    await expect(weekly).toContainText("Off.");
    expect(await digest()).toEqual({ weekly: false });
    await weekly.getByRole("button", { name: "Turn on" }).click();
    await settings.says("The weekly email digest is on, from this week on.");
    await expect(weekly).toContainText("On: sent to owners and billing admins.");
    expect(await digest()).toEqual({ weekly: true });
    await weekly.getByRole("button", { name: "Turn off" }).click();
    await expect(weekly).toContainText("Off.");
  });

  test("follow rules that are added, changed, snoozed and removed", async ({ page, problems }) => {
    problems.allow(/status of 422/);
    const account = await Account.make(platform.server, platform.key, { monthlyCredits: "1000" });
    const settings = await open(page, account);
    const sheet = settings.sheet;
    await settings.openSheet("Create alert");
    await sheet.getByLabel("Credits remaining").check();
    await sheet.getByRole("textbox", { name: "Threshold" }).fill("1,500");
    await sheet.getByRole("button", { name: "Create alert" }).click();
    await settings.says("Alert created: 1,500 credits or less remaining.");
    const rule = settings.row("rules", "1,500 credits or less remaining");
    await expect(rule).toContainText("This page, email, webhooks");
    await expect(async () => {
      await page.reload();
      await expect(page.getByTestId("open-alerts")).toContainText("1,500 credits or less remaining: 1,000 of 1,000", { timeout: 500 });
    }).toPass();
    await settings.change(rule);
    await sheet.getByRole("button", { name: "Snooze", exact: true }).click();
    await expect(rule).toContainText("Snoozed until");
    await page.getByTestId("undo").getByRole("button", { name: "Undo" }).click();
    await expect(rule).toContainText("Active");
    await settings.change(rule);
    await sheet.getByRole("button", { name: "Delete" }).click();
    await expect(rule).toHaveCount(0);
    await page.getByTestId("undo").getByRole("button", { name: "Undo" }).click();
    await expect(rule).toHaveCount(1);
    await settings.openSheet("Create alert");
    await sheet.getByRole("textbox", { name: "Threshold" }).fill("90, 75");
    await sheet.getByRole("button", { name: "Create alert" }).click();
    await settings.refuses("each larger than the one before");
    await expect(sheet.getByRole("textbox", { name: "Threshold" })).toHaveValue("90, 75");
    await expect(sheet.getByRole("textbox", { name: "Threshold" })).toBeFocused();
  });

  test("are read by an analyst, who changes nothing", async ({ page }) => {
    const account = await Account.make(platform.server, platform.key);
    await open(page, account, "analyst");
    await expect(page.getByTestId("rules")).toContainText("75%, 90%, 100% of the cycle's credits used");
    await expect(page.getByTestId("calm")).toBeVisible();
    await expect(page.locator("main button")).toHaveCount(0);
    await expect(page.getByRole("heading", { name: "Webhooks" })).toHaveCount(0);
  });
});
