import { createBrowserRouter } from "react-router";
import { ErrorPage, NoSuchPage } from "./error-page";
import { entry, pages } from "./pages";
import { Shell } from "./shell";

/** While the code of the first page comes. */
function NothingYet() {
  return null;
}

export function makeRouter() {
  return createBrowserRouter([
    { ErrorBoundary: ErrorPage, HydrateFallback: NothingYet, children: entry },
    {
      path: "/",
      Component: Shell,
      ErrorBoundary: ErrorPage,
      HydrateFallback: NothingYet,
      children: [{ ErrorBoundary: ErrorPage, children: [...pages, { path: "*", Component: NoSuchPage }] }],
    },
  ]);
}
