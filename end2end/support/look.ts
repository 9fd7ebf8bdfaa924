// How a page looks: asked only once its styles are there. A form that was sent leads to a page that can be read and
// counted before.

import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/// Waits until everything that says how the page looks has come.
export async function isStyled(page: Page): Promise<void> {
  await page.waitForLoadState("load");
}

/// Fails if the page breaks a rule of accessibility, and says which, where and why.
export async function breaksNoRule(page: Page): Promise<void> {
  await isStyled(page);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? node.failureSummary})`).join("; ")}`);
  expect(told).toEqual([]);
}
