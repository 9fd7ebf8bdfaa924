import { minutesAgo } from "../support/api";
import { micro } from "../support/credits";
import { Settings } from "../support/settings";
import { expect, test } from "../support/test";

const SCRIPT = `<script>window.ran=1</script><img src=x onerror="window.ran=1">`;
const LONG = "Straßenbahnfahrscheinautomatenaufstellgenehmigungsverfahren".repeat(3).slice(0, 120);
const TEXTS = {
  markup: SCRIPT,
  "closing tags": `</script></title></textarea></div><svg onload=window.ran=1>`,
  quotes: `"' onmouseover="window.ran=1" x='\`\${1}`,
  "right to left": "שלום עולם \u202e dlrow \u202c مرحبا",
  "one long word": LONG,
  "many joined marks": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
  "the page's own separators": "__RESOLVED_RESOURCES[0]=\"\\u003c/script>\u2028\";",
};

test.describe("Hostile text", () => {
  for (const [what, text] of Object.entries(TEXTS)) {
    test(`${what} in names, references and metadata is shown as text, served and hydrated`, async ({ newAccount, newReader }) => {
      const name = text.slice(0, 120);
      const account = await newAccount({ name, companies: { acme: name, other: "Other" } });
      const reference = text.slice(0, 200);
      const event = { company: "acme", credits: "1", activity: "chat_reply", reference, metadata: { [reference.slice(0, 50)]: text } };
      await account.api.report({ ...event, time: minutesAgo(5) });
      const user = await account.user();
      const plain = await newReader(user, { javaScriptEnabled: false });
      await plain.usage.goto("?company=acme");
      await expect(plain.page.locator(".log-row .reference").first()).toHaveText(reference, { useInnerText: false });

      const { usage, page } = await newReader(user);
      await usage.open("?company=acme");
      await account.api.report(event);
      await expect.poll(() => usage.listed()).toEqual({ events: 2, credits: micro("2") });
      expect((await usage.rows()).map((row) => [row.reference, row.company])).toEqual([[reference, name], [reference, name]]);
      await page.locator(".log-row").first().click();
      await expect(usage.receipt.locator("dl > div", { has: page.locator("dt", { hasText: "Metadata" }) }).locator("dd")).toContainText(JSON.stringify(text).slice(1, -1).slice(0, 20));
      const companies = await usage.openMenu("Company");
      await expect(companies.getByRole("link").filter({ hasText: name.trim() }).first()).toBeVisible();
      expect(await page.evaluate(() => "ran" in window)).toBe(false);
      for (const width of [1440, 768, 390, 320]) {
        await page.setViewportSize({ width, height: 800 });
        await usage.fitsTheWindow();
      }
    });
  }

  for (const [what, text] of Object.entries(TEXTS)) {
    test(`${what} on the pages of plain forms is shown as text, and they fit`, async ({ newAccount, newReader, server }) => {
      const name = text.replace(/[\u2028\u202e\u202c]/g, "").slice(0, 120);
      const account = await newAccount({ name, companies: { acme: name, other: "Other" } });
      const { page, usage } = await newReader(await account.user());
      await usage.open();
      const settings = new Settings(page, server);
      await settings.invite("ada@example.com", "client", "acme");
      await settings.goto(`/settings/keys?account=${account.key}`);
      await settings.makeKey(name, ["ingest"]);
      await settings.goto(`/settings/brand?account=${account.key}`);
      await page.getByLabel("Name").fill(name.slice(0, 60));
      await page.getByRole("button", { name: "Save" }).click();
      await settings.says("Client branding is saved");
      for (const path of ["/billing/trends", "/companies", "/settings/members", "/settings/keys", "/settings/audit", "/settings/brand", "/settings/you"]) {
        await settings.goto(`${path}?account=${account.key}&failed=${encodeURIComponent(text)}`);
        for (const width of [1440, 768, 390, 320]) {
          await page.setViewportSize({ width, height: 800 });
          await usage.fitsTheWindow();
        }
        expect(await page.evaluate(() => "ran" in window), path).toBe(false);
      }
      const client = await newReader(await account.user({ role: "client", company: "acme" }));
      await client.usage.open();
      await expect(client.page.locator(".brand")).toHaveText(name.slice(0, 60).trim(), { useInnerText: false });
      expect(await client.page.evaluate(() => "ran" in window)).toBe(false);
      await client.usage.fitsTheWindow();
    });
  }

  for (const [what, text] of Object.entries(TEXTS)) {
    test(`${what} in the names of people is shown as text, to others and in the audit log`, async ({ newAccount, newReader, browser, server, problems }) => {
      const name = text.replace(/[\u2028\u202e\u202c]/g, "").slice(0, 120).trim();
      const account = await newAccount({ name, companies: { acme: name } });
      const email = `ada@${account.key}.example`;
      const { page, usage } = await newReader(await account.user({ name }));
      await usage.open();
      const settings = new Settings(page, server);
      const link = await settings.invite(email, "client", "acme");
      await expect(settings.row("invitations", email).locator(".why")).toHaveText(name, { useInnerText: false });
      const guest = await browser.newContext();
      problems.watch(guest);
      const invited = new Settings(await guest.newPage(), server);
      await invited.goto(new URL(link).pathname);
      await expect(invited.page.getByRole("heading", { level: 1 })).toHaveText(`Join ${name}`, { useInnerText: false });
      await invited.accept(link, name);
      await expect(invited.page.locator(".signed-in-name")).toHaveText(name, { useInnerText: false });
      expect(await invited.page.evaluate(() => "ran" in window)).toBe(false);

      const { url } = await account.api.post<{ url: string }>(`accounts/${account.key}/portal-sessions`, { user: name, role: "client", companies: ["acme"], expires_in_s: 600 });
      // A page that is left asks for nothing any more as somebody who is not signed in.
      await invited.page.goto("about:blank");
      await guest.clearCookies();
      await invited.goto(new URL(url).pathname);
      await expect(invited.page.locator(".signed-in-name")).toHaveText(name, { useInnerText: false });
      expect(await invited.page.evaluate(() => "ran" in window)).toBe(false);

      await settings.goto(`/settings/members?account=${account.key}`);
      await expect(settings.row("members", email).locator("th")).toContainText(name, { useInnerText: false });
      await settings.goto(`/settings/audit?account=${account.key}&actor=${encodeURIComponent(`portal ${name}`)}`);
      await expect(page.getByLabel("Actor")).toHaveValue(`portal ${name}`);
      await settings.goto(`/settings/audit?account=${account.key}`);
      await expect(settings.row("audit", "Signed in with a link").locator(".why").last()).toContainText(name, { useInnerText: false });
      for (const path of ["/settings/members", "/settings/audit"]) {
        await settings.goto(`${path}?account=${account.key}`);
        for (const width of [1440, 390, 320]) {
          await page.setViewportSize({ width, height: 800 });
          await usage.fitsTheWindow();
        }
        expect(await page.evaluate(() => "ran" in window), path).toBe(false);
      }
      await guest.close();
    });
  }

  test("a search for markup is shown as it was typed, and finds it", async ({ usage, account, page }) => {
    await account.api.report({ company: "acme", credits: "1", reference: SCRIPT });
    await usage.open(`?q=${encodeURIComponent(SCRIPT.slice(0, 12))}`);
    await expect(page.getByRole("searchbox")).toHaveValue(SCRIPT.slice(0, 12));
    expect(await usage.listed()).toEqual({ events: 1, credits: micro("1") });
    expect(await page.evaluate(() => "ran" in window)).toBe(false);
  });

  test("a problem page repeats a bad address only as text", async ({ usage, page, problems }) => {
    problems.allow(/422/);
    await usage.goto(`?company=${encodeURIComponent(SCRIPT)}`);
    await expect(page.getByRole("alert")).toContainText("<script>");
    expect(await page.evaluate(() => "ran" in window)).toBe(false);
  });

  test("spreadsheets do not run what a reference says", async ({ usage, account, page }) => {
    await account.api.report({ company: "acme", credits: "1", reference: "=HYPERLINK(\"http://evil.example\")" });
    await usage.open();
    const csv = await (await page.request.get(`${usage.server.url}/api/v1/events?format=csv`)).text();
    expect(csv).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  });
});

