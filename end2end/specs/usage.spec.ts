import { AGENTS, minutesAgo, type Usage } from "../support/api";
import { decimal, micro, sum } from "../support/credits";
import { expect, test } from "../support/test";
import { PATH, UsagePage } from "../support/usage-page";

/// One event a minute, of every agent and both companies in turn; the newest is `ref-0000`.
const HISTORY: Usage[] = Array.from({ length: 130 }, (_, minute) => ({
  company: minute % 3 === 0 ? "bluewater" : "acme",
  agent: AGENTS[minute % AGENTS.length],
  credits: decimal(micro("0.25") * BigInt(minute + 1)),
  reference: `ref-${String(minute).padStart(4, "0")}`,
  time: minutesAgo(minute + 1),
}));
const ALL = sum(HISTORY.map((usage) => micro(usage.credits ?? "0")));

test.describe("The usage page without scripts", () => {
  test.use({ javaScriptEnabled: false });
  test.beforeEach(async ({ account }) => {
    await account.api.report(...HISTORY);
  });

  test("it is complete: gauge, six cards with charts, and the newest rows of the log", async ({ usage, page }) => {
    const response = await usage.goto();
    expect(response?.status()).toBe(200);
    expect(await usage.used()).toBe(ALL);
    expect(await usage.remaining()).toBe(micro("10000") - ALL);
    expect(await usage.spentByAll()).toBe(ALL);
    expect(await usage.listed()).toEqual({ events: HISTORY.length, credits: ALL });
    for (const agent of AGENTS) {
      const spent = sum(HISTORY.filter((usage) => usage.agent === agent).map((usage) => micro(usage.credits ?? "0")));
      expect(await usage.spentBy(agent)).toBe(spent);
      await expect(usage.card(agent).locator("svg [data-i]").first()).toBeAttached();
    }
    await expect(page.locator(".log-row")).toHaveCount(50);
    await expect(page.locator(".log-row .reference").first()).toHaveText("ref-0000");
    await expect(page.locator(".log-row .reference").last()).toHaveText("ref-0049");
  });

  test("links lead through the whole log, older page by older page", async ({ usage, page }) => {
    await usage.goto("?company=acme&agent=chat&agent=nox");
    const wanted = HISTORY.filter(({ company, agent }) => company === "acme" && (agent === "chat" || agent === "nox"));
    const seen: string[] = [];
    for (;;) {
      seen.push(...(await page.locator(".log-row:not(.beyond) .reference").allTextContents()));
      const older = page.getByRole("link", { name: "Older events" });
      if ((await older.count()) === 0) break;
      await older.click();
    }
    expect(seen).toEqual(wanted.map((usage) => usage.reference));
  });

  test("the filters are links and forms that work", async ({ usage, page }) => {
    await usage.goto();
    const companies = await usage.openMenu("Company");
    await companies.getByRole("link", { name: "Bluewater Spa" }).click();
    await expect(page).toHaveURL(/[?&]company=bluewater$/);
    const spent = sum(HISTORY.filter((usage) => usage.company === "bluewater").map((usage) => micro(usage.credits ?? "0")));
    expect((await usage.listed()).credits).toBe(spent);
    await usage.card("voice_web").getByRole("link").click();
    await expect(page).toHaveURL(/[?&]company=bluewater&agent=voice_web$/);
    const today = new Date().toISOString().slice(0, 10);
    const period = await usage.openMenu("Period");
    await period.getByLabel("From").fill(today);
    await period.getByLabel("To").fill(today);
    await period.getByRole("button", { name: "Show" }).click();
    await expect(page).toHaveURL(new RegExp(`from=${today}&to=${today}`));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
  });

  test("a form keeps the filters that were chosen before it", async ({ usage, page }) => {
    await usage.goto("?company=bluewater&agent=nox");
    await page.getByRole("searchbox").fill("ref-00");
    await page.getByRole("searchbox").press("Enter");
    await expect(page).toHaveURL(/q=ref-00/);
    const query = new URLSearchParams(usage.query());
    expect(query.getAll("company")).toEqual(["bluewater"]);
    expect(query.getAll("agent")).toEqual(["nox"]);
  });

  test("what only a script could do is not offered", async ({ usage, page }) => {
    await usage.goto();
    await expect(usage.live).toBeHidden();
    await expect(page.getByRole("button", { name: "Theme" })).toBeHidden();
    await expect(page.getByText("Jump to date")).toBeHidden();
  });
});

