import { expect, test, vi } from "vitest";
import { followTail, type TailState } from "./tail";

interface Answer {
  status?: number;
  body?: string;
}

function follow(answers: Answer[], newest: string | undefined = "c1") {
  const asked: (string | null)[] = [];
  const seen: string[] = [];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("Last-Event-ID"));
    const { status = 200, body = "" } = answers.shift() ?? { status: 401, body: '{"detail":"That is all"}' };
    return new Response(body, { status });
  });
  const ended = new Promise<TailState>((done) => {
    const note = (what: string) => () => seen.push(what);
    followTail({
      url: "/tail",
      newest: () => newest,
      asOf: Date.now(),
      delayMs: 0,
      onState: (state) => (state.name === "refused" ? done(state) : seen.push(state.name)),
      onCall: (call) => {
        newest = call.id;
        seen.push(call.id);
      },
      onBlind: note("blind"),
      onGap: note("gap"),
    });
  });
  return { asked, seen, ended };
}

test("a broken tail goes on behind the last call, and ends when the server refuses", async () => {
  const tail = follow([{ body: 'id: c2\ndata: {"id":"c2"}\n\n' }, { status: 503 }, { body: ":\n\n" }]);
  expect(await tail.ended).toEqual({ name: "refused", why: "That is all" });
  expect(tail.asked).toEqual(["c1", "c2", "c2", "c2"]);
  expect(tail.seen.join(" ")).toBe("connecting live c2 reconnecting reconnecting live reconnecting");
});

test("where no call is known it says so, and a gap is passed on", async () => {
  const tail = follow([{ body: "event: gap\ndata: {}\n\n" }], "");
  await tail.ended;
  expect(tail.seen).toEqual(["connecting", "live", "blind", "gap", "reconnecting"]);
});
