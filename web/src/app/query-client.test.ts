import { QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { ApiError } from "@/api/error";
import { accountKey } from "@/api/queries";
import { makeQueryClient } from "./query-client";

const refuse = () => Promise.reject(new ApiError(401, "Wrong name or password"));

/** A client that has the account in sight, and what is refused to it. */
async function begin(account: () => Promise<string>) {
  const client = makeQueryClient();
  const ask = vi.fn(account);
  const end = new QueryObserver(client, { queryKey: accountKey, queryFn: ask }).subscribe(() => {});
  await vi.waitFor(() => expect(client.isFetching()).toBe(0), { timeout: 20_000 });
  const change = client.getMutationCache().build(client, { mutationFn: refuse });
  await expect(change.execute(undefined)).rejects.toThrow("Wrong name or password");
  return { ask, end };
}

test("a refusal asks whether the session has ended", async () => {
  const { ask, end } = await begin(async () => "ada");
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2), { timeout: 20_000 });
  end();
});

test("whoever has no session and a wrong password is not asked about a second time", async () => {
  const { ask, end } = await begin(refuse);
  expect(ask).toHaveBeenCalledTimes(1);
  end();
});