test.describe("Huge and tiny numbers", () => {
  for (const width of [1440, 768, 390, 320]) {
    test(`nine hundred million credits and a millionth fit a window of ${width} px, exact to the last digit`, async ({ newAccount, newReader }) => {
      const account = await newAccount({ monthlyCredits: "1000000000" });
      await account.api.report({ company: "acme", agent: "chat", credits: "900000000.000001", reference: "huge", time: minutesAgo(2) }, { company: "acme", agent: "nox", credits: "0.000001", reference: "tiny", time: minutesAgo(1) });
      const { usage, page } = await newReader(await account.user(), { viewport: { width, height: 800 } });
      await usage.open();
      expect(await usage.used()).toBe(micro("900000000.000002"));
      expect(await usage.remaining()).toBe(micro("99999999.999998"));
      expect(await usage.spentBy("chat")).toBe(micro("900000000.000001"));
      expect(await usage.spentBy("nox")).toBe(1n);
      expect((await usage.rows()).map((row) => row.credits)).toEqual(["0.000001", "900,000,000.000001"]);
      await usage.fitsTheWindow();
      // Figures are never cut off or laid over their neighbours.
      const cut = await page.locator(".agent-card, .agent-figure, .gauge-figure, .facts dd, .log-row .credits").evaluateAll((elements) =>
        elements.filter((element) => element.scrollWidth > element.clientWidth + 1).map((element) => `${element.className} ${element.textContent} ${element.scrollWidth} > ${element.clientWidth}`),
      );
      expect(cut).toEqual([]);
      const overlapping = await page.locator(".log-row:not(.beyond)").evaluateAll((rows) =>
        rows.flatMap((row) => {
          const boxes = [...row.children].map((cell) => ({ cell, box: cell.getBoundingClientRect() })).filter(({ box }) => box.width > 0);
          const overlaps = (a: DOMRect, b: DOMRect) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
          return boxes.flatMap((a, index) => boxes.slice(index + 1).filter((b) => overlaps(a.box, b.box)).map((b) => `${a.cell.className} over ${b.cell.className}`));
        }),
      );
      expect(overlapping).toEqual([]);
    });
  }
});
