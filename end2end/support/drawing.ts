// What is written on an SVG file.

import type { Page } from "@playwright/test";

/// Its words, one by one; of a file that is none, what is wrong with it.
export async function wordsOn(page: Page, drawing: string): Promise<string[]> {
  // The page's policy would refuse the file's own style.
  const unstyled = drawing.replace(/<style>.*<\/style>/s, "");
  return page.evaluate((text) => {
    const file = new DOMParser().parseFromString(text, "image/svg+xml");
    return [...file.querySelectorAll("parsererror, text")].map((element) => element.textContent ?? "");
  }, unstyled);
}
