import { micro } from "../support/credits";
import { Settings } from "../support/settings";
import { expect, test } from "../support/test";
import { PATH, UsagePage } from "../support/usage-page";

const WHOLE_PAGES = ["/billing/plans", "/settings/members", "/settings/keys", "/settings/audit", "/settings/brand"];

test.describe("Members", () => {
  test("a client who is invited sees their company and nothing else, live and by any address", async ({ account, newAccount, newReader, browser, server, problems }) => {
    problems.allow(/status of 4/);
    const other = await newAccount({ companies: { elsewhere: "Elsewhere" } });
    await account.api.report(
      { company: "acme", credits: "3", reference: "ours", id: "ours" },
      { company: "bluewater", credits: "5", reference: "theirs", id: "theirs" },
    );
    const owner = await newReader(await account.user());
    await owner.usage.open();
    const link = await new Settings(owner.page, server).invite("client@acme.example", "client", "acme");

    const context = await browser.newContext();
    problems.watch(context);
    const page = await context.newPage();
    await new Settings(page, server).accept(link, "Amir Haddad");
    const usage = new UsagePage(page, server);
    await usage.isLive();
    expect(await usage.used()).toBe(micro("3"));
    expect(await usage.spentByAll()).toBe(micro("3"));
    expect((await usage.rows()).map((row) => row.reference)).toEqual(["ours"]);
    const companies = await usage.openMenu("Companies");
    await expect(companies.getByRole("link")).toHaveText(["All companies", "Acme Dental"]);

    await account.api.report({ company: "bluewater", credits: "7", reference: "hidden" });
    await account.api.report({ company: "acme", credits: "2", reference: "shown" });
    await expect(usage.row("shown")).toBeVisible();
    await expect(usage.row("hidden")).toHaveCount(0);
    expect(await usage.spentByAll()).toBe(micro("5"));

    const exported = await page.request.get(`${server.url}/api/v1/events?account=${account.key}&format=csv`);
    expect(await exported.text()).toContain("ours");
    expect(await exported.text()).not.toContain("theirs");
    const links = page.getByRole("navigation", { name: "Main" }).getByRole("link");
    await expect(links).toHaveText(["AI Credits Usage", "Trends", "Your account"]);
    for (const path of WHOLE_PAGES) {
      expect((await page.goto(`${server.url}${path}?account=${account.key}`))?.status(), path).toBe(404);
    }
    for (const query of [`?account=${other.key}`, "?account=nowhere"]) {
      expect((await usage.goto(query))?.status(), query).toBe(404);
    }
    expect((await usage.goto("?company=bluewater"))?.status()).toBe(422);
    await usage.goto("?event=end2end%2Ftheirs");
    await expect(page.getByText("theirs", { exact: true })).toHaveCount(0);
    expect((await page.goto(link))?.status()).toBe(404);
    await context.close();
  });

  test("a change of role reaches the page that is open, and a removal ends it", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of (404|500)|WebSocket/);
    const user = await account.user({ role: "client", company: "acme" });
    const member = await newReader(user);
    await member.usage.open();
    const owner = await newReader(await account.user());
    const settings = new Settings(owner.page, server);
    await owner.usage.open();
    await settings.open("Members");
    const row = settings.row("members", user.email);
    await row.getByText("Change", { exact: true }).click();
    await row.locator("[name=companies]").fill("bluewater");
    await row.getByRole("button", { name: "Save" }).click();
    await settings.says("It holds from now on.");
    await account.api.report({ company: "acme", credits: "1", reference: "before" }, { company: "bluewater", credits: "2", reference: "after" });
    await expect(member.usage.row("after")).toBeVisible();
    await expect(member.usage.row("before")).toHaveCount(0);

    await row.getByText("Change", { exact: true }).click();
    await row.getByRole("button", { name: "Remove" }).click();
    await settings.says("no longer see this account");
    await expect(member.page.locator(".notice").first()).toBeVisible();
    await member.page.goto(`${server.url}${PATH}?account=${account.key}`);
    await expect(member.page.getByRole("heading", { name: "There is nothing here that you can see." })).toBeVisible();
  });

  test("who is disabled by the operator is out, also on the page that is open", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of 5|WebSocket/);
    const user = await account.user({ role: "analyst" });
    const { usage, page } = await newReader(user);
    await usage.open();
    await server.cli("user", "disable", user.email);
    await expect(page.locator(".notice", { hasText: "Sign in" })).toBeVisible();
    await account.api.report({ company: "acme", credits: "1", reference: "secret" });
    await page.reload();
    await expect(page).toHaveURL(/\/sign-in/);
  });

  test("the only owner stays owner", async ({ account, usage, page, server }) => {
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Members");
    const row = settings.row("members", "owner-");
    await row.getByText("Change", { exact: true }).click();
    await row.locator("[name=role]").selectOption("analyst");
    await row.getByRole("button", { name: "Save" }).click();
    await settings.says("only owner");
    await expect(settings.row("members", "owner-")).toContainText("Owner");
    expect(account.key).not.toBe("");
  });

  test("a person of two accounts switches between them", async ({ account, newAccount, newReader, server }) => {
    const other = await newAccount({ name: "Brightside", companies: { east: "Brightside East" } });
    const user = await account.user();
    const owner = await newReader(await other.user());
    await owner.usage.open();
    const link = await new Settings(owner.page, server).invite(user.email, "analyst");
    const { page, usage } = await newReader(user);
    await page.goto(link);
    await page.getByRole("button", { name: "Join Brightside" }).click();
    await usage.isLive();
    await expect(page.locator(".account-menu summary")).toContainText("Brightside");
    await page.locator(".account-menu summary").click();
    await page.locator(".account-menu").getByRole("link", { name: "Northwind Agency" }).click();
    await expect(page.locator(".account-menu summary")).toContainText("Northwind Agency");
    await expect(page).toHaveURL(new RegExp(`account=${account.key}`));
  });
});
