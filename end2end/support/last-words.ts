// Says at the very end which tests failed and why, in a few lines each: whoever sees only the end of a log sees that.

import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";

/// Lines of a reason.
const MOST_LINES = 6;
// What a terminal is told of colours.
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

export default class LastWords implements Reporter {
  private readonly failed: string[] = [];

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === test.expectedStatus || result.status === "skipped") return;
    const title = test.titlePath().filter((part) => part !== "").join(" › ");
    const reasons = result.errors.map((error) => brief(error.message ?? error.value ?? ""));
    const took = `${Math.round(result.duration / 1_000)} s`;
    this.failed.push([`${title} (${result.status} after ${took})`, ...reasons].join("\n"));
  }

  onEnd(_: FullResult): void {
    for (const words of this.failed) console.log(`FAILED ${words}`);
  }

  printsToStdio(): boolean {
    return false;
  }
}

function brief(message: string): string {
  const lines = message.replace(COLOURS, "").split("\n").filter((line) => line.trim() !== "");
  return lines.slice(0, MOST_LINES).map((line) => `  ${line}`).join("\n");
}
