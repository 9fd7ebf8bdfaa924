import { PASSWORD } from "../support/account";
import { Api } from "../support/api";
import { GOOD_PASSWORD, Settings } from "../support/settings";
import { expect, test } from "../support/test";

/// A red square of one pixel.
const LOGO = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/q842iQAAAABJRU5ErkJggg==", "base64");

test.describe("API keys", () => {
  test("a key is made, used, replaced and revoked, and the audit log says by whom", async ({ usage, page, server, problems }) => {
    problems.allow(/status of 422/);
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("API keys");
    const first = await settings.makeKey("reports", ["ingest", "check", "read"]);
    await settings.says("reports is created.");
    const works = async (key: string) => (await page.request.get(`${server.url}/api/v1/usage/summary`, { headers: { authorization: `Bearer ${key}` } })).status();
    expect(await works(first)).toBe(200);
    await settings.row("keys", "reports").getByRole("button", { name: "Rotate" }).click();
    await expect(page.getByTestId("new-key")).not.toHaveValue(first);
    const second = await page.getByTestId("new-key").inputValue();
    expect([await works(first), await works(second)]).toEqual([200, 200]);
    // When a key was used is stored a moment later.
    await expect(async () => {
      await page.reload();
      await expect(settings.row("keys", first.split("_")[1] ?? "")).not.toContainText("Never", { timeout: 500 });
    }).toPass();
    const prefix = first.split("_")[1];
    await settings.row("keys", prefix).getByText("Revoke", { exact: true }).click();
    // It was used a moment ago: its name is asked for.
    await settings.sheet.getByRole("button", { name: "Revoke key" }).click();
    await settings.refuses("Type reports exactly.");
    const confirm = settings.sheet.getByLabel("Type reports to confirm");
    await expect(confirm).toBeFocused();
    await confirm.fill("reports");
    await settings.sheet.getByRole("button", { name: "Revoke key" }).click();
    await settings.says("reports is revoked: requests with it fail from now on.");
    expect([await works(first), await works(second)]).toEqual([401, 200]);
    await settings.open("Audit log");
    for (const what of ["API key created", "API key rotated", "API key revoked"]) {
      await expect(settings.row("audit", what)).toContainText(/owner-.*127\.0\.0\.1/);
    }
    const show = async (action: string, actor: string) => {
      await page.locator("select[name=action]").selectOption(action);
      await page.getByLabel("Actor").fill(actor);
      await page.getByRole("button", { name: "Show" }).click();
    };
    await show("key", "");
    await expect(page.getByTestId("audit").getByRole("row")).toHaveCount(4);
    await show("", "nobody@example.com");
    await expect(page.getByText("No entries match.")).toBeVisible();
    await show("", "owner-");
    await expect(settings.row("audit", "API key created")).toHaveCount(1);
    await show("member", "");
    await expect(page.getByText("No entries match.")).toBeVisible();
  });

  test("a key may do what was chosen for it and nothing more, and is shown once", async ({ account, usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("API keys");
    const key = await settings.makeKey("gateway", ["ingest"]);
    await expect(settings.row("keys", "gateway").getByRole("cell").first()).toHaveText("ingest");
    const api = new Api(server, key, account.key);
    expect(await api.report({ company: "acme", credits: "1", reference: "by-key" })).toEqual({ accepted: 1, duplicates: 0 });
    await expect(api.summary()).rejects.toThrow("403");
    await expect(api.post(`check?account=${account.key}`, { company: "acme", agent: "chat", credits: "1" })).rejects.toThrow("403");
    await settings.open("API keys");
    await expect(page.getByTestId("new-key")).toHaveCount(0);
    expect(await page.content()).not.toContain(key);
    await usage.open();
    await expect(usage.row("by-key")).toBeVisible();
  });

  test("a key of one account is nothing in another, and no key is made without a scope", async ({ newAccount, usage, page, server, problems }) => {
    problems.allow(/status of 422/);
    const other = await newAccount();
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("API keys");
    const sheet = await settings.openSheet("Create key");
    await sheet.getByLabel("Name").fill("nothing");
    for (const scope of ["ingest: report usage", "check: check limits"]) await sheet.getByLabel(scope).uncheck();
    await sheet.getByRole("button", { name: "Create key" }).click();
    await settings.refuses("Choose at least one scope.");
    await expect(sheet.getByLabel("ingest: report usage")).toBeFocused();
    await expect(sheet.getByLabel("Name")).toHaveValue("nothing");
    await page.keyboard.press("Escape");
    await expect(sheet).toHaveCount(0);
    await expect(page.getByTestId("keys")).toHaveCount(0);
    const key = await settings.makeKey("reports", ["read"]);
    await expect(new Api(server, key, other.key).summary()).rejects.toThrow(/40[34]/);
  });
});

test.describe("The audit log", () => {
  test("says what was done to members, companies and the look, and by which key", async ({ account, usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.invite("ada@acme.example", "client", "acme");
    await settings.row("invitations", "ada@acme.example").getByRole("button", { name: "Revoke" }).click();
    await account.api.post(`accounts/${account.key}/portal-sessions`, { user: "Grace of the platform", role: "analyst", expires_in_s: 60 });
    await settings.open("Client branding");
    await page.getByLabel("Name").fill("Northwind Insights");
    await page.getByRole("button", { name: "Save" }).click();
    await settings.open("Audit log");
    const done = [
      ["Member invited", /owner-.*ada@acme\.example/],
      ["Invitation revoked", /owner-/],
      ["Client branding changed", /owner-/],
      ["Sign-in link created", /Grace of the platform/],
      ["Company created or changed", /key .*bluewater/],
    ] as const;
    for (const [what, words] of done) await expect(settings.row("audit", what).first(), what).toContainText(words);
    const address = settings.row("audit", "Client branding changed").getByRole("cell").last();
    await expect(address).toHaveText("127.0.0.1");
  });
});

test.describe("Your account", () => {
  test("a new password ends other sessions, and so does signing out everywhere else", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of 422/);
    const user = await account.user();
    const [here, there, elsewhere] = [await newReader(user), await newReader(user), await newReader(user)];
    await here.usage.open();
    const settings = new Settings(here.page, server);
    await settings.open("Your account");
    await expect(here.page.getByTestId("sessions").getByRole("row")).toHaveCount(4);
    await here.page.getByTestId("sessions").getByRole("button", { name: "Sign out" }).first().click();
    await expect(here.page.getByTestId("sessions").getByRole("row")).toHaveCount(3);
    await here.page.getByRole("button", { name: "Sign out of all others" }).click();
    await expect(here.page.getByTestId("sessions").getByRole("row")).toHaveCount(2);
    for (const { page, usage } of [there, elsewhere]) {
      await usage.goto();
      await expect(page).toHaveURL(/\/sign-in/);
    }
    await here.page.getByRole("form", { name: "Change password" }).getByLabel("Current password").fill(PASSWORD);
    await here.page.getByLabel("New password").fill("password1");
    await here.page.getByRole("button", { name: "Change" }).click();
    await settings.refuses("too easy to guess");
    await here.page.getByRole("form", { name: "Change password" }).getByLabel("Current password").fill(PASSWORD);
    await here.page.getByLabel("New password").fill(GOOD_PASSWORD);
    await here.page.getByRole("button", { name: "Change" }).click();
    await settings.says("Your other sessions are signed out.");
    const again = await newReader({ ...user, password: GOOD_PASSWORD });
    await again.usage.open();
  });

  test("a new password ends the page that is open elsewhere, and a wrong one changes nothing", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of (401|422|5)|WebSocket/);
    const user = await account.user();
    const [here, there] = [await newReader(user), await newReader(user)];
    await there.usage.open();
    await here.usage.open();
    const settings = new Settings(here.page, server);
    const change = async (now: string) => {
      await settings.open("Your account");
      await here.page.getByRole("form", { name: "Change password" }).getByLabel("Current password").fill(now);
      await here.page.getByLabel("New password").fill(GOOD_PASSWORD);
      await here.page.getByRole("button", { name: "Change" }).click();
    };
    await change("not-the-password");
    await settings.refuses("Incorrect password.");
    await account.api.report({ company: "acme", credits: "1", reference: "seen" });
    await expect(there.usage.row("seen")).toBeVisible();
    await change(PASSWORD);
    await settings.says("Your other sessions are signed out.");
    await expect(there.page).toHaveURL(/\/sign-in/);
    await account.api.report({ company: "acme", credits: "1", reference: "unseen" });
    await here.usage.open();
    await expect(here.usage.row("unseen")).toBeVisible();
    await expect(there.usage.row("unseen")).toHaveCount(0);
    await expect(newReader(user)).rejects.toThrow("could not sign in");
  });
});

