// The account menu: switching to another account, for readers with two and for those with many.

import { expect, test } from "../support/test";

test.describe("Account menu", () => {
  test("whoever has one account has nothing to switch", async ({ usage, page }) => {
    await usage.open();
    await expect(page.locator(".account-switch")).toHaveCount(0);
  });

  test("staff find one of many accounts by its name, and stay on the page they are on", async ({ platform, account, newAccount, newReader }) => {
    for (let number = 0; number < 8; number++) await newAccount();
    const quill = await newAccount({ name: `Quillwork of ${account.key}` });
    const { page } = await newReader(await account.staff());
    await page.goto(`${platform.server.url}/`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Platform trends");
    await expect(page.locator(".account-switch")).toContainText("All accounts");
    await page.goto(`${platform.server.url}/billing/trends`);
    await expect(page.locator("html[data-running]")).toBeAttached();
    await page.locator(".account-switch").click();
    const dialog = page.getByRole("dialog", { name: "Search accounts" });
    await expect(dialog.getByRole("link", { name: /^All accounts/ })).toBeVisible();
    await page.keyboard.type(`quillwork of ${account.key}`);
    await expect(dialog.getByRole("link")).toHaveCount(1);
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(new RegExp(`/billing/trends\\?account=${quill.key}`));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trends");
    await page.locator(".account-switch").click();
    await expect(dialog.getByRole("heading", { name: "Recent" })).toBeVisible();
  });
});
