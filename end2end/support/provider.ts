// A real provider of single sign-on on this machine, with people that a test makes up.

import { createServer, type Server as Http } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export interface Person {
  email?: string;
  email_verified?: boolean;
  name?: string;
  creditscope_account?: string;
  creditscope_role?: string;
  creditscope_companies?: string[];
}

export const CLIENT = { id: "creditscope", secret: "a secret between the two, 32 chars" };

export class SignOnProvider {
  /// By the name they type at the provider.
  readonly people = new Map<string, Person>();
  issuer = "";
  private http: Http | undefined;

  /// Starts a provider that sends people back to `redirect`.
  static async start(redirect: string): Promise<SignOnProvider> {
    const started = new SignOnProvider();
    const http = createServer();
    await new Promise<void>((listens) => http.listen(0, "127.0.0.1", listens));
    started.http = http;
    started.issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const provider = new Provider(started.issuer, {
      clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirect] }],
      pkce: { required: () => true },
      features: { devInteractions: { enabled: true } },
      claims: {
        openid: ["sub", "creditscope_account", "creditscope_role", "creditscope_companies"],
        email: ["email", "email_verified"],
        profile: ["name"],
      },
      findAccount: (_: unknown, sub: string) => ({
        accountId: sub,
        claims: async () => ({ sub, ...started.people.get(sub) }),
      }),
    });
    http.on("request", provider.callback());
    return started;
  }

  stop(): void {
    this.http?.close();
    this.http?.closeAllConnections();
  }
}
