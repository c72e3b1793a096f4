import { act, render } from "@testing-library/react";
import { createMemoryRouter, RouterProvider, useLocation } from "react-router";
import { expect, test } from "vitest";
import { textParam, useSearch } from "./search";

const schema = { build: textParam(), add: textParam() };
const seen: { change: (some: { build?: string; add?: string }) => void; query: string } = {
  change: () => {},
  query: "",
};

function Page() {
  const { search } = useLocation();
  const [, change] = useSearch(schema);
  Object.assign(seen, { change, query: search });
  return null;
}

test("two changes before the page is drawn again both stand in the address", async () => {
  const router = createMemoryRouter([{ path: "/", element: <Page /> }], { initialEntries: ["/?add=pg"] });
  render(<RouterProvider router={router} />);
  expect(seen.query).toBe("?add=pg");
  await act(async () => {
    seen.change({ build: "b1" });
    seen.change({ add: "" });
  });
  expect(seen.query).toBe("?build=b1");
});
