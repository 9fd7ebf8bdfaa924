import { existsSync } from "node:fs";
import { defineConfig, devices } from "@playwright/test";

// scripts/e2e.sh names the browser; without it, Debian's is the usual one.
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);

// Pictures for the documentation are taken by tests tagged @screenshot, only when asked for.
const pictures = process.env.SCREENSHOTS === "1";

export default defineConfig({
  testDir: "./specs",
  outputDir: "./test-results",
  grep: pictures ? /@screenshot/ : undefined,
  grepInvert: pictures ? undefined : /@screenshot/,
  forbidOnly: process.env.CI !== undefined,
  fullyParallel: false,
  workers: 2,
  // A test that passes only the second time has found something: no retries.
  retries: 0,
  reporter: [["list"], ["./support/last-words.ts"]],
  // A machine that does other things, too, may stand still for seconds: waiting longer for what has to come hides nothing.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  use: {
    ...devices["Desktop Chrome"],
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/London",
    actionTimeout: 20_000,
    navigationTimeout: 40_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
