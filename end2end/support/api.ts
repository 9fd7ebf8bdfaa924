// The HTTP API as a platform's program uses it.

import type { Server } from "./server";

export const AGENTS = ["chat", "voice_inbound", "voice_outbound", "voice_web", "auto_trigger", "nox"] as const;
export type Agent = (typeof AGENTS)[number];

export interface Usage {
  company: string;
  agent?: Agent;
  activity?: string;
  credits?: string;
  quantity?: string;
  unit?: string;
  reference?: string;
  metadata?: Record<string, unknown>;
  id?: string;
  /// Now, when left out.
  time?: Date;
}

export interface Lead {
  company: string;
  agent?: Agent;
  kind: "lead" | "booking" | "sale";
  reference?: string;
  value?: string;
  currency?: string;
  /// Now, when left out.
  time?: Date;
}

export interface Summary {
  credits: string;
  events: number;
  agents: { agent: Agent; credits: string; events: number }[];
}

export interface Balance {
  allocation: string;
  used: string;
  remaining: string;
}

export interface Hold {
  company: string;
  agent?: Agent;
  credits: string;
  id: string;
}

export interface Answer {
  accepted: number;
  duplicates: number;
}

let nextId = 0;

/// One account, through a platform's key.
export class Api {
  constructor(private readonly server: Server, private readonly key: string, readonly account: string) {}

  async put(path: string, body: unknown): Promise<void> {
    await this.ask("PUT", path, JSON.stringify(body), { "content-type": "application/json" });
  }

  async post<T = unknown>(path: string, body: unknown): Promise<T> {
    return this.ask("POST", path, JSON.stringify(body), { "content-type": "application/json" });
  }

  async get<T>(path: string): Promise<T> {
    return this.ask("GET", path);
  }

  async report(...usages: Usage[]): Promise<Answer> {
    const headers = { "content-type": "application/cloudevents-batch+json", prefer: "return=representation" };
    return this.ask("POST", "events", JSON.stringify(usages.map((usage) => this.event(usage))), headers);
  }

  async lead(...leads: Lead[]): Promise<Answer> {
    const headers = { "content-type": "application/cloudevents-batch+json", prefer: "return=representation" };
    const events = leads.map(({ company, agent = "chat", time, ...data }) => this.event({ company, time }, "creditscope.lead", { agent, ...data }));
    return this.ask("POST", "events", JSON.stringify(events), headers);
  }

  leads(query = ""): Promise<unknown> {
    return this.ask("GET", `leads/summary?${this.scoped(query)}`);
  }

  /// `query` is the page's own query string.
  summary(query = ""): Promise<Summary> {
    return this.ask("GET", `usage/summary?${this.scoped(query)}`);
  }

  balance(): Promise<Balance> {
    return this.ask("GET", `balance?${this.scoped("")}`);
  }

  /// Reserves credits for a running call.
  async hold({ agent = "voice_inbound", ...hold }: Hold): Promise<void> {
    await this.send("POST", "holds", { agent, activity: "voice_call", expires_in_s: 600, ...hold });
  }

  async renewHold(id: string, used: string): Promise<void> {
    await this.send("PATCH", `holds/${id}`, { used });
  }

  async settleHold(id: string, credits: string, reference: string): Promise<void> {
    await this.send("POST", `holds/${id}/settle`, { credits, reference });
  }

  /// Gives back all that is left of an event's cost, or a part of it.
  async reverse(id: string, reason: string, credits?: string): Promise<void> {
    await this.send("POST", `events/end2end/${id}/reversal`, { reason, credits });
  }

  async adjust(credits: string): Promise<void> {
    await this.send("POST", `accounts/${this.account}/adjustments`, { credits, reason: "a test's" }, "");
  }

  async grantPack(key: string, name: string, credits: string): Promise<void> {
    await this.put(`packs/${key}`, { name, credits });
    await this.send("POST", `accounts/${this.account}/packs`, { pack: key }, "");
  }

  async suspend(suspended: boolean): Promise<void> {
    await this.put(`accounts/${this.account}/suspension`, { suspended });
  }

  private async send(method: string, path: string, body: unknown, query = `?${this.scoped("")}`): Promise<void> {
    await this.ask(method, `${path}${query}`, JSON.stringify(body), { "content-type": "application/json" });
  }

  private scoped(query: string): string {
    const params = new URLSearchParams(query);
    params.set("account", this.account);
    return params.toString();
  }

  private event({ company, agent = "chat", activity = "chat_reply", id, time = new Date(), ...data }: Usage, type = "creditscope.usage", payload: unknown = { agent, activity, ...data }): unknown {
    return {
      specversion: "1.0",
      id: id ?? `e${nextId++}`,
      source: "end2end",
      type,
      subject: company,
      account: this.account,
      time: time.toISOString(),
      data: payload,
    };
  }

  private async ask<T>(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<T> {
    const request = { method, body, headers: { ...headers, authorization: `Bearer ${this.key}` } };
    const response = await fetch(`${this.server.url}/api/v1/${path}`, request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}

export function minutesAgo(minutes: number): Date {
  return new Date(Date.now() - minutes * 60_000);
}

export function daysAgo(days: number): Date {
  return minutesAgo(days * 24 * 60);
}
