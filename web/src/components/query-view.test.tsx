import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { expect, test } from "vitest";
import { ApiError } from "@/api/error";
import { QueryView } from "./query-view";

function List({ answers }: { answers: (() => string[])[] }) {
  const query = useQuery({ queryKey: ["list"], queryFn: () => answers.shift()?.() ?? [], retry: false });
  return (
    <QueryView query={query} empty={<p>nothing yet</p>}>
      {(list) => (
        <>
          <p>{list.join(" ")}</p>
          <button type="button" onClick={() => void query.refetch()}>
            again
          </button>
        </>
      )}
    </QueryView>
  );
}

function show(...answers: (() => string[])[]) {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter>
        <List answers={answers} />
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

const fails = () => {
  throw new ApiError(503, "The store is away");
};

test("what comes is shown, after a place held for it", async () => {
  show(() => ["a", "b"]);
  expect(screen.getByRole("status", { name: "Loading" })).toBeTruthy();
  expect(await screen.findByText("a b")).toBeTruthy();
});

test("an empty list shows the next step", async () => {
  show(() => []);
  expect(await screen.findByText("nothing yet")).toBeTruthy();
});

test("an error speaks with the server's words, and can be tried again", async () => {
  show(fails, () => ["a"]);
  expect(await screen.findByText("The store is away")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: /Try again/ }));
  expect(await screen.findByText("a")).toBeTruthy();
});

test("what is not there is not worth another try", async () => {
  show(() => {
    throw new ApiError(404, "Project not found");
  });
  expect(await screen.findByRole("heading", { name: "Project not found" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Try again/ })).toBeNull();
  expect(screen.getByRole("link", { name: "To the dashboard" })).toBeTruthy();
});

test("data stays in sight when fetching it anew fails", async () => {
  show(() => ["a"], fails);
  await userEvent.click(await screen.findByRole("button", { name: "again" }));
  expect((await screen.findByRole("alert")).textContent).toContain("out of date: The store is away");
  expect(screen.getByText("a")).toBeTruthy();
});
