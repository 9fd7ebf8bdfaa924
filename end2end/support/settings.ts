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
  }

  /// Takes the file whose link leads to an address with this part, such as `format=csv`.
  async file(part: string): Promise<APIResponse> {
    const link = this.page.locator(`a[download][href*="${part}"]`);
    return this.page.request.get(`${this.server.url}${await link.getAttribute("href")}`);
  }

  row(table: string, words: string): Locator {
    return this.page.getByTestId(table).getByRole("row").filter({ hasText: words });
  }

  /// Opens the form that changes a row.
  async change(row: Locator): Promise<void> {
    await row.getByText(/^(Change|Set budget)$/).click();
    await expect(row.getByRole("button", { name: "Save" })).toBeVisible();
  }

  async says(words: string): Promise<void> {
    await expect(this.page.locator(".notice", { hasText: words })).toBeVisible();
  }

  /// Invites someone and returns the link.
  async invite(email: string, role: string, companies = ""): Promise<string> {
    await this.open("Members");
    await this.sendInvitation(email, role, companies);
    return this.page.getByTestId("invitation-link").inputValue();
  }

  /// Fills in and sends the form on the page Members.
  async sendInvitation(email: string, role: string, companies: string): Promise<void> {
    const form = this.page.locator("form", { has: this.page.getByRole("heading", { name: "Invite someone" }) });
    await form.getByLabel("Email").fill(email);
    await form.locator("[name=role]").selectOption(role);
    await form.locator("[name=companies]").fill(companies);
    await form.getByRole("button", { name: "Invite" }).click();
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
