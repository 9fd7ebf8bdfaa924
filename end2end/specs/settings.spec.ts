import { GOOD_PASSWORD, Settings } from "../support/settings";
import { PASSWORD } from "../support/account";
import { expect, test } from "../support/test";

/// A red square of one pixel.
const LOGO = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/q842iQAAAABJRU5ErkJggg==", "base64");

test.describe("Companies", () => {
  test("a budget is set, shown, and followed by the next check", async ({ account, usage, page, server }) => {
    await account.api.report({ company: "acme", credits: "80" }, { company: "bluewater", credits: "20" });
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const row = settings.row("companies", "acme");
    await expect(row).toContainText("80.0 %");
    await expect(row).toContainText("No budget");
    await row.getByText("Change", { exact: true }).click();
    await row.getByLabel("Budget, credits a cycle").fill("100");
    await row.getByRole("button", { name: "Save" }).click();
    await settings.says("Checks follow the new limits at once.");
    await expect(row).toContainText("80 % of 100");
    const check = (credits: string) => account.api.post<{ allowed: boolean; reason: string }>(`check?account=${account.key}`, { company: "acme", agent: "chat", credits });
    expect(await check("20")).toMatchObject({ allowed: true });
    expect(await check("21")).toMatchObject({ allowed: false, reason: "company_budget_reached" });
    await account.api.report({ company: "acme", credits: "20" });
    await page.reload();
    await expect(row).toContainText("its agents have stopped");
  });

  test("what cannot be a budget is said, and nothing is changed", async ({ usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const row = settings.row("companies", "acme");
    await row.getByText("Change", { exact: true }).click();
    await row.getByLabel("Budget, credits a cycle").fill("-5");
    await row.getByRole("button", { name: "Save" }).click();
    await settings.says("must not be negative");
    await expect(row).toContainText("No budget");
  });

  test("many are searched and turned over, and who only reads has no form", async ({ newAccount, newReader, server }) => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, number) => [`company-${number}`, `Company ${number}`]));
    const account = await newAccount({ companies: many });
    await account.api.report({ company: "company-7", credits: "9" });
    const { page, usage } = await newReader(await account.user({ role: "analyst" }));
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    await expect(page.getByTestId("companies").getByRole("row").nth(1)).toContainText("company-7");
    await expect(page.getByText("Page 1 of 2")).toBeVisible();
    await page.getByRole("link", { name: "More" }).click();
    await expect(page.getByTestId("companies").getByRole("row")).toHaveCount(2);
    await page.getByLabel("Search companies").fill("Company 42");
    await page.getByRole("button", { name: "Search" }).click();
    await expect(page.getByTestId("companies").getByRole("row")).toHaveCount(2);
    await expect(settings.row("companies", "company-42")).toBeVisible();
    await expect(page.getByText("Change", { exact: true })).toHaveCount(0);
  });
});

test.describe("API keys", () => {
  test("a key is made, used, replaced and revoked, and the audit log says by whom", async ({ account, usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("API keys");
    await page.getByLabel("What it is for").fill("reports");
    await page.getByLabel("read", { exact: true }).check();
    await page.getByRole("button", { name: "Make" }).click();
    const first = await page.getByTestId("new-key").inputValue();
    const works = async (key: string) => (await page.request.get(`${server.url}/api/v1/usage/summary`, { headers: { authorization: `Bearer ${key}` } })).status();
    expect(await works(first)).toBe(200);
    await settings.row("keys", "reports").getByRole("button", { name: "Replace" }).click();
    const second = await page.getByTestId("new-key").inputValue();
    expect([await works(first), await works(second)]).toEqual([200, 200]);
    const prefix = first.split("_")[1];
    await settings.row("keys", prefix).getByRole("button", { name: "Revoke" }).click();
    await settings.says("It does nothing any more.");
    expect([await works(first), await works(second)]).toEqual([401, 200]);
    await settings.open("Audit log");
    for (const what of ["API key made", "API key replaced", "API key revoked"]) {
      await expect(settings.row("audit", what)).toContainText(/owner-.*127\.0\.0\.1/);
    }
    await page.locator("select[name=action]").selectOption("member");
    await page.getByRole("button", { name: "Show" }).click();
    await expect(page.getByText("Nothing was done that matches.")).toBeVisible();
    expect(account.key).not.toBe("");
  });
});

test.describe("Your account", () => {
  test("a new password ends other sessions, and so does signing out everywhere else", async ({ account, newReader, server }) => {
    const user = await account.user();
    const [here, there, elsewhere] = [await newReader(user), await newReader(user), await newReader(user)];
    await here.usage.open();
    const settings = new Settings(here.page, server);
    await settings.open("Your account");
    await expect(here.page.getByTestId("sessions").getByRole("row")).toHaveCount(4);
    await here.page.getByTestId("sessions").getByRole("button", { name: "Sign out" }).first().click();
    await expect(here.page.getByTestId("sessions").getByRole("row")).toHaveCount(3);
    await here.page.getByRole("button", { name: "Sign out everywhere else" }).click();
    await expect(here.page.getByTestId("sessions").getByRole("row")).toHaveCount(2);
    for (const { page, usage } of [there, elsewhere]) {
      await usage.goto();
      await expect(page).toHaveURL(/\/sign-in/);
    }
    await here.page.getByLabel("Now").fill(PASSWORD);
    await here.page.getByLabel("New").fill("password1");
    await here.page.getByRole("button", { name: "Change" }).click();
    await settings.says("too easy to guess");
    await here.page.getByLabel("Now").fill(PASSWORD);
    await here.page.getByLabel("New").fill(GOOD_PASSWORD);
    await here.page.getByRole("button", { name: "Change" }).click();
    await settings.says("Your other sessions have ended.");
    const again = await newReader({ ...user, password: GOOD_PASSWORD });
    await again.usage.open();
  });
});

test.describe("The look for clients", () => {
  test("clients see the agency's name, logo and colour, and members ours", async ({ account, newReader, server }) => {
    const owner = await newReader(await account.user());
    await owner.usage.open();
    const settings = new Settings(owner.page, server);
    await settings.open("Look for clients");
    await owner.page.getByLabel("Name").fill("Northwind Insights");
    await owner.page.getByLabel("Colour", { exact: true }).fill("#0f766e");
    await owner.page.getByLabel("Use this colour").check();
    await owner.page.getByLabel("Logo").setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: LOGO });
    await owner.page.getByRole("button", { name: "Save" }).click();
    await settings.says("It was stored.");
    await expect(owner.page.locator(".brand")).toHaveText("Creditscope");
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await client.usage.open();
    await expect(client.page.locator(".brand")).toHaveText("Northwind Insights");
    await expect(client.page.locator(".brand img")).toHaveAttribute("src", /^data:image\/png;base64,/);
    const accent = () => client.page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--accent"));
    expect(await accent()).toContain("#0f766e");
  });
});
