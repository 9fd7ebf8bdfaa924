// Billing > AI Credits Usage, as a reader finds their way about it.

import { expect, type Locator, type Page } from "@playwright/test";
import { type Agent, AGENTS } from "./api";
import { micro, sum } from "./credits";
import { isStyled } from "./look";
import type { Server } from "./server";

export const PATH = "/billing/usage";

/// A row of the log in view.
export interface Row {
  /// Counted from 0 at the newest.
  index: number;
  reference: string;
  company: string;
  agent: string;
  credits: string;
  /// Pixels from the top of the list's view.
  top: number;
}

export class UsagePage {
  readonly log: Locator;
  readonly live: Locator;
  readonly receipt: Locator;
  readonly pill: Locator;
  readonly empty: Locator;
  readonly notLive: Locator;

  constructor(readonly page: Page, readonly server: Server) {
    this.log = page.getByRole("treegrid", { name: "Activity log" });
    this.live = page.locator(".live-mark");
    this.receipt = page.getByTestId("receipt");
    this.pill = page.getByTestId("new-pill");
    this.empty = page.getByTestId("empty-log");
    this.notLive = page.locator(".live-mark", { hasText: "Not live" });
  }

  /// Opens the page and waits until it is hydrated and follows the server.
  async open(query = ""): Promise<void> {
    await this.goto(query);
    await this.isLive();
  }

  async goto(query = "") {
    return this.page.goto(`${this.server.url}${PATH}${query}`);
  }

  async isLive(): Promise<void> {
    await expect(this.live).toHaveText("Live");
  }

  /// The query string of the address bar, with its question mark.
  query(): string {
    return new URL(this.page.url()).search;
  }

  card(agent: Agent): Locator {
    return this.page.getByTestId(`card-${agent}`);
  }

  /// Chooses in a menu by the words on it, and closes it.
  async choose(menu: string, item: string): Promise<void> {
    const panel = await this.openMenu(menu);
    await panel.getByRole("link", { name: item, exact: true }).click();
  }

  /// Opens a menu by the name a screen reader is told, such as `Period`.
  async openMenu(name: string): Promise<Locator> {
    const menu = this.page.locator("details.menu", { has: this.page.locator(`summary[aria-label^="${name}:"], summary .filter-name:text-matches("^${name}")`) });
    if ((await menu.getAttribute("open")) === null) await menu.locator("summary").click();
    await expect(menu.locator(".menu-panel")).toBeVisible();
    return menu.locator(".menu-panel");
  }

  /// The row with a reference.
  row(reference: string): Locator {
    return this.page.locator(".log-row:not(.beyond)").filter({ has: this.page.locator(`.reference[title="${reference}"]`) });
  }

  /// The rows that are in view, in part or whole, newest first.
  async rows(): Promise<Row[]> {
    return this.log.evaluate((log) => {
      const view = log.getBoundingClientRect();
      const text = (row: Element, cell: string) => row.querySelector(cell)?.textContent ?? "";
      return [...log.querySelectorAll(".log-row:not(.beyond):not(.coming)")]
        .map((row) => ({
          index: Number(row.id.replace("row-", "")),
          reference: text(row, ".reference"),
          company: text(row, ".company"),
          agent: text(row, ".agent"),
          credits: text(row, ".credits"),
          top: row.getBoundingClientRect().top - view.top,
          bottom: row.getBoundingClientRect().bottom - view.top,
        }))
        .filter((row) => row.bottom > 1 && row.top < view.height - 1)
        .sort((a, b) => a.index - b.index);
    });
  }

  /// Waits until a scroll has ended: the same rows are in the same places in two frames, and none is being read.
  async comesToRest(): Promise<void> {
    await this.log.evaluate(async (log) => {
      const places = () => [...log.querySelectorAll(".log-row")].map((row) => `${row.id} ${row.className} ${row.getBoundingClientRect().top}`).join();
      const frame = () => new Promise((next) => requestAnimationFrame(next));
      for (let last = "", still = 0; still < 20; ) {
        await frame();
        const now = places();
        still = now === last && log.querySelector(".coming") === null ? still + 1 : 0;
        last = now;
      }
    });
  }

  /// Used in the running cycle, as the gauge shows it.
  async used(): Promise<bigint> {
    return this.amount(this.page.getByTestId("cycle-used").locator(".amount"));
  }

  async remaining(): Promise<bigint> {
    return this.amount(this.page.getByTestId("remaining").locator(".amount"));
  }

  async spentBy(agent: Agent): Promise<bigint> {
    return this.amount(this.card(agent).locator(".amount"));
  }

  /// What the cards show in whole credits, added up.
  async shownByAll(): Promise<bigint> {
    const shown = await Promise.all(AGENTS.map((agent) => this.card(agent).locator(".amount").textContent()));
    return sum(shown.map((text) => (text === "< 1" ? 0n : micro(text ?? ""))));
  }

  async spentByAll(): Promise<bigint> {
    return sum(await Promise.all(AGENTS.map((agent) => this.spentBy(agent))));
  }

  /// What the log says it adds up to.
  async listed(): Promise<{ events: number; credits: bigint }> {
    const text = (await this.page.getByTestId("log-totals").textContent()) ?? "";
    const [, events, credits] = /^([\d,]+) events? · ([−\d,.]+) credits?$/.exec(text) ?? [];
    if (events === undefined || credits === undefined) throw new Error(`no totals: '${text}'`);
    return { events: Number(events.replaceAll(",", "")), credits: micro(credits) };
  }

  /// Fails if any part of the page is wider than the window, and says which.
  async fitsTheWindow(): Promise<void> {
    await isStyled(this.page);
    const [width, sticking] = await this.page.evaluate(() => {
      const outerOf = (element: Element) => (element instanceof HTMLElement && getComputedStyle(element).position === "absolute" ? element.offsetParent : element.parentElement);
      const isCut = (element: Element) => {
        for (let outer = outerOf(element); outer !== null && outer !== document.body; outer = outerOf(outer)) {
          if (getComputedStyle(outer).overflowX !== "visible") return true;
        }
        return false;
      };
      const sticksOut = (element: Element) => element.getBoundingClientRect().right > window.innerWidth + 1 && element.checkVisibility() && !isCut(element);
      const named = [...document.querySelectorAll("body *")].filter(sticksOut).map((element) => `${element.tagName} ${element.getAttribute("class")} ${element.textContent?.slice(0, 60)}`);
      return [(document.scrollingElement?.scrollWidth ?? 0) - window.innerWidth, named] as const;
    });
    expect(width, `how much wider the page is than the window: ${sticking.join("; ")}`).toBeLessThanOrEqual(0);
  }

  private async amount(locator: Locator): Promise<bigint> {
    const exact = await locator.getAttribute("data-exact");
    return micro(exact ?? (await locator.textContent()) ?? "");
  }
}
