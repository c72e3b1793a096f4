/** A server with its first account, and a browser that is signed in. */
import type { Browser } from "playwright-core";
import { newViewer, signIn, startBrowser, type Viewer } from "./browser";
import { type Server, startServer } from "./server";

export const ada = { name: "ada", password: "correct horse battery" };

export interface World extends Viewer {
  server: Server;
  browser: Browser;
  /** Requests as the account that is signed in; throws on anything but 2xx. */
  call: <Answer = unknown>(method: string, path: string, body?: unknown) => Promise<Answer>;
  open: (path: string) => Promise<void>;
  end: () => Promise<void>;
}

export async function newWorld(...options: string[]): Promise<World> {
  const browser = await startBrowser();
  const server = await startServer(...options).catch(async (error) => {
    await browser.close();
    throw error;
  });
  const token = new URL(server.setupLink).searchParams.get("token");
  const made = await fetch(`${server.url}/api/setup`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...ada, token }),
  });
  if (!made.ok) throw new Error(await made.text());
  const viewer = await newViewer(browser);
  await signIn(viewer, server.url, ada.name, ada.password);
  const call = async <Answer>(method: string, path: string, body?: unknown) => {
    const reply = await viewer.context.request.fetch(server.url + path, {
      method,
      headers: { Origin: server.url },
      ...(body !== undefined && { data: body }),
    });
    if (!reply.ok()) throw new Error(`${method} ${path}: ${reply.status()} ${await reply.text()}`);
    return (await reply.json()) as Answer;
  };
  return {
    ...viewer,
    server,
    browser,
    call,
    open: async (path) => void (await viewer.page.goto(server.url + path)),
    end: async () => {
      await browser.close();
      await server.remove();
    },
  };
}
