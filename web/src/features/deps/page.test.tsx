import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createMemoryRouter, RouterProvider } from "react-router";
import { expect, test, vi } from "vitest";
import { DependenciesPage } from "./page";
import type { Build, Requirements } from "./queries";

// A request of this engine wants to know of which host.
vi.hoisted(() => {
  const Absolute = class extends Request {
    constructor(input: string, init?: RequestInit) {
      super(new URL(input, "http://localhost"), init);
    }
  };
  vi.stubGlobal("Request", Absolute);
});

const stored: Requirements = {
  ...{ requirements_txt: "polite\n", requirements_hash: "", has_custom_image: false },
  ...{ package_json: "", package_lock: "", python: null, node: null, build: null, updated_at: null },
};

const at = "2026-01-31T12:00:00Z";
const build = (some: Partial<Build>): Build => ({
  ...{ id: "b1", status: "queued", progress: { status: "queued", step: "waiting", packages: 0, bytes: 0 } },
  ...{ error: null, log: null, reused: false, created_at: at, started_at: null, finished_at: null, ...some },
});

/** A server with one project, and a build of which `events` are told. */
function serve(role: string, events: [string, unknown][], asked: unknown[] = []) {
  const answers: Record<string, () => unknown> = {
    "GET /api/projects/shop": () => ({ id: "p1", slug: "shop", role }),
    "GET /api/projects/shop/requirements": () => stored,
    "GET /api/projects/shop/builds": () => [],
    "POST /api/projects/shop/builds": () => build({}),
    "GET /api/projects/shop/builds/b1": () => build({}),
  };
  vi.stubGlobal("fetch", async (input: Request | string) => {
    if (typeof input === "string")
      return new Response(events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join(""));
    if (input.method === "POST") asked.push(await input.json());
    return Response.json(answers[`${input.method} ${new URL(input.url).pathname}`]?.() ?? {});
  });
}

function show(address = "/") {
  const routes = [{ path: "/", element: <DependenciesPage project="shop" /> }];
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <RouterProvider router={createMemoryRouter(routes, { initialEntries: [address] })} />
    </QueryClientProvider>,
  );
}

test("a build that fails says why, and what was typed stays", async () => {
  const asked: unknown[] = [];
  const failed = build({ status: "failed", error: "No version of nothing fits" });
  serve(
    "editor",
    [
      ["log", { text: "Collecting nothing\n" }],
      ["done", failed],
    ],
    asked,
  );
  show();
  await userEvent.type(await screen.findByLabelText("requirements.txt"), "nothing");
  await userEvent.click(screen.getByRole("button", { name: "Save and build" }));
  expect(await screen.findByText("No version of nothing fits")).toBeTruthy();
  expect(screen.getByRole("log").textContent).toContain("Collecting nothing");
  expect(asked).toEqual([{ requirements_txt: "polite\nnothing", refresh: false }]);
  expect(screen.getByLabelText<HTMLTextAreaElement>("requirements.txt").value).toBe("polite\nnothing");
  await userEvent.click(screen.getByRole("button", { name: "Discard" }));
  expect(screen.getByLabelText<HTMLTextAreaElement>("requirements.txt").value).toBe("polite\n");
});

test("what was built is saved, also when the server keeps it without the last line break", async () => {
  serve("editor", [["done", build({ status: "succeeded" })]]);
  show();
  await userEvent.type(await screen.findByLabelText("requirements.txt"), "more{Enter}");
  const before = { ...stored };
  Object.assign(stored, { requirements_txt: "polite\nmore", build: build({ status: "succeeded" }) });
  await userEvent.click(screen.getByRole("button", { name: "Save and build" }));
  await screen.findByDisplayValue("polite\nmore", { normalizer: (text) => text });
  await waitFor(() => expect(screen.queryByText("Not saved yet")).toBeNull());
  Object.assign(stored, before);
});

test("a package that is named in the address is there to be added", async () => {
  serve("editor", []);
  show("/?add=requests");
  await screen.findByDisplayValue("requests");
  await userEvent.keyboard("{Enter}");
  expect(screen.getByLabelText<HTMLTextAreaElement>("requirements.txt").value).toBe("polite\nrequests\n");
  await userEvent.click(screen.getByRole("button", { name: "Discard" }));
});

test("a viewer reads and changes nothing", async () => {
  serve("viewer", []);
  show();
  expect((await screen.findByLabelText<HTMLTextAreaElement>("requirements.txt")).readOnly).toBe(true);
  expect(screen.queryByRole("button", { name: "Save and build" })).toBeNull();
});
