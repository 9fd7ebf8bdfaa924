import { micro } from "../support/credits";
import { GOOD_PASSWORD, Settings } from "../support/settings";
import { expect, test } from "../support/test";
import { PATH, UsagePage } from "../support/usage-page";

const WHOLE_PAGES = ["/billing/plans", "/billing/advice", "/billing/alerts", "/settings/members", "/settings/keys", "/settings/audit", "/settings/brand"];

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
    const link = await new Settings(owner.page, server).invite(`client@${account.key}.example`, "client", "acme");

    const context = await browser.newContext();
    problems.watch(context);
    const page = await context.newPage();
    await new Settings(page, server).accept(link, "Amir Haddad");
    const usage = new UsagePage(page, server);
    await usage.isLive();
    expect(await usage.used()).toBe(micro("3"));
    expect(await usage.spentByAll()).toBe(micro("3"));
    expect((await usage.rows()).map((row) => row.reference)).toEqual(["ours"]);
    const companies = await usage.openMenu("Company");
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
    await expect(links).toHaveText(["AI Credits Usage", "Trends", "Weekly review", "Value", "Your account"]);
    const settings = new Settings(page, server);
    for (const path of WHOLE_PAGES) await settings.isNothing(`${path}?account=${account.key}`);
    for (const query of [`?account=${other.key}`, "?account=nowhere"]) {
      expect((await usage.goto(query))?.status(), query).toBe(404);
    }
    expect((await usage.goto("?company=bluewater"))?.status()).toBe(422);
    await usage.open("?event=end2end/ours");
    await expect(usage.receipt).toContainText("ours");
    await usage.open("?event=end2end/theirs");
    await expect(usage.receipt).toHaveCount(0);
    expect(await page.content()).not.toContain("theirs");
    await context.close();
  });

  test("the companies board tells clients of their own company, and of no other", async ({ account, newReader, server }) => {
    await account.api.report({ company: "acme", credits: "3" }, { company: "bluewater", credits: "41.5" });
    const { page } = await newReader(await account.user({ role: "client", company: "acme" }));
    const settings = new Settings(page, server);
    await settings.goto(`/companies?account=${account.key}&search=blue`);
    expect(await page.content()).not.toMatch(/Bluewater|41\.5|44\.5/);
    await settings.goto(`/companies?account=${account.key}`);
    await expect(page.getByRole("rowheader")).toHaveText([/Acme Dental/]);
    await expect(page.getByText("1 company · 3 credits used")).toBeVisible();
    expect(await page.content()).not.toMatch(/bluewater|41\.5|44\.5/i);
  });

  test("the link of an invitation works once, and not after it was taken back", async ({ account, usage, page, browser, server, problems }) => {
    problems.allow(/status of 4/);
    const [ada, bob] = ["ada", "bob"].map((name) => `${name}@${account.key}.example`);
    await usage.open();
    const settings = new Settings(page, server);
    const link = await settings.invite(ada, "analyst");
    await expect(settings.row("invitations", ada)).toContainText("All companies");
    const context = await browser.newContext();
    problems.watch(context);
    const guest = new Settings(await context.newPage(), server);
    await guest.page.goto(link);
    await guest.page.getByLabel("Your name").fill("Ada");
    await guest.page.getByLabel("Choose a password").fill("password1");
    await guest.page.getByRole("button", { name: /^Join/ }).click();
    await expect(guest.page.getByRole("alert")).toContainText("too easy to guess");
    await guest.accept(link, "Ada");
    await guest.page.close();
    const stranger = new Settings(await context.newPage(), server);
    await context.clearCookies();
    await stranger.isNothing(new URL(link).pathname);
    const posted = await context.request.post(link, { form: { name: "Eve", password: GOOD_PASSWORD }, maxRedirects: 0 });
    expect(posted.status()).toBe(404);
    expect(await context.cookies()).toEqual([]);

    const other = await settings.invite(bob, "analyst");
    await expect(settings.row("members", ada)).toContainText("Analyst");
    await settings.row("invitations", bob).getByRole("button", { name: "Revoke" }).click();
    await expect(settings.row("invitations", bob)).toHaveCount(0);
    await stranger.isNothing(new URL(other).pathname);
    await context.close();
  });

  test("what cannot be an invitation is said at its field, and what was entered stays", async ({ usage, page, server, problems }) => {
    problems.allow(/status of 422/);
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Members");
    await settings.sendInvitation("ada@acme.example", "client", "");
    await settings.refuses("Choose at least one company for a client.");
    const sheet = settings.sheet;
    await expect(sheet.getByText("1 field to correct")).toBeVisible();
    await expect(sheet.locator("[name=companies]").first()).toBeFocused();
    await expect(sheet.getByLabel("Email")).toHaveValue("ada@acme.example");
    await expect(sheet.locator("[name=role]")).toHaveValue("client");
    await expect(page.getByTestId("invitations")).toHaveCount(0);
    await sheet.getByLabel("Acme Dental").check();
    await sheet.getByLabel("Email").fill("ada");
    await sheet.getByRole("button", { name: "Invite", exact: true }).click();
    await settings.refuses("Email must be an email address");
    await expect(sheet.getByLabel("Email")).toBeFocused();
    await expect(sheet.getByLabel("Acme Dental")).toBeChecked();
    await sheet.getByLabel("Email").fill("ada@acme.example");
    await sheet.getByRole("button", { name: "Invite", exact: true }).click();
    await settings.says("Invitation sent to ada@acme.example.");
    await page.reload();
    await expect(page.getByTestId("invitation-link")).toHaveCount(0);
    await expect(page.getByTestId("done")).toHaveCount(0);
    await expect(settings.row("invitations", "ada@acme.example")).toContainText("Acme Dental");
  });

  test("a member who is no owner cannot manage members, whatever they send", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of 4/);
    const owner = await account.user();
    for (const role of ["billing_admin", "analyst", "client"] as const) {
      const user = await account.user({ role, company: role === "client" ? "acme" : undefined });
      const { page, context } = await newReader(user);
      const settings = new Settings(page, server);
      for (const path of ["/settings/members", "/settings/keys", "/settings/audit", "/settings/brand"]) await settings.isNothing(`${path}?account=${account.key}`);
      const form = { account: account.key, email: "eve@acme.example", role: "owner", companies: "" };
      const posted = await context.request.post(`${server.url}/settings/members/invite`, { form, headers: { origin: server.url } });
      expect(await posted.text()).not.toContain("invitation-link");
    }
    const { page, usage } = await newReader(owner);
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Members");
    await expect(page.getByTestId("members").getByRole("row")).toHaveCount(5);
    await expect(page.getByTestId("invitations")).toHaveCount(0);
  });

  test("a change of role reaches the page that is open, and a removal ends it", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of (401|404|500)|WebSocket/);
    const user = await account.user({ role: "client", company: "acme" });
    const member = await newReader(user);
    await member.usage.open();
    const owner = await newReader(await account.user());
    const settings = new Settings(owner.page, server);
    await owner.usage.open();
    await settings.open("Members");
    const row = settings.row("members", user.email);
    const sheet = await settings.change(row);
    await sheet.getByLabel("Bluewater Spa").check();
    await sheet.getByLabel("Acme Dental").uncheck();
    await sheet.getByRole("button", { name: "Save" }).click();
    await settings.says("with access to Bluewater Spa.");
    await account.api.report({ company: "acme", credits: "1", reference: "before" }, { company: "bluewater", credits: "2", reference: "after" });
    await expect(member.usage.row("after")).toBeVisible();
    await expect(member.usage.row("before")).toHaveCount(0);

    await settings.change(row);
    await sheet.locator("[name=role]").selectOption("analyst");
    await sheet.getByLabel("Bluewater Spa").uncheck();
    await sheet.getByRole("button", { name: "Save" }).click();
    await settings.says("is an analyst now, with access to all companies.");
    await expect(member.usage.row("before")).toBeVisible();
    expect(await member.usage.spentByAll()).toBe(micro("3"));
    await member.page.reload();
    await expect(member.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Companies" })).toBeVisible();

    await member.usage.isLive();
    await settings.remove(row, "Remove member");
    await settings.says("no longer see this account");
    await expect(member.page.getByRole("heading", { name: "There is nothing here that you can see." })).toBeVisible();
    await account.api.report({ company: "acme", credits: "4", reference: "secret" });
    await owner.usage.open();
    await expect(owner.usage.row("secret")).toBeVisible();
    await expect(member.usage.row("secret")).toHaveCount(0);
    await member.page.goto(`${server.url}${PATH}?account=${account.key}`);
    await expect(member.page.getByRole("heading", { name: "There is nothing here that you can see." })).toBeVisible();
  });

  test("who is disabled by the operator is out, also on the page that is open", async ({ account, newReader, server, problems }) => {
    problems.allow(/status of (401|5)|WebSocket/);
    const user = await account.user({ role: "analyst" });
    const { usage, page } = await newReader(user);
    await usage.open();
    await server.cli("user", "disable", user.email);
    await expect(page).toHaveURL(/\/sign-in/);
    await page.goto(`${server.url}${PATH}?account=${account.key}`);
    await expect(page).toHaveURL(/\/sign-in/);
  });

  test("the only owner stays owner", async ({ usage, page, server, problems }) => {
    problems.allow(/status of 409/);
    await usage.open();
    const settings = new Settings(page, server);
    await settings.open("Members");
    const row = settings.row("members", "owner-");
    const sheet = await settings.change(row);
    await sheet.locator("[name=role]").selectOption("analyst");
    await sheet.getByRole("button", { name: "Save" }).click();
    await settings.refuses("only owner");
    await expect(sheet.locator("[name=role]")).toHaveValue("analyst");
    await sheet.getByRole("link", { name: "Cancel" }).click();
    await expect(row.getByRole("cell").first()).toHaveText("Owner");
    await row.getByText("Remove", { exact: true }).click();
    await expect(settings.sheet).toContainText("is the only owner of this account");
    await settings.sheet.getByRole("link", { name: "Close" }).last().click();
    await expect(row).toHaveCount(1);
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
    await expect(page.locator(".account-switch")).toContainText("Brightside");
    await page.locator(".account-switch").click();
    await page.getByRole("dialog").getByRole("link", { name: /^Northwind Agency/ }).click();
    await expect(page.locator(".account-switch")).toContainText("Northwind Agency");
    await expect(page).toHaveURL(new RegExp(`account=${account.key}`));
  });
});
