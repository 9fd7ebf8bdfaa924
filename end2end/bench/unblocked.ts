// How long it takes from a pack that was paid to the frame that no longer says that AI features have stopped.

import type { Page } from "@playwright/test";

export interface Operator {
  key: string;
  account: string;
}

const STOPPED = "AI features have stopped.";
const PACK = { key: "relief", body: { name: "Relief", credits: "1000" } };

/// Takes all that is left, waits until the page says so, buys a pack, and waits for the frame without the notice.
export async function unblock(page: Page, operator: Operator): Promise<number> {
  const headers = { authorization: `Bearer ${operator.key}`, "content-type": "application/json" };
  const send = async (method: string, path: string, data?: unknown) => {
    const answer = await page.request.fetch(new URL(`/api/v1/${path}`, page.url()).href, { method, headers, data });
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
    return answer;
  };
  const account = `accounts/${operator.account}`;
  await send("PUT", `packs/${PACK.key}`, PACK.body);
  const { remaining } = await (await send("GET", `balance?account=${operator.account}`)).json();
  await send("POST", `${account}/adjustments`, { credits: `-${remaining}`, reason: "measured" });
  await page.getByText(STOPPED).first().waitFor();
  return page.evaluate(async ({ path, headers, pack, words }) => {
    const unblocked = new Promise<number>((done) => {
      const afterPaint = () => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now());
        channel.port2.postMessage(undefined);
      };
      const observer = new MutationObserver(() => {
        if (document.body.innerText.includes(words)) return;
        observer.disconnect();
        requestAnimationFrame(afterPaint);
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const paid = performance.now();
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify({ pack }) });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return (await unblocked) - paid;
  }, { path: `/api/v1/${account}/packs`, headers, pack: PACK.key, words: STOPPED });
}
