/** A server of virga for one file of tests: a directory and a port of its own, ended by its process. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const build = resolve(process.env.VIRGA_BUILD ?? "../build");

export interface Server {
  url: string;
  /** The API with the owner's key; throws on anything but 2xx. */
  api: <Answer = unknown>(method: string, path: string, body?: unknown) => Promise<Answer>;
  setupLink: string;
  /** Ends the process, and starts it anew on the same port and directory. */
  stop: () => Promise<void>;
  start: () => Promise<void>;
  /** Ends it for good. */
  remove: () => Promise<void>;
}

const ready = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
const link = /http:\/\/\S*\/setup\?token=\S+/;

/** The log until it says what is waited for. */
function logUntil(process: ChildProcess, signs: RegExp[]): Promise<string> {
  return new Promise((done, failed) => {
    let log = "";
    process.stderr?.on("data", (data) => {
      log += data;
      const lines = log.slice(0, log.lastIndexOf("\n")); // the last one may have been read in part
      if (signs.every((sign) => sign.test(lines))) done(lines);
    });
    process.on("error", failed); // there is no such program
    process.on("exit", (code) => failed(new Error(`the server ended with ${code}:\n${log}`)));
  });
}

const ended = (process: ChildProcess) => new Promise<void>((done) => process.on("exit", () => done()));

export async function startServer(...options: string[]): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), "virga-web-"));
  let process: ChildProcess | undefined;
  let port = "0";
  const run = async () => {
    const args = [
      "serve",
      "--data-dir",
      join(data, "data"),
      "--listen",
      `127.0.0.1:${port}`,
      "--blanks",
      "1",
      ...options,
    ];
    process = spawn(join(build, "virga"), args, { stdio: ["ignore", "ignore", "pipe"] });
    const log = await logUntil(process, port === "0" ? [ready, link] : [ready]);
    port = log.match(ready)?.[1] ?? port;
    return log;
  };
  const log = await run();
  const url = `http://127.0.0.1:${port}`;
  const key = readFileSync(join(data, "data", "owner.key"), "utf8").trim();
  const stop = async () => {
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const end = ended(process);
    process.kill("SIGTERM");
    await end;
  };
  return {
    url,
    setupLink: log.match(link)?.[0] ?? "",
    api: async <Answer>(method: string, path: string, body?: unknown) => {
      const reply = await fetch(url + path, {
        method,
        headers: { Authorization: `Bearer ${key}`, ...(body !== undefined && { "Content-Type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
      return (await reply.json()) as Answer;
    },
    stop,
    start: async () => void (await run()),
    remove: async () => {
      await stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
