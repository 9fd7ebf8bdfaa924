// A program that webhooks call. What it takes is verified with the published package, not with code of our own.

import { createServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

export interface Received {
  headers: Record<string, string>;
  body: string;
}

export class Receiver {
  readonly received: Received[] = [];
  /// What the next calls are answered; 204 when there is nothing here.
  readonly answers: number[] = [];
  url = "";

  private constructor(private readonly server: HttpServer) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", async (request, response) => {
      receiver.received.push({ headers: headers(request), body: await text(request) });
      response.statusCode = receiver.answers.shift() ?? 204;
      response.end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    return receiver;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/// The message, when its signature is right; else this throws.
export function verified(secret: string, { headers, body }: Received): { type: string; data: Record<string, unknown> } {
  return new Webhook(secret).verify(body, headers) as { type: string; data: Record<string, unknown> };
}

function headers(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
