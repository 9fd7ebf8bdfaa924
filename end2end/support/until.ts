// Waiting for a condition outside the page; inside it, Playwright's own assertions wait.

import { setTimeout as pause } from "node:timers/promises";

const LOOK_EVERY_MS = 20;
const LIMIT_MS = 20_000;

/// Resolves once `holds` does. What throws does not hold yet.
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  const deadline = Date.now() + limitMs;
  let last: unknown;
  do {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
    await pause(LOOK_EVERY_MS);
  } while (Date.now() < deadline);
  throw new Error(`waited in vain until ${what}${last === undefined ? "" : `: ${last}`}`);
}
