// A sandbox in a process of its own, and clients that are set up to use it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export const credentials = { accessKeyId: "AKIASANDBOX000000000", secretAccessKey: "polysync-sandbox-secret" };

// Starts it on a free port; resolves when it listens.
export async function startSandbox() {
  const program = process.env.SANDBOX_BIN;
  if (!program) throw new Error("SANDBOX_BIN names the sandbox_server program");
  const child = spawn(program, [], { stdio: ["ignore", "pipe", "inherit"] });
  const endpoint = await new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      const found = /https?:\/\/127\.0\.0\.1:\d+/.exec(line);
      if (found) resolve(found[0]);
    });
    child.on("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
  });
  return {
    endpoint,
    settings: { region: "us-east-1", endpoint, credentials, maxAttempts: 1 },
    // POST /_sandbox/PATH; throws on a refusal.
    async admin(path, document = {}) {
      const answer = await fetch(`${endpoint}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(document) });
      const body = await answer.json();
      if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
      return body;
    },
    // Sandbox time goes on; runs with it.
    advance(seconds) {
      return this.admin("time", { advance_seconds: seconds });
    },
    stop: () => new Promise((resolve) => {
      child.removeAllListeners("exit");
      child.on("exit", resolve);
      child.kill("SIGTERM");
    }),
  };
}

// Every item of a paginated list, one page after the other.
export async function all(paginator) {
  const pages = [];
  for await (const page of paginator) pages.push(page);
  return pages;
}
