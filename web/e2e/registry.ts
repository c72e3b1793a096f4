/** A Python index of a few packages made on the spot, so that builds need no network. Building "endless" never ends. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";

const program = `
import sys
sys.path.insert(0, sys.argv[1])
from packages import Registry
with Registry() as registry:
    registry.wheel("greeting", "1.0", {"greeting.py": "WORD = 'hello'"})
    registry.wheel("greeting", "2.0", {"greeting.py": "WORD = 'good day'"})
    registry.source("endless", "1.0", "import signal; signal.pause()", {"endless.py": ""})
    registry.wheel("polite", "1.2", {"polite.py": "import greeting"}, requires=["greeting"])
    print(registry.index, flush=True)
    sys.stdin.read()
`;

export interface Registry {
  /** Of the index, for --pip-index-url. */
  url: string;
  end: () => Promise<void>;
}

/** It lives as long as its standard input. */
export async function startRegistry(): Promise<Registry> {
  const child = spawn("python3", ["-c", program, resolve("../tests")], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((done) => child.on("exit", () => done()));
  const url = await new Promise<string>((done, failed) => {
    child.stdout.once("data", (data) => done(String(data).trim()));
    child.on("exit", (code) => failed(new Error(`the registry ended with ${code}`)));
  });
  return {
    url,
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}
