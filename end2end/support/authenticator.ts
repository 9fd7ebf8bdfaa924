// Authenticators of the browser's own: it has devices that hold passkeys, without anybody touching them.

import type { CDPSession, Page } from "@playwright/test";

export class Authenticator {
  private constructor(private readonly session: CDPSession, private readonly id: string) {}

  /// Gives a page's browser a device such as the one in a laptop.
  static async give(page: Page): Promise<Authenticator> {
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    return new Authenticator(session, authenticatorId);
  }

  /// How many passkeys it holds.
  async count(): Promise<number> {
    const { credentials } = await this.session.send("WebAuthn.getCredentials", { authenticatorId: this.id });
    return credentials.length;
  }

  /// Whether whoever uses it is the one it knows.
  async knows(isUserVerified: boolean): Promise<void> {
    await this.session.send("WebAuthn.setUserVerified", { authenticatorId: this.id, isUserVerified });
  }

  /// Forgets all passkeys, as another device would never have had them.
  async forget(): Promise<void> {
    await this.session.send("WebAuthn.clearCredentials", { authenticatorId: this.id });
  }

  /// Takes the device away.
  async remove(): Promise<void> {
    await this.session.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.id });
  }
}
