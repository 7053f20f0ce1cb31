// A small backend for developing and for the browser test: answers like the server, keeps decisions in memory.
import type { IncomingMessage, ServerResponse } from "node:http";
import type * as api from "../src/api/types";
import type { components } from "../src/api/schema";
import * as data from "./data";

export interface MockOptions {
  role: api.Role;
  /** Answers as if nothing had come in yet. */
  empty: boolean;
  /** Nobody is logged in at first. */
  loggedOut: boolean;
}

type ErrorCode = components["schemas"]["ErrorCode"];
type Answer = { status: number; body?: unknown };

const ok = (body: unknown): Answer => ({ status: 200, body });
const fail = (status: number, code: ErrorCode, params: Record<string, string> = {}): Answer => ({
  status,
  body: { code, message: code, params },
});

function paged<Row>(rows: Row[], query: URLSearchParams) {
  const [page, size] = [Number(query.get("page") ?? 1), Number(query.get("size") ?? 50)];
  return { rows: rows.slice((page - 1) * size, page * size), total: rows.length, page, size };
}

const has = (value: string | null | undefined, text: string | null) =>
  text === null || (value ?? "").toLowerCase().includes(text.toLowerCase());
const is = (value: string | null | undefined, wanted: string | null) => wanted === null || value === wanted;

function endpoints(query: URLSearchParams): api.EndpointRow[] {
  const q = (key: string) => query.get(key);
  const sort = q("sort") ?? "risk";
  const sign = q("order") === "asc" ? 1 : -1;
  const weight = (row: api.EndpointRow): number | string => {
    if (sort === "risk") return row.risk.score;
    if (sort === "errors") return row.errors / row.calls;
    if (sort === "template") return row.host + row.template;
    return sort === "calls" ? row.calls : sort === "level" ? row.level : ((sort === "first_seen" ? row.first_seen : row.last_seen) ?? "");
  };
  return data.endpoints
    .filter((row) => is(row.host, q("host")) && is(row.method, q("method")) && is(row.state, q("state")))
    .filter((row) => is(row.auth.verdict, q("auth")) && is(row.exposure, q("exposure")) && is(row.purpose, q("purpose")))
    .filter((row) => row.level >= Number(q("level_min") ?? 0) && has(`${row.host}${row.template}`, q("text")))
    .filter((row) => q("data_type") === null || row.data.some((one) => one.type === q("data_type")))
    .sort((a, b) => (weight(a) < weight(b) ? -sign : sign));
}

function calls(query: URLSearchParams): api.CallRow[] {
  const q = (key: string) => query.get(key);
  const status = (row: api.CallRow) => {
    const wanted = q("status");
    if (wanted === null) return true;
    const [low, high] = wanted.replace(/^(\d)xx$/, "$100-$199").split("-").map(Number);
    return (row.status ?? 0) >= (low ?? 0) && (row.status ?? 0) <= (high ?? low ?? 0);
  };
  const rows = data.calls
    .filter((row) => is(row.host, q("host")) && is(row.method, q("method")) && is(row.endpoint_id, q("endpoint")))
    .filter((row) => is(row.account, q("account")) && is(row.client_ip, q("client")) && has(row.target, q("text")))
    .filter((row) => q("rule") === null || row.rules.includes(q("rule") ?? ""))
    .filter((row) => q("data_type") === null || row.data.some((one) => one.type === q("data_type")))
    .filter((row) => (row.ts ?? "") >= (q("from") ?? "") && (row.ts ?? "") < (q("until") ?? "9") && status(row))
    .filter(() => q("candidate") !== "true" && q("reason") === null);
  return q("order") === "asc" ? rows.reverse() : rows;
}

