import { Settings } from "../support/settings";
import { expect, test } from "../support/test";

test.describe("Companies", () => {
  test("a budget is set, shown, and followed by the next check", async ({ account, usage, page, server }) => {
    await account.api.report({ company: "acme", credits: "80" }, { company: "bluewater", credits: "20" });
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const row = settings.row("companies", "acme");
    await expect(row).toContainText("80%");
    await expect(row).toContainText("No budget");
    await expect(row.locator(".mini-bar")).toHaveCount(0);
    await settings.change(row);
    await row.getByLabel("Budget (credits per cycle)").fill("100");
    await row.getByRole("button", { name: "Save" }).click();
    await settings.says("The new limits apply at once.");
    await expect(row).toContainText("80% of 100");
    await expect(row.locator(".mini-bar.high .fill")).toHaveAttribute("width", "80");
    const check = (credits: string) => account.api.post<{ allowed: boolean; reason: string }>(`check?account=${account.key}`, { company: "acme", agent: "chat", credits });
    expect(await check("20")).toMatchObject({ allowed: true });
    expect(await check("21")).toMatchObject({ allowed: false, reason: "company_budget_reached" });
    await account.api.report({ company: "acme", credits: "20" });
    await page.reload();
    await expect(row).toContainText("Budget reached");
    await expect(row.locator(".mini-bar.full .fill")).toHaveAttribute("width", "100");
    await expect(settings.row("companies", "bluewater")).toContainText("No budget");

    await settings.change(row);
    await row.getByLabel("Budget (credits per cycle)").fill("");
    await row.getByRole("button", { name: "Save" }).click();
    await expect(row).toContainText("No budget");
    expect(await check("21")).toMatchObject({ allowed: true });
  });

  test("a cap of one agent stops that agent and no other", async ({ account, usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const row = settings.row("companies", "acme");
    await settings.change(row);
    await row.locator("[name=cap_nox]").fill("5");
    await row.getByRole("button", { name: "Save" }).click();
    await settings.says("The new limits apply at once.");
    const check = (agent: string) => account.api.post<{ allowed: boolean }>(`check?account=${account.key}`, { company: "acme", agent, credits: "6" });
    expect(await check("nox")).toMatchObject({ allowed: false });
    expect(await check("chat")).toMatchObject({ allowed: true });
    await settings.change(row);
    await expect(row.locator("[name=cap_nox]")).toHaveValue("5");
    await expect(row.locator("[name=cap_chat]")).toHaveValue("");
  });

  test("what cannot be a budget is said, and nothing is changed", async ({ usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const row = settings.row("companies", "acme");
    for (const [budget, words] of [["-5", "must not be negative"], ["plenty", "budget"], ["0.0000001", "budget"]] as const) {
      await settings.change(row);
      await row.getByLabel("Budget (credits per cycle)").fill(budget);
      await row.getByRole("button", { name: "Save" }).click();
      await settings.says(words);
      await expect(row).toContainText("No budget");
    }
  });

  test("a hundred and twenty are searched and turned over, and who only reads has no form", async ({ newAccount, newReader, server }) => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, number) => [`company-${number}`, `Company ${number}`]));
    const account = await newAccount({ companies: many });
    await account.api.report({ company: "company-7", credits: "9" });
    const { page, usage } = await newReader(await account.user({ role: "analyst" }));
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const keys = page.getByTestId("companies").locator("tbody th small");
    await expect(page.getByText("120 companies")).toBeVisible();
    await expect(keys).toHaveCount(100);
    await expect(keys.first()).toHaveText("company-7");
    await expect(page.getByText("Page 1 of 2")).toBeVisible();
    await expect(page.getByRole("link", { name: "Previous" })).toHaveCount(0);
    const first = await keys.allTextContents();
    await page.getByRole("link", { name: "Next" }).click();
    await expect(page.getByText("Page 2 of 2")).toBeVisible();
    await expect(keys).toHaveCount(20);
    expect([...first, ...(await keys.allTextContents())].sort()).toEqual(Object.keys(many).sort());
    await page.getByRole("link", { name: "Previous" }).click();
    await expect(page.getByText("Page 1 of 2")).toBeVisible();
    for (const search of ["Company 42", "company-42", "COMPANY 42"]) {
      await page.getByLabel("Search companies").fill(search);
      await expect(keys).toHaveText(["company-42"]);
    }
    await expect(page.getByText("Set budget", { exact: true })).toHaveCount(0);
    await page.getByLabel("Search companies").fill("nowhere");
    await expect(page.getByText("No company matches.")).toBeVisible();
  });

  test("a form keeps the search and the page it stands on", async ({ newAccount, newReader, server }) => {
    const account = await newAccount({ companies: { acme: "Acme & Söhne #1", other: "Other" } });
    const { page, usage } = await newReader(await account.user());
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    await page.getByLabel("Search companies").fill("& söhne #1");
    const row = settings.row("companies", "acme");
    await settings.change(row);
    await row.getByLabel("Budget (credits per cycle)").fill("7");
    await row.getByRole("button", { name: "Save" }).click();
    await settings.says("The new limits apply at once.");
    await expect(page.getByLabel("Search companies")).toHaveValue("& söhne #1");
    await expect(page.getByTestId("companies").locator("tbody tr")).toHaveCount(1);
    await expect(row).toContainText("0% of 7");
  });

  test("no page is too far away to be asked for", async ({ account, usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    for (const number of ["0", "-1", "2", "99999", "18446744073709551615", "nonsense"]) {
      expect((await settings.goto(`/companies?account=${account.key}&page=${number}`))?.status(), number).toBe(200);
      await expect(page.getByRole("heading", { level: 1 }), number).toHaveText("Companies");
    }
  });

  test("who only reads cannot change a limit by hand, nor can anyone for a company that is not theirs", async ({ account, newReader, server }) => {
    const post = async (role: "analyst" | "client" | "billing_admin" | "owner", of: string | undefined, company: string) => {
      const { context } = await newReader(await account.user({ role, company: of }));
      const form = { account: account.key, company, name: "Taken over", budget: "1", next: `/companies?account=${account.key}` };
      await context.request.post(`${server.url}/companies/limits`, { form, headers: { origin: server.url }, maxRedirects: 0 });
    };
    await post("analyst", undefined, "acme");
    await post("client", "acme", "acme");
    await post("billing_admin", "bluewater", "acme");
    const { page, usage } = await newReader(await account.user());
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    await expect(settings.row("companies", "acme")).toContainText("Acme Dental");
    await expect(settings.row("companies", "acme")).toContainText("No budget");
    // What an owner sends by hand does work.
    await post("owner", undefined, "acme");
    await page.reload();
    await expect(settings.row("companies", "acme")).toContainText("Taken over");
  });
});
