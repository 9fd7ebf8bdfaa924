import { defineConfig } from "@playwright/test";
import tests from "../playwright.config";

// The same browser as the tests', and one thing at a time.
export default defineConfig({
  ...tests,
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "../test-results/bench",
  grep: undefined,
  grepInvert: undefined,
  workers: 1,
  timeout: 180_000,
  use: { ...tests.use, trace: "off" },
});
