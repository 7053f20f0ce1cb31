// Starts the console: query cache, router. What a lapsed session means is said once, here.
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";
import { Failure } from "@/api/client";
import { routes } from "./routes";
import "./ui/style.css";

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // Any 401 ends the session: asking again who is logged in leads to the login page.
      if (error instanceof Failure && error.status === 401 && query.queryKey[0] !== "session") {
        void queries.invalidateQueries({ queryKey: ["session"] });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      // Only what may heal by itself is asked again.
      retry: (count, error) => error instanceof Failure && error.status === 0 && count < 1,
      retryDelay: 500,
    },
  },
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={createBrowserRouter(routes)} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
