import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, test, vi } from "vitest";
import { useProjectsSoFar } from "./use-projects-so-far";

// A request of this engine wants to know of which host.
vi.hoisted(() => {
  const Absolute = class extends Request {
    constructor(input: string, init?: RequestInit) {
      super(new URL(input, "http://localhost"), init);
    }
  };
  vi.stubGlobal("Request", Absolute);
});

const next = (before: string) => ({ headers: { Link: `</api/projects?limit=1000&before=${before}>; rel="next"` } });

/** A list of three pages, the later ones held back until they are let go. */
function serve() {
  const asked: (string | null)[] = [];
  const release: (() => void)[] = [];
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    const before = new URL(url).searchParams.get("before");
    asked.push(before);
    if (before !== null) await new Promise<void>((done) => release.push(done));
    if (before === "c") return Response.json([{ id: "d" }]);
    return before === "b"
      ? Response.json([{ id: "c" }], next("c"))
      : Response.json([{ id: "a" }, { id: "b" }], next("b"));
  });
  return { asked, release };
}

test("projects are there page by page, and it is known when they are all", async () => {
  const { asked, release } = serve();
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(useProjectsSoFar, { wrapper });
  const ids = () => result.current.data?.map(({ id }) => id).join("");
  await waitFor(() => expect(ids()).toBe("ab"));
  expect(result.current.complete).toBe(false);
  await waitFor(() => expect(release).toHaveLength(1));
  release[0]?.();
  await waitFor(() => expect(ids()).toBe("abc"));
  await waitFor(() => expect(release).toHaveLength(2));
  release[1]?.();
  await waitFor(() => expect(result.current.complete).toBe(true));
  expect(ids()).toBe("abcd");
  expect(asked).toEqual([null, "b", "c"]);
});
