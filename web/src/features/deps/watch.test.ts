import { expect, test, vi } from "vitest";
import { watchBuild } from "./watch";

const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

function watch(...answers: [number, string][]) {
  const heard: string[] = [];
  vi.stubGlobal("fetch", async () => {
    const [status, body] = answers.shift() ?? [404, '{"detail":"Gone"}'];
    return new Response(body, { status });
  });
  return new Promise<string[]>((done) =>
    watchBuild({
      url: "/events",
      onStart: () => heard.push("start"),
      onLog: (text) => heard.push(text),
      onProgress: ({ step }) => heard.push(step),
      onDone: ({ status }) => done([...heard, status]),
      onRefused: (error) => done([...heard, error.message]),
    }),
  );
}

test("a build is followed to its end, and told anew when the connection breaks", async () => {
  const first = event("log", { text: "Collecting a\n" }) + event("progress", { step: "resolving" });
  const heard = await watch([200, first], [503, "{}"], [200, first + event("done", { status: "succeeded" })]);
  expect(heard).toEqual(["start", "Collecting a\n", "resolving", "start", "Collecting a\n", "resolving", "succeeded"]);
});

test("a refusal ends it", async () => {
  expect(await watch()).toEqual(["Gone"]);
});