test.describe("The usage page", () => {
  test("hydrating it changes nothing that can be read, and shows no error", async ({ account, newReader }) => {
    await account.api.report(...HISTORY);
    const user = await account.user();
    const plain = await newReader(user, { javaScriptEnabled: false });
    const hydrated = await newReader(user);
    await plain.usage.goto();
    await hydrated.usage.open();
    for (const part of [".page-title", ".gauge", ".agents", ".section-header", ".log-head", ".sidebar .nav"]) {
      const texts = ({ page }: typeof plain) => page.locator(part).allInnerTexts();
      expect(await texts(hydrated), part).toEqual(await texts(plain));
    }
    const inView = await hydrated.usage.rows();
    expect(inView.length).toBeGreaterThan(5);
    expect(inView).toEqual(await plain.usage.rows());
  });

  test("every file that it loads is there, of the right type, and compressed", async ({ usage, page }) => {
    const loaded = new Map<string, string>();
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (/\.\w+$/.test(pathname)) loaded.set(pathname, response.url());
    });
    await usage.open();
    const types: Record<string, RegExp> = { js: /^(text|application)\/javascript/, wasm: /^application\/wasm$/, css: /^text\/css/, svg: /^image\/svg\+xml/, woff2: /^font\/woff2/ };
    for (const kind of ["js", "wasm", "css"]) expect([...loaded.keys()].filter((path) => path.startsWith("/pkg/") && path.endsWith(`.${kind}`)), kind).toHaveLength(1);
    for (const [path, url] of loaded) {
      const kind = path.split(".").at(-1) ?? "";
      for (const encoding of ["br", "gzip"]) {
        const response = await fetch(url, { headers: { "accept-encoding": encoding } });
        expect(response.status, path).toBe(200);
        expect(response.headers.get("content-type"), path).toMatch(types[kind] ?? /^$/);
        if (path.startsWith("/pkg/")) expect(response.headers.get("content-encoding"), path).toBe(encoding);
        expect((await response.arrayBuffer()).byteLength, path).toBeGreaterThan(0);
      }
    }
  });

  test("a file that is not there is not answered with a page", async ({ usage }) => {
    const response = await fetch(`${usage.server.url}/pkg/creditscope-old.js`, { headers: { accept: "*/*" } });
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type") ?? "").not.toContain("html");
  });

  test("its policy lets only its own scripts run, and its HTML needs no exception", async ({ usage, page, account }) => {
    await account.api.report(...HISTORY);
    const response = await page.request.get(`${usage.server.url}${PATH}?company=acme`);
    const policy = response.headers()["content-security-policy"] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'nonce-[^']{16,}'/);
    expect(policy).not.toContain("unsafe-inline");
    expect(policy).not.toMatch(/'unsafe-eval'/);
    expect(response.headers()["x-content-type-options"]).toBe("nosniff");
    const html = await response.text();
    expect(html).not.toMatch(/<[^>]*\sstyle\s*=/i);
    expect(html).not.toMatch(/<[^>]*\son[a-z]+\s*=/i);
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
    const scripts = [...html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
    expect(scripts.length).toBeGreaterThan(0);
    for (const tag of scripts) expect(tag).toContain(`nonce="${nonce}"`);
    const again = await page.request.get(`${usage.server.url}${PATH}`);
    expect(again.headers()["content-security-policy"]).not.toContain(nonce);
  });

  test("a violation of the policy would fail these tests", async ({ usage, page, problems }) => {
    await usage.open();
    await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<i style="color: red">styled</i>'));
    await expect.poll(() => problems.unexpected().join()).toContain("Content Security Policy");
    problems.allow(/Content Security Policy/);
  });

  test("an address that leads nowhere says so and leads back", async ({ usage, page, problems }) => {
    problems.allow(/404/);
    const response = await page.goto(`${usage.server.url}/billing/nothing`);
    expect(response?.status()).toBe(404);
    await page.getByRole("link", { name: "Go to AI Credits Usage" }).click();
    await expect(page).toHaveURL(`${usage.server.url}${PATH}`);
    await new UsagePage(page, usage.server).isLive();
  });

  test("the theme can be turned, and the choice is kept", async ({ usage, page }) => {
    await page.emulateMedia({ colorScheme: "light" });
    await usage.open();
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: "Theme" }).click();
    await expect.poll(background).not.toBe(light);
    const dark = await background();
    await page.reload();
    expect(await background()).toBe(dark);
  });

  test("the charts' table shows the same sums as the cards", async ({ usage, page, account }) => {
    await account.api.report(...HISTORY);
    await usage.open();
    await page.getByText("Show these charts as a table").click();
    const table = page.getByRole("region", { name: "Credits by day and agent" });
    const cells = (row: string) => table.locator(row).evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent ?? "")));
    await expect(table.locator("tbody tr").first()).toBeVisible();
    const [sums = []] = await cells("tfoot tr");
    const days = await cells("tbody tr");
    for (const [column, agent] of [...AGENTS, undefined].entries()) {
      const shown = agent === undefined ? await usage.spentByAll() : await usage.spentBy(agent);
      expect(micro(sums[column] ?? "")).toBe(shown);
      expect(sum(days.map((day) => micro(day[column] ?? "")))).toBe(shown);
    }
  });

  test("a bar tells its exact figures to the keyboard, and leads to its events", async ({ usage, page, account }) => {
    await account.api.report({ company: "acme", agent: "chat", credits: "1.25", time: minutesAgo(0) });
    await usage.open();
    const chart = usage.card("chat").getByRole("group");
    await chart.focus();
    // The last bar of a running cycle is its last day; today's is the only one with credits.
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press("ArrowLeft");
      if ((await chart.getByRole("status").innerText()).includes("1.25 credits · 1 event")) break;
    }
    await expect(chart.getByRole("status")).toContainText("1.25 credits · 1 event");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/agent=chat&from=.*&to=/);
    await expect.poll(() => usage.listed()).toEqual({ events: 1, credits: micro("1.25") });
  });
});