test.describe("The look for clients", () => {
  test("clients see the agency's name, logo and colour, and members ours", async ({ account, newReader, server }) => {
    const owner = await newReader(await account.user());
    await owner.usage.open();
    const settings = new Settings(owner.page, server);
    await settings.open("Client branding");
    await owner.page.getByLabel("Name").fill("Northwind Insights");
    await owner.page.getByLabel("Colour", { exact: true }).fill("#0f766e");
    await owner.page.getByLabel("Use this colour").check();
    await owner.page.getByLabel("Logo").setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: LOGO });
    await owner.page.getByRole("button", { name: "Save" }).click();
    await settings.says("Client branding is saved");
    await expect(owner.page.locator(".brand")).toHaveText("Creditscope");
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await client.usage.open();
    await expect(client.page.locator(".brand")).toHaveText("Northwind Insights");
    await expect(client.page.locator(".brand img")).toHaveAttribute("src", /^data:image\/png;base64,/);
    const accent = () => client.page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--accent"));
    expect(await accent()).toContain("#0f766e");
    await expect(client.page.locator(".brand img")).toHaveAttribute("src", `data:image/png;base64,${LOGO.toString("base64")}`);
    const shown = await client.page.locator(".brand img").evaluate((image: HTMLImageElement) => [image.complete, image.naturalWidth]);
    expect(shown).toEqual([true, 1]);

    await settings.open("Client branding");
    await owner.page.getByLabel("Remove it").check();
    await owner.page.getByLabel("Use this colour").uncheck();
    await owner.page.getByRole("button", { name: "Save" }).click();
    await client.page.reload();
    await expect(client.page.locator(".brand")).toHaveText("Northwind Insights");
    await expect(client.page.locator(".brand img")).toHaveCount(0);
    expect(await accent()).not.toContain("#0f766e");
  });

  test("it is nobody else's: neither members, nor clients of another agency see it, and no script comes in a picture", async ({ account, newAccount, newReader, server, problems }) => {
    problems.allow(/status of 4/);
    const owner = await newReader(await account.user());
    await owner.usage.open();
    const settings = new Settings(owner.page, server);
    await settings.open("Client branding");
    await owner.page.getByLabel("Name").fill("Northwind Insights");
    await owner.page.getByLabel("Colour", { exact: true }).fill("#0f766e");
    await owner.page.getByLabel("Use this colour").check();
    const script = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="window.ran=1"><script>window.ran=1</script></svg>`);
    await owner.page.getByLabel("Logo").setInputFiles({ name: "logo.svg", mimeType: "image/svg+xml", buffer: script });
    await owner.page.getByRole("button", { name: "Save" }).click();
    await settings.says("Client branding is saved");
    await owner.page.getByLabel("Logo").setInputFiles({ name: "logo.html", mimeType: "text/html", buffer: script });
    await owner.page.getByRole("button", { name: "Save" }).click();
    await settings.refuses("must be a PNG, JPEG, WebP or SVG picture");

    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await client.usage.open();
    await expect(client.page.locator(".brand img")).toHaveAttribute("src", /^data:image\/svg/);
    expect(await client.page.evaluate(() => "ran" in window)).toBe(false);

    const other = await newAccount({ name: "Brightside" });
    const others = [await account.user({ role: "analyst" }), await other.user({ role: "client", company: "acme" })];
    for (const user of others) {
      const { page, usage } = await newReader(user);
      await usage.open();
      await expect(page.locator(".brand")).toHaveText("Creditscope");
      await expect(page.locator(".brand img")).toHaveCount(0);
      const accent = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--accent"));
      expect(accent).not.toContain("#0f766e");
    }
    const sheet = await (await newReader(others[1])).context.request.get(`${server.url}/brand.css?account=${account.key}`);
    expect(await sheet.text()).not.toContain("#0f766e");
    expect(sheet.status()).toBe(404);
  });
});
