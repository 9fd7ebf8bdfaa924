// Measures the page in a real Chromium on a server that `make bench` has filled, and writes what it found to a file.
// Not a test: it fails only when nothing could be measured.

import { writeFile } from "node:fs/promises";
import { test } from "@playwright/test";
import { firstLoad } from "./first-load";
import { unblock, type Operator } from "./unblocked";
import { paint, type Sample, type Sender } from "./painted";

const SAMPLES = 120;
/// How often credits run out and are bought.
const STOPS = 20;
/// The first ones find the browser still compiling.
const UNCOUNTED = 10;
/// Pauses between lone events: uneven, so that they fall on every part of a frame, and longer than the live stream's.
const PAUSE_MS = { least: 120, most: 260 };

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is missing: run 'make bench'`);
  return value;
}

test("the page", async ({ page, context }) => {
  const url = `${given("BENCH_URL")}/billing/usage`;
  const sender: Sender = { key: given("BENCH_KEY"), company: "company-000" };
  const form = { email: given("BENCH_EMAIL"), password: given("BENCH_PASSWORD") };
  await context.request.post(`${given("BENCH_URL")}/sign-in`, { form, maxRedirects: 0 });

  const first_load = await firstLoad(context, url);
  await page.goto(url);
  await page.locator(".live-mark", { hasText: "Live" }).waitFor();
  for (let number = 0; number < UNCOUNTED; number++) await paint(page, sender);

  const alone: Sample[] = [];
  const in_a_row: Sample[] = [];
  for (let number = 0; number < SAMPLES; number++) {
    await page.waitForTimeout(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least));
    alone.push(await paint(page, sender));
  }
  for (let number = 0; number < SAMPLES; number++) in_a_row.push(await paint(page, sender));
  const operator: Operator = { key: given("BENCH_OPERATOR_KEY"), account: given("BENCH_ACCOUNT") };
  const unblocked_ms: number[] = [];
  for (let number = 0; number < STOPS; number++) unblocked_ms.push(await unblock(page, operator));
  await writeFile(given("BENCH_ANSWER"), JSON.stringify({ first_load, alone, in_a_row, unblocked_ms }));
});
