import type { Page } from "@playwright/test";
import { minutesAgo, type Usage } from "../support/api";
import { micro } from "../support/credits";
import { expect, test } from "../support/test";
import { PATH } from "../support/usage-page";

/// All of one day, also just after midnight: a link to an event names its day.
function history(count: number, prefix = "old"): Usage[] {
  const today = (Date.now() / 60_000) % (24 * 60);
  const newest = today < count * 0.1 + 3 ? today + 2 : 2;
  return Array.from({ length: count }, (_, minute) => ({
    company: "acme",
    credits: "0.5",
    reference: `${prefix}-${String(minute).padStart(4, "0")}`,
    id: `${prefix}-${String(minute).padStart(4, "0")}`,
    time: minutesAgo(minute * 0.1 + newest),
  }));
}

/// Width of a part of the gauge's bar, in percent.
async function width(page: Page, part: string): Promise<number> {
  return Number.parseFloat((await page.locator(`.gauge-bar > .${part}`).getAttribute("width")) ?? "");
}

test.describe("How much is left", () => {
  test("the level is said in words and an icon, and the card changes with it", async ({ usage, account, page }) => {
    await usage.open();
    const level = page.getByTestId("level");
    const icons = new Set<string | null>();
    for (const [credits, words, state] of [
      ["0.5", "< 1% used", "used"],
      ["7399.5", "74% used", "used"],
      ["100", "Running low", "running-low"],
      ["1500", "Almost out", "almost-out"],
      ["1000", "Out of credits", "out-of-credits"],
    ] as const) {
      await account.api.report({ company: "acme", credits });
      await expect(level).toHaveText(words);
      await expect(page.locator(".gauge")).toHaveClass(new RegExp(`level-${state}$`));
      icons.add(await level.locator("path").getAttribute("d"));
    }
    expect(icons.size).toBe(4);
  });

  test("one company is measured against its own budget, live, and what stays the account's has a line of its own", async ({ usage, account, page }) => {
    const budget = (credits: string) => account.api.put(`accounts/${account.key}/companies/acme`, { name: "Acme Dental", budget: credits });
    await budget("200");
    await usage.open("?company=acme");
    await expect(page.getByTestId("gauge-title")).toHaveText("Used this cycle by Acme Dental");
    await account.api.report({ company: "acme", credits: "150" }, { company: "bluewater", credits: "7000" });
    await expect(page.getByTestId("level")).toHaveText("Running low");
    await expect.poll(() => usage.remaining()).toBe(micro("50"));
    expect(await usage.used()).toBe(micro("150"));
    await expect(page.getByTestId("account-line")).toHaveText(/^Account: 2,850 credits remaining, .+ plan, 71% used$/);
    await budget("1000");
    await expect(page.getByTestId("level")).toHaveText("15% used");
  });

  test("the last cycle has its own figures, and nothing to look ahead to", async ({ usage, account, page }) => {
    await account.api.report({ company: "acme", credits: "9500" });
    await usage.open("?period=last_cycle");
    await expect(page.getByTestId("gauge-title")).toHaveText("Used last cycle");
    await expect(page.getByTestId("level")).toHaveText("No usage");
    await expect(page.getByTestId("outlook")).toBeHidden();
    expect(await usage.used()).toBe(0n);
    // What goes on now is told all the same.
    await expect(page.locator(".notice.warning")).toContainText("Almost out of credits.");
  });

  test("what a pack adds and a correction takes off follows at once, in the facts and in the chart", async ({ usage, account, page }) => {
    await usage.open();
    const allocation = page.getByTestId("allocation");
    const chart = page.locator(".gauge-chart");
    await expect(allocation).toHaveText("10,000");
    await expect(chart).toContainText("granted 10,000");
    await account.api.grantPack(`${account.key}-boost`, "Boost", "5000");
    await expect(allocation).toHaveText("10,000 + 5,000");
    await expect(page.getByText(/ plan \+ add-ons$/)).toBeVisible();
    await expect(chart).toContainText("granted 15,000");
    await account.api.adjust("-5250.5");
    await expect(allocation).toHaveText("10,000 − 250");
    await expect(chart).toContainText("granted 9,750");
    expect(await usage.remaining()).toBe(micro("9749.5"));
  });

  for (const width of [320, 768]) {
    test(`huge amounts and none at all fit a window of ${width} px`, async ({ newAccount, newReader }) => {
      for (const [monthlyCredits, used] of [["812345678.123456", "623456789.654321"], ["0", "0.000001"]] as const) {
        const account = await newAccount({ monthlyCredits });
        const { usage, page } = await newReader(await account.user(), { viewport: { width, height: 800 } });
        await account.api.report({ company: "acme", credits: used });
        if (monthlyCredits !== "0") {
          await account.api.adjust("123456789.5");
          await account.api.hold({ company: "acme", credits: "61234567.5", id: "huge" });
          await account.api.renewHold("huge", "31234567.123456");
        }
        await usage.open();
        await usage.fitsTheWindow();
        const cut = await page.locator(".gauge dd, .gauge-figure, .legend li, .running-call p:not(.running-agent)").evaluateAll((parts) => {
          const card = (part: Element) => part.closest(".card")?.getBoundingClientRect().right ?? 0;
          const right = (part: Element) => {
            const range = document.createRange();
            range.selectNodeContents(part);
            return range.getBoundingClientRect().right;
          };
          return parts.filter((part) => right(part) > card(part)).map((part) => part.textContent);
        });
        expect(cut).toEqual([]);
      }
    });
  }
});

