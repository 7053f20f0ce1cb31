// The filters of the call list: what the URL says, as the API takes it.
import * as known from "@/ui/choice";
import { timeRange, type Url } from "@/ui/url";

/** Keys of the URL that narrow the list, time and site apart. */
export const CALL_KEYS = [
  "text",
  "method",
  "status",
  "candidate",
  "reason",
  "endpoint",
  "client",
  "account",
  "data_type",
  "value_hash",
  "rule",
] as const;

function truth(text: string): boolean | undefined {
  return text === "true" ? true : text === "false" ? false : undefined;
}

export function callFilter(url: Url, now: number) {
  const { from, until } = timeRange(url.params, now);
  return known.present({
    from: from ?? "",
    until: until ?? "",
    host: url.get("site"),
    endpoint: url.get("endpoint"),
    method: url.get("method"),
    status: url.get("status"),
    client: url.get("client"),
    account: url.get("account"),
    data_type: url.get("data_type"),
    value_hash: url.get("value_hash"),
    rule: url.get("rule"),
    candidate: truth(url.get("candidate")),
    reason: known.oneOf(known.REASONS, url.get("reason")),
    text: url.get("text"),
  });
}
