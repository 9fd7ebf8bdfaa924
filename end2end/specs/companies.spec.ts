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
    const sheet = await settings.change(row);
    await sheet.getByLabel("Budget (credits per cycle)").fill("100");
    await sheet.getByRole("button", { name: "Save" }).click();
    await settings.says("Budget of Acme Dental is 100 credits a cycle.");
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
    await sheet.getByLabel("Budget (credits per cycle)").fill("");
    await sheet.getByRole("button", { name: "Save" }).click();
    await settings.says("Acme Dental has no budget now.");
    await expect(row).toContainText("No budget");
    await page.getByTestId("undo").getByRole("button", { name: "Undo" }).click();
    await settings.says("Budget of Acme Dental is 100 credits a cycle.");
    await page.getByTestId("undo").getByRole("button", { name: "Undo" }).click();
    await settings.says("Acme Dental has no budget now.");
    expect(await check("21")).toMatchObject({ allowed: true });
  });

  test("a cap of one agent stops that agent and no other", async ({ account, usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const row = settings.row("companies", "acme");
    const sheet = await settings.change(row);
    await sheet.locator("[name=cap_nox]").fill("5");
    await sheet.getByRole("button", { name: "Save" }).click();
    await settings.says("The limits of Acme Dental apply from now on.");
    const check = (agent: string) => account.api.post<{ allowed: boolean }>(`check?account=${account.key}`, { company: "acme", agent, credits: "6" });
    expect(await check("nox")).toMatchObject({ allowed: false });
    expect(await check("chat")).toMatchObject({ allowed: true });
    await settings.change(row);
    await expect(sheet.locator("[name=cap_nox]")).toHaveValue("5");
    await expect(sheet.locator("[name=cap_chat]")).toHaveValue("");
  });

  test("what cannot be a budget is said at its field, and nothing is changed", async ({ usage, page, server, problems }) => {
    problems.allow(/status of 422/);
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    const row = settings.row("companies", "acme");
    const sheet = await settings.change(row);
    const budget = sheet.getByLabel("Budget (credits per cycle)");
    await sheet.locator("[name=cap_nox]").fill("7");
    for (const [typed, words] of [["-5", "must not be negative"], ["2k", "Write it in full, for example 2,000."], ["0.0000001", "at most 6 decimals"]] as const) {
      await budget.fill(typed);
      await sheet.getByRole("button", { name: "Save" }).click();
      await settings.refuses(words);
      await expect(budget).toBeFocused();
      await expect(budget).toHaveValue(typed);
      await expect(budget).toHaveAttribute("aria-invalid", "true");
      await expect(sheet.locator("[name=cap_nox]")).toHaveValue("7");
      await expect(sheet.getByText("1 field to correct")).toBeVisible();
    }
    await page.keyboard.press("Escape");
    await expect(sheet).toHaveCount(0);
    await expect(row).toContainText("No budget");
    await expect(row.getByText("Set budget")).toBeFocused();
  });

  test("a sheet has an address, which Back leaves and a reload keeps, also without scripts", async ({ account, usage, page, server, browser }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Companies");
    await settings.change(settings.row("companies", "acme"));
    await expect(page).toHaveURL(/edit=acme/);
    await expect(settings.sheet.getByLabel("Budget (credits per cycle)")).toBeFocused();
    await page.goBack();
    await expect(settings.sheet).toHaveCount(0);
    await page.goForward();
    await expect(settings.sheet).toBeVisible();
    await page.reload();
    await expect(settings.sheet).toBeVisible();
    const state = await page.context().storageState();
    const plain = await browser.newContext({ javaScriptEnabled: false, storageState: state });
    const other = new Settings(await plain.newPage(), server);
    await other.goto(`/companies?account=${account.key}&edit=acme`);
    await other.sheet.getByLabel("Budget (credits per cycle)").fill("2k");
    await other.sheet.getByRole("button", { name: "Save" }).click();
    await other.refuses("Write it in full");
    await other.sheet.getByLabel("Budget (credits per cycle)").fill("2,000");
    await other.sheet.getByRole("button", { name: "Save" }).click();
    await other.says("Budget of Acme Dental is 2,000 credits a cycle.");
    await expect(other.sheet).toHaveCount(0);
    await plain.close();
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
    await expect(page.getByTestId("companies").locator("tbody tr")).toHaveCount(1);
    const row = settings.row("companies", "acme");
    const sheet = await settings.change(row);
    await sheet.getByLabel("Budget (credits per cycle)").fill("7");
    await sheet.getByRole("button", { name: "Save" }).click();
    await settings.says("is 7 credits a cycle.");
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