test.describe("When credits run out", () => {
  test("a banner with what helps appears without a reload, and goes once there are credits again", async ({ usage, account, page }) => {
    await usage.open(`?account=${account.key}`);
    await account.api.report({ company: "acme", credits: "10000.5" });
    const banner = page.locator(".notice.danger");
    await expect(banner).toContainText("AI features have stopped.");
    await expect(banner).toContainText("Overage: 1 credit.");
    await expect(banner).toContainText(/New credits arrive on \d+ \w+ \d{4}/);
    await banner.locator("summary").click();
    for (const name of ["Buy a pack", "Compare plans"]) {
      await expect(banner.getByRole("link", { name })).toHaveAttribute("href", `/billing/plans?account=${account.key}`);
    }
    expect(await width(page, "overage")).toBeGreaterThan(1);
    await account.api.grantPack(`${account.key}-more`, "More", "100000");
    await expect(banner).toHaveCount(0);
    await expect(page.getByTestId("level")).toHaveText("9% used");
  });

  test("near the end the notice is calm, then a warning, with the same action", async ({ usage, account, page }) => {
    await usage.open();
    await account.api.report({ company: "acme", credits: "7500" });
    await expect(page.locator(".notice.calm")).toContainText("Running low on credits.");
    await account.api.report({ company: "acme", credits: "1500" });
    const notice = page.locator(".notice.warning");
    await expect(notice).toContainText("Almost out of credits.");
    await notice.locator("summary").click();
    await expect(notice.getByRole("link", { name: "Buy a pack" })).toHaveAttribute("href", "/billing/plans");
  });

  test("who may not buy is told whom to ask; who sees one company learns that it stopped, and no figure", async ({ newAccount, newReader }) => {
    const account = await newAccount({ monthlyCredits: "77123" });
    const analyst = await newReader(await account.user({ role: "analyst" }));
    const client = await newReader(await account.user({ role: "client", company: "acme" }));
    await analyst.usage.open();
    await client.usage.open();
    await account.api.report({ company: "bluewater", credits: "78000" });
    for (const { page } of [analyst, client]) {
      const banner = page.locator(".notice.danger");
      await expect(banner).toContainText("AI features have stopped.");
      await banner.locator("summary").click();
      await expect(banner).toContainText("Ask your admin to buy a pack");
      await expect(banner.getByRole("link")).toHaveCount(0);
    }
    expect(await client.page.locator("main").innerText()).not.toMatch(/77,123|78,000|877/);
    await expect(client.page.getByTestId("level")).toHaveText("Out of credits");
    await expect(client.page.getByTestId("account-line")).toBeHidden();
  });

  test("past zero with overage allowed they go on, and the bar says how far", async ({ newAccount, newReader }) => {
    const account = await newAccount({ policy: "overage" });
    const { usage, page } = await newReader(await account.user());
    await usage.open();
    await account.api.report({ company: "acme", credits: "15000" });
    await expect(page.getByTestId("level")).toHaveText("Overage");
    await expect(page.getByTestId("overage")).toContainText("5,000");
    await expect(page.locator(".notice.warning")).toContainText("AI features go on");
    expect(await width(page, "overage")).toBeCloseTo(33.33, 1);
  });

  test("a suspended account is told so, and that buying does not help", async ({ usage, account, page }) => {
    await usage.open();
    await account.api.suspend(true);
    const banner = page.locator(".notice.danger");
    await expect(banner).toContainText("This account is suspended.");
    await banner.locator("summary").click();
    await expect(banner.getByRole("link")).toHaveCount(0);
    await account.api.suspend(false);
    await expect(banner).toHaveCount(0);
  });
});

