// The test function all specs use: a server per worker, a new account per test, and no error goes unseen.

import { type Browser, type BrowserContext, type BrowserContextOptions, expect, type Page, test as base } from "@playwright/test";
import { Account, type AccountOptions, signIn, type User, type UserOptions } from "./account";
import { Server, type StartOptions } from "./server";
import { UsagePage } from "./usage-page";

export { expect };

/// A server and the key that provisions it.
export interface Platform {
  server: Server;
  key: string;
}

/// Errors that browsers showed: a test fails on each that it did not expect.
export class Problems {
  private readonly seen: string[] = [];
  private readonly allowed: RegExp[] = [];

  /// Expects errors like this one for the rest of the test.
  allow(pattern: RegExp): void {
    this.allowed.push(pattern);
  }

  /// Console errors (which is also how the browser reports what the content security policy refused) and thrown ones.
  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      if (message.type() === "error") this.seen.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.seen.push(`thrown: ${error.error().stack ?? error.error().message}`));
  }

  unexpected(): string[] {
    return this.seen.filter((problem) => !this.allowed.some((pattern) => pattern.test(problem)));
  }
}

/// A person with a browser of their own.
export interface Reader {
  context: BrowserContext;
  page: Page;
  usage: UsagePage;
}

interface Fixtures {
  problems: Problems;
  /// Makes further accounts on the worker's server.
  newAccount: (options?: AccountOptions) => Promise<Account>;
  /// An agency with the companies `acme` and `bluewater`.
  account: Account;
  /// Opens a browser for someone who is signed in.
  newReader: (user: User, options?: BrowserContextOptions) => Promise<Reader>;
  /// The usage page in this test's own browser, signed in as the account's owner.
  usage: UsagePage;
  server: Server;
}

interface WorkerFixtures {
  platform: Platform;
}

/// Starts a server of one's own and makes its first key.
export async function startPlatform(options: StartOptions = {}): Promise<Platform> {
  const server = await Server.prepare(options);
  const key = await server.cli("key", "create", "--scope", "platform", "--name", "end2end");
  await server.start();
  return { server, key };
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  platform: [
    async ({}, use) => {
      const platform = await startPlatform();
      await use(platform);
      await platform.server.remove();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  server: async ({ platform }, use, info) => {
    await use(platform.server);
    if (info.status !== info.expectedStatus) {
      await info.attach("server.log", { body: platform.server.log.join("\n"), contentType: "text/plain" });
    }
  },
  problems: [
    async ({}, use) => {
      const problems = new Problems();
      await use(problems);
      expect(problems.unexpected(), "errors in the browser").toEqual([]);
    },
    { auto: true },
  ],
  context: async ({ context, problems }, use) => {
    problems.watch(context);
    await use(context);
  },
  newAccount: async ({ server, platform }, use) => {
    await use((options) => Account.make(server, platform.key, options));
  },
  account: async ({ newAccount }, use) => {
    await use(await newAccount());
  },
  newReader: async ({ browser, server, problems }, use) => {
    const open = reading(browser, server, problems);
    await use(open.reader);
    await open.close();
  },
  usage: async ({ page, server, account }, use) => {
    await signIn(page.request, server, await account.user());
    await use(new UsagePage(page, server));
  },
});

/// Browsers on a server, and a way to close them all.
export function reading(browser: Browser, server: Server, problems: Problems) {
  const contexts: BrowserContext[] = [];
  return {
    reader: async (user: User, options: BrowserContextOptions = {}): Promise<Reader> => {
      const context = await browser.newContext(options);
      contexts.push(context);
      problems.watch(context);
      await signIn(context.request, server, user);
      const page = await context.newPage();
      return { context, page, usage: new UsagePage(page, server) };
    },
    close: async () => {
      for (const context of contexts) await context.close();
    },
  };
}

export type { Account, User, UserOptions };
