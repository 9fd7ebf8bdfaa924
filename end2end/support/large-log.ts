// A log of a million rows, made once for a worker: each row's reference tells its place.

import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { Account, type User } from "./account";
import { startPlatform } from "./test";
import type { Server } from "./server";

/// Rows of the long log. The fixed share of it that is today's is what "today" tests may count on.
export const ROWS = Number(process.env.ROWS ?? 1_000_000);
/// The log reaches back this far.
const DAYS = 80;

export interface LargeLog {
  server: Server;
  account: Account;
  user: User;
  /// When the row at a place of the log happened; 0 is the newest.
  time: (index: number) => Date;
}

/// The reference of the row at a place of the log.
export function reference(index: number): string {
  return `row-${String(index).padStart(7, "0")}`;
}

export async function makeLargeLog(): Promise<LargeLog> {
  const { server, key } = await startPlatform();
  const account = await Account.make(server, key, { companies: { acme: "Acme Dental" }, monthlyCredits: "9000000" });
  const newest = Date.now() - 60_000;
  const stepMs = Math.floor((DAYS * 24 * 60 * 60_000) / ROWS);
  const time = (index: number) => new Date(newest - index * stepMs);
  const file = join(server.folder, "large.csv");
  const out = createWriteStream(file);
  out.write("time,credits,reference,id\n");
  // Oldest first, as they happened: that is also what the database takes fastest.
  for (let index = ROWS - 1; index >= 0; index--) {
    if (!out.write(`${time(index).toISOString()},0.5,${reference(index)},${reference(index)}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  await server.cli("import", file, "--account", account.key, "--company", "acme", "--agent", "chat", "--activity", "chat_reply", "--allow-old");
  return { server, account, user: await account.user(), time };
}
