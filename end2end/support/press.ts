// A press, and where the page was when it happened.

import type { Locator } from "@playwright/test";

/// Presses a control; says how far the page was scrolled at that moment. To reach a control that is covered or out of
/// sight, the test's hand scrolls the page first, as a reader does.
export async function press(control: Locator): Promise<number> {
  const page = control.page();
  await page.evaluate(() => {
    addEventListener("click", () => document.documentElement.setAttribute("data-pressed-at", String(scrollY)), { capture: true, once: true });
  });
  await control.click();
  const root = page.locator("html[data-pressed-at]");
  const y = Number(await root.getAttribute("data-pressed-at"));
  await root.evaluate((html) => html.removeAttribute("data-pressed-at"));
  return y;
}
