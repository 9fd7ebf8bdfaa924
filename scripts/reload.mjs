// Passes each line of its input on to every page that is open in `make dev`. Leptos's AutoReload
// component, in the page, listens on this port.

import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const PORT = Number(process.env.LEPTOS_RELOAD_PORT ?? 3001);

const pages = new WebSocketServer({ host: "127.0.0.1", port: PORT });
pages.on("error", (error) => {
  console.error(`error: pages will not reload by themselves: ${error.message}`);
  process.exit(1);
});

for await (const line of createInterface({ input: process.stdin })) {
  for (const page of pages.clients) page.send(line);
}
process.exit(0);
