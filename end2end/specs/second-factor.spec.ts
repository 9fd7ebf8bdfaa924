// Two-step sign-in in a browser that has devices with passkeys of its own.

import type { Page } from "@playwright/test";
import { Account, signIn, type User } from "../support/account";
import { Authenticator } from "../support/authenticator";
import { breaksNoRule } from "../support/look";
import { oneTimeCode } from "../support/one-time";
import { freePort, Server } from "../support/server";
import { expect, type Platform, test as base } from "../support/test";

const PAGE = "/settings/second-factor";
const YOU = "/settings/you";

interface Passkeys {
  /// A server that browsers reach by a name: passkeys are made for names.
  site: Platform & { url: string };
}

const test = base.extend<object, Passkeys>({
  site: [
    async ({}, use) => {
      const port = await freePort();
      const url = `http://localhost:${port}`;
      const server = await Server.prepare({ port, settings: { CREDITSCOPE_PUBLIC_URL: url } });
      const key = await server.cli("key", "create", "--scope", "platform", "--name", "end2end");
      await server.start();
      await use({ server, key, url });
      await server.remove();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

async function owner(site: Passkeys["site"]): Promise<User> {
  const account = await Account.make(site.server, site.key);
  return account.user();
}

/// The first step.
async function password(page: Page, site: Passkeys["site"], user: User): Promise<void> {
  await page.goto(`${site.url}/sign-in?next=${encodeURIComponent(YOU)}`);
  await page.getByLabel("Email").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function isIn(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your account");
}

async function signOut(page: Page): Promise<void> {
  await page.context().clearCookies();
}

/// Goes to the page that names a new passkey and makes it.
async function make(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create passkey" }).click();
}

/// Signs in and adds a first passkey; the recovery codes.
async function withPasskey(page: Page, site: Passkeys["site"], user: User): Promise<string[]> {
  await password(page, site, user);
  await isIn(page);
  await page.getByRole("link", { name: "Set up" }).click();
  await make(page, "Laptop");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Save your recovery codes");
  const codes = await page.getByTestId("recovery-codes").getByRole("listitem").allTextContents();
  expect(codes).toHaveLength(10);
  return codes;
}

test.describe("Passkeys", () => {
  test("a passkey is added, signs in after the password, and is removed", async ({ page, site }) => {
    const user = await owner(site);
    const device = await Authenticator.give(page);
    await withPasskey(page, site, user);
    expect(await device.count()).toBe(1);
    await page.getByRole("link", { name: "I saved them" }).click();
    await expect(page.getByTestId("passkeys").getByRole("listitem")).toHaveText(/Laptop.*not used yet/);
    await breaksNoRule(page);
    await signOut(page);
    await password(page, site, user);
    await expect(page.getByRole("button", { name: "Use a passkey" })).toBeVisible();
    await breaksNoRule(page);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await isIn(page);
    await page.getByRole("link", { name: "Manage" }).click();
    await expect(page.getByTestId("passkeys")).toContainText("last used");
    // The same device is known to have one already.
    await make(page, "Once more");
    await expect(page.getByRole("alert")).toHaveText("This device has a passkey for you already.");
    await expect(page.getByRole("button", { name: "Create passkey" })).toBeEnabled();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Remove Laptop" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Set up two-step sign-in");
    await signOut(page);
    await password(page, site, user);
    await isIn(page);
  });

  test("a passkey confirms a sensitive act, and what was entered is kept", async ({ page, site }) => {
    const user = await owner(site);
    const device = await Authenticator.give(page);
    await withPasskey(page, site, user);
    await page.goto(`${site.url}/settings/keys?new=key`);
    await page.getByLabel("Name").fill("reports");
    await site.server.age();
    await page.getByRole("button", { name: "Create key" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Confirm that it is you");
    await breaksNoRule(page);
    // The device has to know who uses it.
    await device.knows(false);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await expect(page.getByRole("alert")).toContainText("No passkey was used");
    await device.knows(true);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await expect(page.getByTestId("new-key")).toHaveValue(/^cs_/);
    await expect(page.getByTestId("keys")).toContainText("reports");
    // Adding another one asks as well, and goes on.
    await site.server.age();
    await page.goto(`${site.url}${PAGE}`);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Add a passkey");
  });

  test("a device without the passkey, or with another person's, does not sign in", async ({ page, browser, site, problems }) => {
    const user = await owner(site);
    const device = await Authenticator.give(page);
    const codes = await withPasskey(page, site, user);
    const context = await browser.newContext();
    problems.watch(context);
    const other = await context.newPage();
    await Authenticator.give(other);
    const eve = await owner(site);
    await withPasskey(other, site, eve);
    await signOut(other);
    // Who knows the password and has a device with a passkey of their own.
    await password(other, site, user);
    await other.getByRole("button", { name: "Use a passkey" }).click();
    await expect(other.getByRole("alert")).toContainText("No passkey was used");
    await expect(other.getByRole("button", { name: "Use a passkey" })).toBeEnabled();
    await other.goto(`${site.url}${YOU}`);
    await expect(other).toHaveURL(/sign-in/);
    await context.close();
    // The page stays usable: a code does instead.
    await signOut(page);
    await device.forget();
    await password(page, site, user);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await expect(page.getByRole("alert")).toContainText("No passkey was used");
    await page.getByLabel("Recovery code").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert").filter({ visible: true })).toHaveText("Incorrect code.");
    await page.getByLabel("Recovery code").fill(codes[0]);
    await page.getByRole("button", { name: "Sign in" }).click();
    await isIn(page);
  });

  test("without scripts the page offers codes and says why", async ({ page, browser, site, problems }) => {
    const user = await owner(site);
    await Authenticator.give(page);
    const codes = await withPasskey(page, site, user);
    const context = await browser.newContext({ javaScriptEnabled: false });
    problems.watch(context);
    const plain = await context.newPage();
    await password(plain, site, user);
    await expect(plain.getByText("Passkeys need scripts")).toBeVisible();
    await expect(plain.getByRole("button", { name: "Use a passkey" })).toBeHidden();
    await plain.getByLabel("Recovery code").fill(codes[1]);
    await plain.getByRole("button", { name: "Sign in" }).click();
    await isIn(plain);
    await context.close();
  });

  test("passkeys are not offered at an address without a name", async ({ account, page, server }) => {
    await signIn(page.request, server, await account.user());
    await page.goto(`${server.url}${PAGE}`);
    await expect(page.getByText("Passkeys are not available at this address.")).toBeVisible();
    await expect(page.getByRole("button", { name: "Add a passkey" })).toHaveCount(0);
  });
});

test.describe("Authenticator apps", () => {
  test("an app signs in beside a passkey, and either is removed by itself", async ({ page, site }) => {
    const user = await owner(site);
    await password(page, site, user);
    await page.getByRole("link", { name: "Set up" }).click();
    await breaksNoRule(page);
    const key = (await page.getByTestId("authenticator-secret").textContent()) ?? "";
    await page.getByLabel("Code", { exact: true }).fill("000000");
    await page.getByRole("button", { name: "Turn on" }).click();
    await expect(page.getByRole("alert")).toContainText("Code is not right");
    await page.getByLabel("Code", { exact: true }).fill(oneTimeCode(key, -1));
    await page.getByRole("button", { name: "Turn on" }).click();
    await expect(page.getByTestId("recovery-codes").getByRole("listitem")).toHaveCount(10);
    await page.getByRole("link", { name: "I saved them" }).click();
    const device = await Authenticator.give(page);
    await make(page, "Security key");
    await expect(page.getByTestId("passkeys")).toContainText("Security key");
    expect(await device.count()).toBe(1);
    await signOut(page);
    await password(page, site, user);
    await page.getByLabel("Code from your app, or a recovery code").fill(oneTimeCode(key));
    await page.getByRole("button", { name: "Sign in" }).click();
    await isIn(page);
    await page.getByRole("link", { name: "Manage" }).click();
    await page.getByRole("button", { name: "Remove the authenticator app" }).click();
    await expect(page.getByText("Not set up.")).toBeVisible();
    await expect(page.getByText("10 recovery codes are left.")).toBeVisible();
    await page.getByRole("button", { name: "Turn off" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Set up two-step sign-in");
  });
});
