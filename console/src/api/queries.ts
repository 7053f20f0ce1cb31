// Every question the console asks, as query options. Keys are the address and its parameters, so that the cache and
// the URL agree. Changes live beside the questions they make stale.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, take } from "./client";
import type { paths } from "./schema";

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

const kept = { placeholderData: keepPreviousData } as const;

export const meQuery = () =>
  queryOptions({
    queryKey: ["session"],
    queryFn: () => take(client.GET("/api/v1/session")),
    staleTime: 60_000,
    retry: false,
  });

export const rulesQuery = () =>
  queryOptions({ queryKey: ["rules"], queryFn: () => take(client.GET("/api/v1/rules")), staleTime: 600_000 });

export const sitesQuery = () =>
  queryOptions({ queryKey: ["sites"], queryFn: () => take(client.GET("/api/v1/sites")), staleTime: 30_000 });

export const overviewQuery = () =>
  queryOptions({
    queryKey: ["overview"],
    queryFn: ({ signal }) => take(client.GET("/api/v1/overview", { signal })),
    refetchInterval: 30_000,
    ...kept,
  });

export const endpointsQuery = (query: Query<"/api/v1/endpoints">) =>
  queryOptions({
    queryKey: ["endpoints", query],
    queryFn: ({ signal }) => take(client.GET("/api/v1/endpoints", { params: { query }, signal })),
    ...kept,
  });

export const endpointQuery = (id: string) =>
  queryOptions({
    queryKey: ["endpoint", id],
    queryFn: ({ signal }) => take(client.GET("/api/v1/endpoints/{id}", { params: { path: { id } }, signal })),
  });

export const candidatesQuery = (query: Query<"/api/v1/candidates">) =>
  queryOptions({
    queryKey: ["candidates", query],
    queryFn: ({ signal }) => take(client.GET("/api/v1/candidates", { params: { query }, signal })),
    ...kept,
  });

export const callsQuery = (query: Query<"/api/v1/calls">) =>
  queryOptions({
    queryKey: ["calls", query],
    queryFn: ({ signal }) => take(client.GET("/api/v1/calls", { params: { query }, signal })),
    ...kept,
  });

export const histogramQuery = (query: Query<"/api/v1/calls/histogram">) =>
  queryOptions({
    queryKey: ["histogram", query],
    queryFn: ({ signal }) => take(client.GET("/api/v1/calls/histogram", { params: { query }, signal })),
    ...kept,
  });

export const callQuery = (id: string) =>
  queryOptions({
    queryKey: ["call", id],
    queryFn: ({ signal }) => take(client.GET("/api/v1/calls/{id}", { params: { path: { id } }, signal })),
  });

export const findingsQuery = (query: Query<"/api/v1/findings">) =>
  queryOptions({
    queryKey: ["findings", query],
    queryFn: ({ signal }) => take(client.GET("/api/v1/findings", { params: { query }, signal })),
    ...kept,
  });

export const findingQuery = (id: string) =>
  queryOptions({
    queryKey: ["finding", id],
    queryFn: ({ signal }) => take(client.GET("/api/v1/findings/{id}", { params: { path: { id } }, signal })),
  });

export const accountsQuery = (query: Query<"/api/v1/accounts">) =>
  queryOptions({
    queryKey: ["accounts", query],
    queryFn: ({ signal }) => take(client.GET("/api/v1/accounts", { params: { query }, signal })),
    ...kept,
  });

export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ["account", id],
    queryFn: ({ signal }) => take(client.GET("/api/v1/accounts/{id}", { params: { path: { id } }, signal })),
  });

export const dataQuery = (query: Query<"/api/v1/data">) =>
  queryOptions({
    queryKey: ["data", query],
    queryFn: ({ signal }) => take(client.GET("/api/v1/data", { params: { query }, signal })),
    ...kept,
  });

export const usersQuery = () =>
  queryOptions({ queryKey: ["users"], queryFn: () => take(client.GET("/api/v1/users")) });

export const tokensQuery = () =>
  queryOptions({ queryKey: ["tokens"], queryFn: () => take(client.GET("/api/v1/tokens")) });

export const statusQuery = () =>
  queryOptions({
    queryKey: ["status"],
    queryFn: () => take(client.GET("/api/v1/status")),
    refetchInterval: 10_000,
  });
