// All state of a view lives in the URL. Global keys travel with every link inside the console; page keys stay.
import { useMemo } from "react";
import { useSearchParams } from "react-router";

/** Keys that follow the reader from page to page. */
export const GLOBAL_KEYS = ["site", "range", "from", "until", "lang", "theme"] as const;

export type Patch = Record<string, string | number | undefined>;

/** A copy of `current` with the patch applied; an empty value removes the key, any change goes back to page one. */
export function patched(current: URLSearchParams, patch: Patch): URLSearchParams {
  const next = new URLSearchParams(current);
  if (!("page" in patch)) next.delete("page");
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || value === "") next.delete(key);
    else next.set(key, String(value));
  }
  return next;
}

/** The address of a page with its own parameters and the global ones of `current`. */
export function address(path: string, current: URLSearchParams, own: Patch = {}): string {
  const next = new URLSearchParams();
  for (const key of GLOBAL_KEYS) {
    const value = current.get(key);
    if (value !== null) next.set(key, value);
  }
  for (const [key, value] of Object.entries(own)) {
    if (value === undefined || value === "") next.delete(key);
    else next.set(key, String(value));
  }
  const text = next.toString();
  return text ? `${path}?${text}` : path;
}

export interface Url {
  params: URLSearchParams;
  /** The value of a key, or the empty text. */
  get: (key: string) => string;
  /** The values of a key that holds a comma-separated list. */
  list: (key: string) => string[];
  page: number;
  size: number;
  set: (patch: Patch, push?: boolean) => void;
  /** The address of another page, global keys kept. */
  to: (path: string, own?: Patch) => string;
}

export const PAGE_SIZE = 50;

export function useUrl(): Url {
  const [params, setParams] = useSearchParams();
  return useMemo(() => {
    const positive = (key: string, fallback: number) => {
      const value = Number(params.get(key));
      return Number.isInteger(value) && value > 0 ? value : fallback;
    };
    return {
      params,
      get: (key) => params.get(key) ?? "",
      list: (key) => (params.get(key) ?? "").split(",").filter((item) => item !== ""),
      page: positive("page", 1),
      size: Math.min(positive("size", PAGE_SIZE), 500),
      set: (patch, push = false) => setParams((now) => patched(now, patch), { replace: !push }),
      to: (path, own) => address(path, params, own),
    };
  }, [params, setParams]);
}

/** The time range of the URL as the API takes it. Relative ranges are counted from `now`, to the minute. */
export function timeRange(params: URLSearchParams, now: number): { from?: string; until?: string } {
  const from = params.get("from");
  const until = params.get("until");
  if (from !== null || until !== null) {
    return { ...(from === null ? {} : { from }), ...(until === null ? {} : { until }) };
  }
  const range = params.get("range") ?? "";
  const span = Object.hasOwn(RANGES, range) ? RANGES[range] : undefined;
  if (span === undefined) return {};
  const minute = Math.floor(now / 60_000) * 60_000;
  return { from: new Date(minute - span * 60_000).toISOString() };
}

/** Relative ranges by their name in the URL, in minutes. */
export const RANGES: Readonly<Record<string, number>> = {
  "15m": 15,
  "1h": 60,
  "24h": 1_440,
  "7d": 10_080,
  "30d": 43_200,
};