test.describe("Active calls", () => {
  test("a call appears with its hold, ticks, and becomes a row when it ends", async ({ usage, account, page }) => {
    await usage.open();
    const strip = page.getByTestId("running");
    await expect(strip).toContainText("No active calls");
    expect(await width(page, "held")).toBe(0);
    const place = await strip.boundingBox();
    await account.api.hold({ company: "acme", credits: "500", id: "call-1" });
    await expect(strip.getByRole("listitem")).toHaveCount(1);
    await expect(strip).toContainText("Voice Inbound");
    await expect(strip).toContainText("Acme Dental");
    await expect(page.getByTestId("held")).toHaveText("Reserved by 1 active call 500");
    expect(await width(page, "held")).toBe(5);
    await expect(page.locator(".gauge-bar > .held")).toHaveAttribute("fill", /^url\(#/);
    expect(await usage.remaining()).toBe(micro("10000"));

    const time = strip.locator(".running-time");
    const seconds = async () => Number(/(\d\d):(\d\d)$/.exec((await time.textContent()) ?? "")?.[2]);
    const began = await seconds();
    await expect.poll(seconds).toBeGreaterThan(began + 1);
    await account.api.renewHold("call-1", "42.5");
    await expect(strip.locator(".running-used")).toContainText("500 reserved, 43 credits used");
    expect(await strip.boundingBox(), "it is as tall as without calls").toEqual(place);

    await account.api.settleHold("call-1", "61.25", "call_81f");
    await expect(usage.row("call_81f")).toHaveCount(1);
    await expect(strip).toContainText("No active calls");
    expect(await strip.boundingBox()).toEqual(place);
    await expect(page.getByTestId("held")).toHaveText("Reserved 0");
    expect(await width(page, "held")).toBe(0);
    expect(await usage.used()).toBe(micro("61.25"));
  });

  test("the four longest are shown, the count opens the others, and those that tick are not read out", async ({ usage, account, page }) => {
    for (let call = 0; call < 9; call++) await account.api.hold({ company: "acme", credits: "10", id: `many-${call}` });
    await usage.open();
    const strip = page.getByTestId("running");
    await expect(strip.getByRole("listitem")).toHaveCount(4);
    await expect(page.getByTestId("running-more")).toHaveText("+ 5 more");
    await expect(strip).toContainText("9 active calls");
    await expect(strip).toContainText("90 credits reserved");
    await expect(strip.locator("[aria-live], [role=status], [role=alert]")).toHaveCount(0);
    const place = () => strip.boundingBox();
    const before = await place();
    await account.api.settleHold("many-0", "1", "ended");
    await expect(page.getByTestId("running-more")).toHaveText("+ 4 more");
    expect(await place()).toEqual(before);
    await strip.locator("summary").click();
    await expect(strip.getByRole("list", { name: "Other active calls" }).getByRole("listitem")).toHaveCount(4);
    expect(await place()).toEqual(before);
  });

  test("who sees one company sees its calls only", async ({ account, newReader }) => {
    await account.api.hold({ company: "acme", credits: "10", id: "own-call" });
    await account.api.hold({ company: "bluewater", credits: "20", id: "foreign-call" });
    const { usage, page } = await newReader(await account.user({ role: "client", company: "acme" }));
    await usage.open();
    await expect(page.getByTestId("running").getByRole("listitem")).toHaveCount(1);
    await expect(page.getByTestId("running")).toContainText("1 active call");
    await expect(page.getByTestId("running")).toContainText("10 credits reserved");
    expect(await page.content()).not.toContain("foreign-call");
  });
});

test.describe("Credits that are given back", () => {
  test("row, cards, gauge and open receipt follow live", async ({ usage, account, page }) => {
    await account.api.report({ company: "acme", agent: "nox", credits: "12.5", reference: "cut-off", id: "cut-off" }, ...history(3));
    await usage.open();
    await usage.row("cut-off").click();
    await expect(usage.receipt).toContainText("12.5");
    await account.api.reverse("cut-off", "call was cut", "2.25");
    const cell = usage.row("cut-off").locator(".credits");
    await expect(cell).toHaveClass(/given-back/);
    await expect(cell).toHaveAttribute("title", "12.5 credits, of which 2.25 refunded");
    await expect(cell).toContainText("After a refund: 10.25");
    await expect.poll(() => usage.spentBy("nox")).toBe(micro("10.25"));
    expect(await usage.used()).toBe(micro("11.75"));
    expect(await usage.remaining()).toBe(micro("9988.25"));
    const reversals = page.getByTestId("reversals");
    await expect(reversals).toContainText("2.25");
    await expect(reversals).toContainText("call was cut");
    await expect(reversals).toContainText(/by key \w+/);
    await account.api.reverse("cut-off", "all of it");
    await expect(cell).toHaveAttribute("title", "12.5 credits refunded in full");
    await expect(reversals.getByRole("listitem")).toHaveCount(2);
    await expect.poll(() => usage.spentBy("nox")).toBe(0n);
  });
});

test.describe("A receipt", () => {
  test("says who paid and what was left, in parts and with overage in words", async ({ newAccount, newReader }) => {
    const account = await newAccount({ monthlyCredits: "100", policy: "overage" });
    await account.api.grantPack(`${account.key}-pack`, "Boost 50", "50");
    await account.api.report({ company: "acme", credits: "60", reference: "plan-only" });
    await account.api.report({ company: "acme", credits: "120", reference: "three-payers" });
    const { usage, page } = await newReader(await account.user());
    await usage.open();
    const paidBy = page.getByTestId("paid-by");
    const balance = usage.receipt.locator("dl > div", { has: page.locator("dt", { hasText: "Balance after" }) }).locator("dd");
    await usage.row("plan-only").click();
    await expect(paidBy.getByRole("listitem")).toHaveCount(1);
    await expect(balance).toHaveText("90");
    await usage.row("three-payers").click();
    await expect(paidBy.getByRole("listitem")).toHaveCount(3);
    await expect(paidBy.getByRole("listitem").nth(0)).toContainText("40");
    await expect(paidBy.getByRole("listitem").nth(1)).toHaveText("Boost 50 50");
    await expect(paidBy.getByRole("listitem").nth(2)).toHaveText("Overage 30");
  });

  test("pushes the rows below it down by its height, and is closed without a gap", async ({ usage, account, page }) => {
    await account.api.report(...history(60));
    await usage.open();
    const top = (reference: string) => usage.row(reference).evaluate((row) => row.getBoundingClientRect().top);
    const apart = async () => (await top("old-0003")) - (await top("old-0002"));
    const before = await apart();
    await usage.row("old-0002").click();
    await expect(usage.receipt).toContainText("old-0002");
    const height = await usage.receipt.evaluate((receipt) => receipt.getBoundingClientRect().height);
    expect(await apart()).toBeCloseTo(before + height, 0);
    await page.keyboard.press("Escape");
    await expect(usage.receipt).toHaveCount(0);
    expect(await apart()).toBeCloseTo(before, 0);
  });
});

test.describe("A link to an event", () => {
  test("is copied from its receipt, and opens it for someone else", async ({ usage, account, page, context, newReader }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const old = history(400);
    await account.api.report(...old);
    await usage.open("?agent=chat");
    await usage.row("old-0005").click();
    // Its name changes while it says so.
    const copy = page.locator("[data-copy=receipt-link]");
    await expect(copy).toHaveAccessibleName("Copy link");
    const width = (await copy.boundingBox())?.width;
    await copy.click();
    await expect(copy.getByRole("status")).toHaveText("Copied");
    await expect(copy).toHaveAttribute("data-copied");
    expect((await copy.boundingBox())?.width).toBe(width);
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toContain(`${PATH}?account=${account.key}&from=`);
    expect(link).toContain("&event=end2end/old-0005");

    const deep = link.replace("old-0005", "old-0300");
    const other = await newReader(await account.user({ role: "analyst" }));
    await other.page.goto(deep);
    await other.usage.isLive();
    await expect(other.usage.receipt).toContainText("old-0300");
    await expect(other.usage.row("old-0300")).toBeInViewport();
    const rows = await other.usage.rows();
    expect(rows.find((row) => row.reference === "old-0300")?.index).toBe(300);
    // What arrives does not move it, and what is above and below can be read.
    const meanwhile = new Date(Number(old[0]?.time) + 60_000);
    await account.api.report({ company: "acme", credits: "1", reference: "meanwhile", time: meanwhile });
    await expect(other.usage.pill).toHaveText("1 new");
    await expect(other.usage.row("old-0300")).toBeInViewport();
    await other.usage.pill.click();
    await expect(other.usage.row("meanwhile")).toHaveCount(1);
  });

  test("works without scripts, near both ends of the log too", async ({ account, newReader }) => {
    await account.api.report(...history(120));
    const { usage, page } = await newReader(await account.user(), { javaScriptEnabled: false });
    for (const reference of ["old-0000", "old-0060", "old-0119"]) {
      await usage.goto(`?event=end2end/${reference}`);
      await expect(usage.row(reference)).toBeVisible();
      await expect(usage.receipt).toContainText(reference);
      await expect(page.locator(".log-row.coming")).toHaveCount(0);
    }
  });

  test("to an event outside of the view leads on to it; to one that is not there says so", async ({ usage, account, page }) => {
    await account.api.report({ company: "acme", agent: "nox", credits: "1", reference: "hidden", id: "hidden/1" }, ...history(3));
    await usage.open("?agent=chat&event=end2end/hidden%252F1");
    await expect(page.locator(".notice")).toContainText("outside this view");
    await page.locator(".notice summary").click();
    await page.getByRole("link", { name: "Show the event" }).click();
    await expect(usage.receipt).toContainText("hidden/1");
    for (const event of ["end2end/no-such-event", "nonsense"]) {
      await usage.open(`?event=${event}`);
      await expect(page.locator(".notice")).toContainText("The linked event was not found.");
      await expect(usage.row("old-0000")).toHaveCount(1);
    }
  });

  test("to another company's event looks like one to none", async ({ account, newReader }) => {
    await account.api.report({ company: "bluewater", credits: "1", reference: "secret", id: "secret" });
    const { usage, page } = await newReader(await account.user({ role: "client", company: "acme" }));
    const said = [];
    for (const id of ["secret", "nothing"]) {
      await usage.open(`?event=end2end/${id}`);
      said.push(await page.locator(".notice").innerText());
    }
    expect(said[0]).toBe(said[1]);
  });
});
