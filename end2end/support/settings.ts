// The pages of plain forms, as their readers use them.

import { type APIResponse, expect, type Locator, type Page } from "@playwright/test";
import type { Server } from "./server";

/// A password that nobody guesses.
export const GOOD_PASSWORD = "seven green lanterns hum";

export class Settings {
  constructor(readonly page: Page, readonly server: Server) {}

  async goto(path: string) {
    return this.page.goto(`${this.server.url}${path}`);
  }

  /// Follows the navigation.
  async open(name: string): Promise<void> {
    await this.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
    await expect(this.page.getByRole("heading", { level: 1 })).toHaveText(name);
    // A link to the page that is shown reads it anew: what is typed before it comes would be lost.
    await expect(this.page.locator("html[data-visiting]")).toHaveCount(0);
  }

  /// Takes the file whose link leads to an address with this part, such as `format=csv`.
  async file(part: string): Promise<APIResponse> {
    const link = this.page.locator(`a[download][href*="${part}"]`);
    return this.page.request.get(`${this.server.url}${await link.getAttribute("href")}`);
  }

  row(table: string, words: string): Locator {
    return this.page.getByTestId(table).getByRole("row").filter({ hasText: words });
  }

  /// The sheet over the page.
  get sheet(): Locator {
    return this.page.locator("dialog[data-sheet]");
  }

  /// Opens the sheet that changes a row.
  async change(row: Locator): Promise<Locator> {
    await row.getByText(/^(Change|Set budget|Edit limits|Edit)$/).click();
    await expect(this.sheet.getByRole("button", { name: "Save" })).toBeVisible();
    return this.sheet;
  }

  /// Opens a sheet by its button on the page.
  async openSheet(button: string): Promise<Locator> {
    await this.page.locator("main").getByRole("link", { name: button, exact: true }).click();
    await expect(this.sheet).toBeVisible();
    return this.sheet;
  }

  /// Removes a member, or deletes an endpoint: asked first.
  async remove(row: Locator, button: string): Promise<void> {
    await row.getByText(/^(Remove|Delete)$/).click();
    await this.sheet.getByRole("button", { name: button }).click();
  }

  /// Makes a key that may do these things, and returns it.
  async makeKey(name: string, scopes: readonly string[]): Promise<string> {
    const sheet = await this.openSheet("Create key");
    await sheet.getByLabel("Name").fill(name);
    for (const scope of ["ingest", "check", "read"]) await sheet.locator(`[name=scope_${scope}]`).setChecked(scopes.includes(scope));
    await sheet.getByRole("button", { name: "Create key" }).click();
    await expect(this.sheet).toHaveCount(0);
    return this.page.getByTestId("new-key").inputValue();
  }

  /// Says at the top of the page what was done, or why not.
  async says(words: string): Promise<void> {
    await expect(this.page.locator(".notice", { hasText: words })).toBeVisible();
  }

  /// Says at a field, or at the button of a form, what is wrong.
  async refuses(words: string): Promise<void> {
    await expect(this.page.locator(".field-problem, .form-problem", { hasText: words })).toBeVisible();
  }

  /// Invites someone and returns the link.
  async invite(email: string, role: string, companies = ""): Promise<string> {
    await this.open("Members");
    await this.sendInvitation(email, role, companies);
    return this.page.getByTestId("invitation-link").inputValue();
  }

  /// Fills in and sends the form on the page Members.
  async sendInvitation(email: string, role: string, companies: string): Promise<void> {
    const sheet = await this.openSheet("Invite someone");
    await sheet.getByLabel("Email").fill(email);
    await sheet.locator("[name=role]").selectOption(role);
    for (const company of companies.split(",").map((key) => key.trim()).filter((key) => key !== "")) {
      await sheet.locator(`[name=companies][value="${company}"]`).check();
    }
    await sheet.getByRole("button", { name: "Invite", exact: true }).click();
  }

  /// Accepts an invitation as someone new.
  async accept(link: string, name: string): Promise<void> {
    await this.page.goto(link);
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByLabel("Choose a password").fill(GOOD_PASSWORD);
    await this.page.getByRole("button", { name: /^Join/ }).click();
    await expect(this.page.getByRole("heading", { level: 1 })).toHaveText("AI Credits Usage");
  }

  /// Fails unless the page says that there is nothing to see at an address.
  async isNothing(path: string): Promise<void> {
    expect((await this.goto(path))?.status(), path).toBe(404);
    await expect(this.page.getByRole("heading", { level: 1 }), path).toHaveText("There is nothing here that you can see.");
  }
}
