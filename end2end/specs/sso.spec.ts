import type { Page } from "@playwright/test";
import { Account } from "../support/account";
import { CLIENT, type Person, SignOnProvider } from "../support/provider";
import { freePort } from "../support/server";
import { expect, type Platform, startPlatform, test } from "../support/test";

test.describe("Single sign-on", () => {
  test.describe.configure({ mode: "serial" });
  let platform: Platform;
  let provider: SignOnProvider;

  test.beforeAll(async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    provider = await SignOnProvider.start(`${url}/sign-in/sso/callback`);
    const settings = {
      CREDITSCOPE_PUBLIC_URL: url,
      CREDITSCOPE_OIDC_ISSUER: provider.issuer,
      CREDITSCOPE_OIDC_CLIENT_ID: CLIENT.id,
      CREDITSCOPE_OIDC_CLIENT_SECRET: CLIENT.secret,
      CREDITSCOPE_OIDC_NAME: "Platform",
    };
    platform = await startPlatform({ settings, port });
  });

  test.beforeEach(({ problems }) => {
    // The provider's own pages want a font from elsewhere, and have no icon.
    problems.allow(/fonts\.googleapis|favicon/);
  });

  test.afterAll(async () => {
    await platform.server.remove();
    provider.stop();
  });

  /// Goes through the provider's own pages as a person.
  async function signIn(page: Page, name: string, person: Person): Promise<void> {
    provider.people.set(name, person);
    // A page that is left asks for nothing any more as somebody who is not signed in.
    await page.goto("about:blank");
    await page.context().clearCookies();
    await page.goto(`${platform.server.url}/sign-in`);
    await page.getByTestId("sso").click();
    await page.getByPlaceholder("Enter any login").fill(name);
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
  }

  const heading = (page: Page) => page.getByRole("heading", { level: 1 });
  const board = (page: Page) => page.goto(`${platform.server.url}/companies`);

  test("whom the provider places is a member from then on, where it says they are", async ({ page }) => {
    const account = await Account.make(platform.server, platform.key);
    const ada = { email: "ada@acme.example", email_verified: true, name: "Ada", creditscope_account: account.key, creditscope_role: "client" };
    await signIn(page, "ada", { ...ada, creditscope_companies: ["acme"] });
    await expect(heading(page)).toHaveText("AI Credits Usage");
    await expect(page.locator(".signed-in-name")).toHaveText("Ada");
    await board(page);
    await expect(page.getByTestId("companies").getByRole("row")).toHaveCount(2);
    await expect(page.getByTestId("companies")).toContainText("Acme Dental");
    await signIn(page, "ada", { ...ada, creditscope_companies: ["bluewater"] });
    await expect(heading(page)).toHaveText("AI Credits Usage");
    await board(page);
    await expect(page.getByTestId("companies")).toContainText("Bluewater Spa");
    await expect(page.getByTestId("companies")).not.toContainText("Acme Dental");
  });

  test("who is known by an address that the provider made sure of is recognised", async ({ page }) => {
    const account = await Account.make(platform.server, platform.key);
    const { email } = await account.user();
    await signIn(page, "nora", { email, email_verified: true });
    await expect(heading(page)).toHaveText("AI Credits Usage");
    await expect(page.locator(".signed-in-email")).toHaveText(email);
  });

  test("an address that it did not make sure of is worth nothing", async ({ page, problems }) => {
    problems.allow(/status of 403/);
    const account = await Account.make(platform.server, platform.key);
    const { email } = await account.user();
    await signIn(page, "eve", { email, email_verified: false });
    await expect(page.getByText("has not made sure of your email address")).toBeVisible();
    await page.goto(`${platform.server.url}/billing/usage`);
    await expect(page).toHaveURL(/\/sign-in/);
  });

  test("who belongs nowhere is told so", async ({ page, problems }) => {
    problems.allow(/status of 403/);
    await signIn(page, "tom", { email: "tom@example.com", email_verified: true });
    await expect(page.getByText("ask for an invitation")).toBeVisible();
  });

  test("who is disabled stays out", async ({ page, problems }) => {
    problems.allow(/status of 403/);
    const account = await Account.make(platform.server, platform.key);
    const { email } = await account.user({ role: "analyst" });
    await platform.server.cli("user", "disable", email);
    await signIn(page, "dan", { email, email_verified: true });
    await expect(page.getByText("you may not sign in")).toBeVisible();
  });

  test("an answer that was not asked for here is refused", async ({ page, problems }) => {
    problems.allow(/status of 403/);
    for (const query of ["?code=x&state=y", "?error=access_denied&state=y", ""]) {
      expect((await page.goto(`${platform.server.url}/sign-in/sso/callback${query}`))?.status(), query).toBe(403);
      await expect(page.getByText("begin again")).toBeVisible();
    }
    await page.goto(`${platform.server.url}/sign-in`);
    await page.getByTestId("sso").click();
    await expect(page.getByPlaceholder("Enter any login")).toBeVisible();
    expect((await page.goto(`${platform.server.url}/sign-in/sso/callback?code=x&state=y`))?.status()).toBe(403);
  });
});
