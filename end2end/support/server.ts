// A real server process with a data folder of its own. Only processes started here are ended here.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { until } from "./until";

const BINARY = resolve(process.env.CREDITSCOPE_BIN ?? join(import.meta.dirname, "../../target/debug/creditscope"));
/// A demo fills its database before it listens; everything else is up in a moment.
const START_LIMIT_MS = 240_000;
/// Enough of the log to see why a test failed.
const LOG_LINES = 400;

export interface StartOptions {
  command?: "serve" | "demo";
  args?: string[];
  /// Settings by their names as variables.
  settings?: Record<string, string>;
  /// The port to listen on; any that is free, when left out.
  port?: number;
}

/// A port that nobody listens on: for servers whose address has to be known before they start.
export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => found(port));
    });
  });
}

export class Server {
  /// Where browsers reach it, such as http://127.0.0.1:40123.
  url = "";
  readonly log: string[] = [];
  private process: ChildProcess | undefined;

  private constructor(readonly folder: string, private readonly options: StartOptions) {}

  /// A data folder with an empty database, and no process yet: for commands that come before the server. A demo makes
  /// its own.
  static async prepare(options: StartOptions = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "creditscope-e2e-")), options);
    if (options.command !== "demo") await server.cli("migrate");
    return server;
  }

  /// Starts the process, on the same port as before if there was one, and waits until it is ready.
  async start(): Promise<void> {
    const { command = "serve", args = [], port = 0 } = this.options;
    const addr = this.url === "" ? `127.0.0.1:${port}` : new URL(this.url).host;
    const child = spawn(BINARY, [command, ...args], { cwd: this.folder, env: { ...this.environment(), CREDITSCOPE_ADDR: addr } });
    this.process = child;
    this.url = await this.address(child);
    await until(`${this.url}/readyz answers`, async () => (await fetch(`${this.url}/readyz`)).ok);
  }

  /// Pulls the plug.
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /// Asks it to stop, as a deployment does.
  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  /// Ends the process and removes the data.
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /// Runs a command on the same data and returns what it prints.
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(BINARY, args, { cwd: this.folder, env: this.environment() });
    return stdout.trim();
  }

  /// Makes all sessions forget that their people showed a moment ago who they are, as twenty minutes would.
  async age(): Promise<void> {
    const sql = "UPDATE sessions SET data = json_set(data, '$.confirmed', json_extract(data, '$.confirmed') - 1200000000)";
    const program = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=20) as database: database.execute(sys.argv[2])";
    await promisify(execFile)("python3", ["-c", program, join(this.folder, "data", "creditscope.db"), sql]);
  }

  private environment(): NodeJS.ProcessEnv {
    const outer = Object.entries(process.env).filter(([name]) => !name.startsWith("CREDITSCOPE_"));
    return { ...Object.fromEntries(outer), CREDITSCOPE_DATA_DIR: join(this.folder, "data"), CREDITSCOPE_LOG: "warn", ...this.options.settings };
  }

  /// The address the process says it listens on: it chose the port itself, so no other test can have it.
  private address(child: ChildProcess): Promise<string> {
    return new Promise((found, failed) => {
      const fail = (why: string) => failed(new Error(`${why}\n${this.log.join("\n")}`));
      const limit = setTimeout(() => fail("the server did not start in time"), START_LIMIT_MS);
      const read = (chunk: Buffer) => {
        this.log.push(...chunk.toString().split("\n").filter((line) => line !== ""));
        this.log.splice(0, this.log.length - LOG_LINES);
        const address = /(?:listens on|Creditscope demo:) (http:\S+)/.exec(this.log.join("\n"))?.[1];
        if (address !== undefined) {
          clearTimeout(limit);
          found(address);
        }
      };
      child.stdout?.on("data", read);
      child.stderr?.on("data", read);
      child.on("error", (error) => fail(error.message));
      child.on("exit", (code, signal) => fail(`the server ended: ${code ?? signal}`));
    });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await ended;
  }
}
