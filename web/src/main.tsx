import "./styles.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router/dom";
import { accountQuery } from "./api/queries";
import { makeQueryClient } from "./app/query-client";
import { makeRouter } from "./app/router";
import { provideNonce } from "./lib/nonce";

provideNonce();
const client = makeQueryClient();
void client.prefetchQuery(accountQuery()); // on its way while the code of the page is
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={makeRouter()} />
    </QueryClientProvider>
  </StrictMode>,
);