function findings(query: URLSearchParams): api.FindingRow[] {
  const q = (key: string) => query.get(key);
  const order = ["critical", "high", "medium", "low", "info"];
  return data.findings
    .filter((row) => is(row.host, q("host")) && is(row.severity, q("severity")) && is(row.state, q("state")))
    .filter((row) => is(row.rule, q("rule")) && is(row.endpoint?.id, q("endpoint")))
    .filter((row) => has(`${row.title} ${row.title_zh} ${row.rule}`, q("text")))
    .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

function dataMap(query: URLSearchParams, empty: boolean): api.DataMap {
  const q = (key: string) => query.get(key);
  const all = (empty ? [] : data.endpoints).flatMap((row) =>
    data.endpointDetail(row).data.map((use) => ({ endpoint: data.ref(row), data: use })),
  );
  const kept = all
    .filter((row) => is(row.endpoint.host, q("host")) && is(row.data.side, q("side")) && is(String(row.data.masked), q("masked")))
    .filter((row) => row.data.level >= Number(q("level_min") ?? 0) && has(row.endpoint.template + row.data.path, q("text")))
    .sort((a, b) => b.data.level - a.data.level || b.data.count - a.data.count);
  const types = [...new Set(kept.map((row) => row.data.type))].map((type) => {
    const rows = kept.filter((row) => row.data.type === type);
    const clear = rows.filter((row) => !row.data.masked).length;
    const count = rows.reduce((sum, row) => sum + row.data.count, 0);
    return { type, level: rows[0]?.data.level ?? 0, endpoints: rows.length, endpoints_in_clear: clear, count };
  });
  return { ...paged(kept.filter((row) => is(row.data.type, q("type"))), query), types, endpoints_left_out: 0 };
}

function overview(empty: boolean): api.Overview {
  const rows = empty ? [] : data.endpoints;
  const open = empty ? [] : data.findings.filter((row) => row.state === "open");
  const by = (severity: api.Severity) => open.filter((row) => row.severity === severity).length;
  const types = dataMap(new URLSearchParams(), empty).types;
  const todo: api.Todo[] = empty
    ? [{ code: "feed_traffic", count: 0, list: "calls", filter: {} }]
    : [
        { code: "critical_findings", count: by("critical"), list: "findings", filter: { state: "open", severity: "critical" } },
        { code: "high_findings", count: by("high"), list: "findings", filter: { state: "open", severity: "high" } },
        { code: "sensitive_without_auth", count: 1, list: "findings", filter: { state: "open", rule: "data-without-auth" } },
        { code: "review_new_endpoints", count: 3, list: "endpoints", filter: { state: "new" } },
        { code: "review_candidates", count: 1, list: "candidates", filter: { reason: "unconfirmed" } },
      ];
  return {
    counts: { sites: empty ? 0 : 2, endpoints: rows.length, endpoints_new: rows.filter((row) => row.state === "new").length, candidates: empty ? 0 : data.candidates.length, calls: empty ? 0 : data.calls.length, accounts: empty ? 0 : data.accounts.length, open_findings: open.length },
    oldest_call: empty ? null : data.ago(1_440), newest_call: empty ? null : data.ago(0),
    findings_by_severity: (["critical", "high", "medium", "low", "info"] as const).map((severity) => ({ severity, count: by(severity) })),
    todo,
    top_risks: [...rows].sort((a, b) => b.risk.score - a.risk.score).slice(0, 10),
    newest_endpoints: [...rows].sort((a, b) => ((a.first_seen ?? "") < (b.first_seen ?? "") ? 1 : -1)).slice(0, 10),
    worst_findings: findings(new URLSearchParams({ state: "open" })).slice(0, empty ? 0 : 10),
    data_levels: [5, 4, 3, 2, 1].map((level) => ({ level, types: types.filter((one) => one.level === level) })).filter((one) => one.types.length > 0),
    calls_over_time: data.histogram(empty ? [] : data.calls, 60),
  };
}

const STATUS: api.StatusView = {
  version: "0.1.0", uptime_s: 93_721, detectors_off: [], limits_reached: { body_bytes_max: 3 },
  log: { calls: 260, segments: 4, segment_bytes: 8_402_113, journal_bytes: 120_332, oldest: data.ago(1_440), newest: data.ago(0) },
  ingest: { accepted: 260, analysed: 260, waiting: 0, refused: 0 },
  sources: [{ name: "push:gateway", received: 264, accepted: 260, dropped: [{ stage: "ingest", reason: "malformed", records: 4 }], counters: {} }, { name: "eth1", received: 0, accepted: 0, dropped: [], counters: { kernel_packets: 1_204, kernel_drops: 2 } }],
};

/** A backend with its own memory; the result answers requests below `/api/v1`. */
export function mock(options: MockOptions) {
  const { empty, role } = options;
  let me: api.Me | undefined = options.loggedOut ? undefined : { name: "chen.jing", role, must_change: false };
  const users: api.UserView[] = ["admin", "chen.jing", "guest"].map((name, n) => ({ name, role: n === 0 ? "admin" : n === 1 ? role : "viewer", must_change: n === 2, disabled: n === 2, created: data.ago(90_000), last_login: n === 2 ? null : data.ago(30) }));
  const tokens: api.TokenView[] = [{ name: "gateway-1", created_by: "admin", created: data.ago(50_000), last_used: data.ago(2) }];
  const found = <V>(value: V | undefined, view: (value: V) => unknown): Answer => (value === undefined ? fail(404, "not_found") : ok(view(value)));
  const finding = (row: api.FindingRow) => ({
    summary: row, rule: data.rules.weaknesses.find((rule) => rule.id === row.rule) ?? null,
    evidence: data.calls.filter((call) => call.rules.includes(row.rule) && call.endpoint_id === row.endpoint?.id).slice(0, 5), evidence_gone: ["call-9999"],
  });
  const list = <Row>(rows: Row[], query: URLSearchParams) => ok(paged(empty ? [] : rows, query));

  function get(path: string, id: string, query: URLSearchParams): Answer {
    const host = query.get("host");
    if (path === "overview") return ok(overview(empty));
    if (path === "rules") return ok(data.rules);
    if (path === "status") return ok(STATUS);
    if (path === "sites") return ok({ rows: empty ? [] : ["bank.example.cn", "shop.example.com"].map((name) => ({ host: name, endpoints: 7, candidates: 3, calls: 90_000, open_findings: 5, level: 5 })) });
    if (path === "sites/") return ok({ openapi: "3.1.0", info: { title: id, version: "1" }, paths: {} });
    if (path === "endpoints") return list(endpoints(query), query);
    if (path === "endpoints/") return found(data.endpoints.find((row) => row.id === id), data.endpointDetail);
    if (path === "candidates") return list(data.candidates.filter((row) => is(row.host, host) && is(row.reason, query.get("reason")) && has(row.template, query.get("text"))), query);
    if (path === "calls") return list(calls(query), query);
    if (path === "calls/" && id === "histogram") return ok(data.histogram(empty ? [] : calls(query), Number(query.get("buckets") ?? 60)));
    if (path === "calls/") return found(data.calls.find((row) => row.id === id), data.callDetail);
    if (path === "findings") return list(findings(query), query);
    if (path === "findings/") return found(data.findings.find((row) => row.id === id), finding);
    if (path === "accounts") return list(data.accounts.filter((row) => is(row.host, host) && has(row.name, query.get("text"))), query);
    if (path === "accounts/") return found(data.accounts.find((row) => row.id === id), (row) => ({ summary: row, endpoints: data.endpoints.slice(0, 6).map(data.ref), evidence: data.calls.slice(0, 3), evidence_gone: [] }));
    if (path === "data") return ok(dataMap(query, empty));
    if (role !== "admin") return fail(403, "forbidden", { role: "admin" });
    return path === "users" ? ok({ rows: users }) : path === "tokens" ? ok({ rows: tokens }) : fail(404, "not_found");
  }

  function write(method: string, path: string, id: string, body: Record<string, unknown>): Answer {
    if (path === "session/") {
      if (me) me = { ...me, must_change: false };
      return { status: 204 };
    }
    if (path === "findings/" && method === "PATCH") {
      if (role === "viewer") return fail(403, "forbidden", { role: "analyst" });
      const row = data.findings.find((one) => one.id === id);
      const state = (["open", "confirmed", "ignored", "fixed"] as const).find((one) => one === body["state"]);
      if (!row || !state) return fail(404, "not_found");
      row.state = state;
      return ok(finding(row));
    }
    if (role !== "admin") return fail(403, "forbidden", { role: "admin" });
    const name = String(body["name"]);
    if (path === "users" && method === "POST") {
      const user: api.UserView = { name, role: "analyst", must_change: true, disabled: false, created: data.ago(0), last_login: null };
      users.push(user);
      return ok({ user, password: "hT7kWq2mXc9RbN4vPz3D" });
    }
    if (path === "users/" && method === "PATCH") return found(users.find((user) => user.name === id), (user) => ({ user, password: body["reset_password"] === true ? "hT7kWq2mXc9RbN4vPz3D" : null }));
    if (path === "tokens" && method === "POST") {
      const token: api.TokenView = { name, created_by: "chen.jing", created: data.ago(0), last_used: null };
      tokens.push(token);
      return ok({ token, secret: "ap_3kQ9vXw7TzNf2bLm8RcJ5sHd" });
    }
    return method === "DELETE" ? { status: 204 } : fail(405, "method_not_allowed");
  }

  function answer(method: string, path: string, id: string, query: URLSearchParams, body: Record<string, unknown>): Answer {
    if (path === "session") {
      if (method === "POST") {
        if (body["password"] !== "apiarist") return fail(401, "login_failed");
        me = { name: String(body["name"]), role, must_change: body["name"] === "first" };
      }
      if (method === "DELETE") {
        me = undefined;
        return { status: 204 };
      }
      return me ? ok(me) : fail(401, "not_logged_in");
    }
    if (!me) return fail(401, "not_logged_in");
    return method === "GET" ? get(path, id, query) : write(method, path, id, body);
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://mock");
    const [, name = "", id = ""] = /^\/api\/v1\/([^/]+\/?)([^/]*)/.exec(url.pathname) ?? [];
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body: Record<string, unknown> = text === "" ? {} : JSON.parse(text);
    const { status, body: result } = answer(request.method ?? "GET", name, decodeURIComponent(id), url.searchParams, body);
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(result === undefined ? "" : JSON.stringify(result));
  };
}
