// How long it takes from an event's acceptance to the frame that shows it.

import type { Page } from "@playwright/test";

export interface Sample {
  since_accepted_ms: number;
  since_sent_ms: number;
}

export interface Sender {
  key: string;
  company: string;
}

let made = 0;

/// Posts one event from within the page and waits for the frame that shows its row.
export function paint(page: Page, sender: Sender): Promise<Sample> {
  const reference = `painted-${made++}-${Date.now()}`;
  return page.evaluate(async ({ key, company, reference }) => {
    const shown = `.log-row:not(.beyond) .reference[title="${reference}"]`;
    const painted = new Promise<number>((done) => {
      // A task queued by the last step before painting runs once the frame is out.
      const afterPaint = () => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now());
        channel.port2.postMessage(undefined);
      };
      const observer = new MutationObserver(() => {
        if (document.querySelector(shown) === null) return;
        observer.disconnect();
        requestAnimationFrame(afterPaint);
      });
      observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["title"] });
    });
    const data = { agent: "chat", activity: "chat_reply", credits: "0.5", reference };
    const event = { specversion: "1.0", id: reference, source: "bench", type: "creditscope.usage", subject: company, data };
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/cloudevents+json" };
    const sent = performance.now();
    const response = await fetch("/api/v1/events", { method: "POST", headers, body: JSON.stringify(event) });
    const accepted = performance.now();
    if (response.status !== 204) throw new Error(`${response.status} ${await response.text()}`);
    const at = await painted;
    return { since_accepted_ms: at - accepted, since_sent_ms: at - sent };
  }, { ...sender, reference });
}
