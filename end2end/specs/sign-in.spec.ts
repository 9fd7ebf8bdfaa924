import { expect, test } from "../support/test";
import { PATH } from "../support/usage-page";

test.describe("Signing in", () => {
  test("needs no script and loads none", async ({ page, server }) => {
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    await page.goto(`${server.url}/sign-in`, { waitUntil: "networkidle" });
    await expect(page).toHaveTitle("Sign in · Creditscope");
    expect(loaded.filter((path) => path.startsWith("/pkg/") && path.endsWith(".css"))).toHaveLength(2);
    expect(loaded.filter((path) => /\.(js|wasm)$/.test(path))).toEqual([]);
  });

  test("the right email address and password lead to the usage page", async ({ page, server, account }) => {
    const user = await account.user();
    await page.goto(server.url);
    await expect(page).toHaveURL(/\/sign-in/);
    await page.getByLabel("Email").fill(user.email);
    await page.getByLabel("Password").fill(user.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(`${server.url}${PATH}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
  });

  test("a wrong password is answered with what to do, and says nothing about the account", async ({ page, server, account, problems }) => {
    problems.allow(/status of 422/);
    const { email } = await account.user();
    const answers: string[] = [];
    for (const address of [email, "nobody@example.com"]) {
      await page.goto(`${server.url}/sign-in`);
      await page.getByLabel("Email").fill(address);
      await page.getByLabel("Password").fill("not-the-password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByRole("alert")).toContainText("Incorrect email or password.");
      answers.push(await page.getByRole("alert").innerText());
    }
    expect(answers[0]).toBe(answers[1]);
  });

  test("someone who is not signed in is sent to sign in and then to the view they asked for", async ({ page, server, account, problems }) => {
    problems.allow(/status of 422/);
    const user = await account.user();
    const wanted = `${PATH}?company=acme&period=7d`;
    await page.goto(`${server.url}${wanted}`);
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await page.getByLabel("Email").fill(user.email);
    await page.getByLabel("Password").fill("not-the-password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await page.getByLabel("Email").fill(user.email);
    await page.getByLabel("Password").fill(user.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(`${server.url}${wanted}`);
  });

  test("nobody is sent to another site after signing in", async ({ page, server, account }) => {
    const user = await account.user();
    await page.goto(`${server.url}/sign-in?next=${encodeURIComponent("//evil.example/billing")}`);
    await page.getByLabel("Email").fill(user.email);
    await page.getByLabel("Password").fill(user.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(`${server.url}${PATH}`);
  });

  test("signing out ends the session, also for what was already open", async ({ page, usage, server, context, problems }) => {
    await usage.open();
    const other = await context.newPage();
    await other.goto(`${server.url}${PATH}`);
    // The tab that is still open loses its stream, and asks to sign in.
    problems.allow(/401|Failed to load resource|WebSocket connection to .* failed/);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page).toHaveURL(`${server.url}/sign-in`);
    await page.goto(`${server.url}${PATH}`);
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await expect(other).toHaveURL(/\/sign-in\?next=/);
  });

  test("signing in works without scripts", async ({ browser, server, account }) => {
    const user = await account.user();
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${server.url}/sign-in`);
    await page.getByLabel("Email").fill(user.email);
    await page.getByLabel("Password").fill(user.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
    await context.close();
  });
});
