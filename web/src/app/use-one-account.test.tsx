import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { useOneAccount } from "./use-one-account";

let server = "of ada";

function Projects({ account }: { account: string }) {
  useOneAccount(account);
  const projects = useQuery({ queryKey: ["projects"], queryFn: async () => server, staleTime: 60_000 });
  return <p>{projects.data ?? "loading"}</p>;
}

test("when somebody else has signed in, what is in sight goes and is asked for anew", async () => {
  const client = new QueryClient();
  const view = (account: string) => (
    <QueryClientProvider client={client}>
      <Projects account={account} />
    </QueryClientProvider>
  );
  const { rerender } = render(view("ada"));
  expect(await screen.findByText("of ada")).toBeTruthy();
  client.setQueryData(["functions"], "of ada, out of sight");
  server = "of bob";
  rerender(view("ada"));
  expect(screen.getByText("of ada")).toBeTruthy();
  rerender(view("bob"));
  expect(await screen.findByText("of bob")).toBeTruthy();
  expect(client.getQueryData(["functions"])).toBeUndefined();
});
