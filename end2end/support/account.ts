// A new account for each test, so that tests share a server and nothing else.

import type { APIRequestContext } from "@playwright/test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Api, type Usage } from "./api";
import type { Server } from "./server";

export const PASSWORD = "end2end-credits";

export interface AccountOptions {
  name?: string;
  /// Display names by key.
  companies?: Record<string, string>;
  monthlyCredits?: string;
  kind?: "agency" | "customer";
  /// What happens at zero; a hard stop when left out.
  policy?: "hard_stop" | "overage";
}

export interface UserOptions {
  name?: string;
  role?: "owner" | "billing_admin" | "analyst" | "client";
  /// All companies, when left out.
  company?: string;
}

export interface User {
  email: string;
  password: string;
}

let made = 0;

export class Account {
  private constructor(readonly key: string, readonly api: Api, readonly plan: string, private readonly server: Server) {}

  static async make(server: Server, platformKey: string, options: AccountOptions = {}): Promise<Account> {
    const key = `account-${made++}`;
    const api = new Api(server, platformKey, key);
    const account = new Account(key, api, `Plan of ${key}`, server);
    const { name = "Northwind Agency", companies = { acme: "Acme Dental", bluewater: "Bluewater Spa" }, monthlyCredits = "10000", kind = "agency", policy = "hard_stop" } = options;
    await api.put(`plans/${key}`, { name: account.plan, monthly_credits: monthlyCredits });
    await api.put(`accounts/${key}`, { name, kind, time_zone: "UTC", cycle_anchor: anchor(), plan: key, policy });
    for (const [company, name] of Object.entries(companies)) {
      await api.put(`accounts/${key}/companies/${company}`, { name });
    }
    return account;
  }

  /// Records usage of any age, as a platform does that moves to Creditscope.
  async backfill(usages: Required<Pick<Usage, "company" | "agent" | "activity" | "credits" | "reference" | "time">>[]): Promise<void> {
    const line = (usage: (typeof usages)[number]) => [usage.time.toISOString(), usage.company, usage.agent, usage.activity, usage.credits, usage.reference].join(",");
    const file = join(this.server.folder, `${this.key}.csv`);
    await writeFile(file, ["time,company,agent,activity,credits,reference", ...usages.map(line)].join("\n"));
    await this.server.cli("import", file, "--account", this.key, "--allow-old");
  }

  async user({ name = "Nora Lindqvist", role = "owner", company }: UserOptions = {}): Promise<User> {
    const email = `${role}-${made++}@${this.key}.example`;
    const companies = company === undefined ? [] : ["--company", company];
    await this.server.cli("user", "create", email, "--name", name, "--password", PASSWORD, "--account", this.key, "--role", role, ...companies);
    return { email, password: PASSWORD };
  }

  /// Someone who runs the platform and reads every account.
  async staff(): Promise<User> {
    const email = `staff-${made++}@${this.key}.example`;
    await this.server.cli("user", "create", email, "--name", "Pia Manager", "--password", PASSWORD, "--platform-role", "product_manager");
    return { email, password: PASSWORD };
  }
}

/// Signs in as the form does, so that the browser holds the session from here on.
export async function signIn(request: APIRequestContext, server: Server, user: User): Promise<void> {
  const response = await request.post(`${server.url}/sign-in`, { form: { ...user }, maxRedirects: 0 });
  if (response.headers().location !== "/") throw new Error(`${user.email} could not sign in: ${response.status()}`);
}

/// A first cycle such that the running one began 10 to 13 days ago, on whatever day the tests run.
function anchor(): string {
  const start = new Date();
  start.setUTCDate(start.getUTCDate() - 10);
  const day = Math.min(start.getUTCDate(), 28);
  return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() - 2, day)).toISOString().slice(0, 10);
}
