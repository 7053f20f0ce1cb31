// A chromium of our own and the pages that the console has.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts chromium with a profile of its own in a temporary folder; `close` ends both. */
export async function launch() {
  const profile = await mkdtemp(join(tmpdir(), "apiarist-e2e-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Asia/Shanghai",
  });
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { context, close };
}

/** Collects everything that a page must not do: console errors, page errors, failed or foreign requests. */
export function watch(page, { base, allowed = () => false }) {
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    if (allowed(message.location().url)) return;
    wrong.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`page error: ${error.message}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    if (why !== "net::ERR_ABORTED" && !allowed(request.url())) wrong.push(`failed: ${request.url()} ${why}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !/^(data|blob):/.test(url)) wrong.push(`foreign request: ${url}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !allowed(response.url())) wrong.push(`${response.status()}: ${response.url()}`);
  });
  return wrong;
}

/** The pages, with what the detail pages need: the first row of their list. */
export const PAGES = [
  { name: "overview", path: "/overview", asks: ["/api/v1/overview"] },
  { name: "endpoints", path: "/endpoints", asks: ["/api/v1/endpoints"] },
  { name: "candidates", path: "/endpoints?tab=candidates", asks: ["/api/v1/candidates"] },
  { name: "sites", path: "/endpoints?tab=sites", asks: ["/api/v1/sites"] },
  { name: "endpoint", list: "endpoints", path: (id) => `/endpoints/${id}`, asks: ["/api/v1/endpoints/"] },
  { name: "endpoint-schema", list: "endpoints", path: (id) => `/endpoints/${id}?tab=schema`, asks: [] },
  { name: "endpoint-data", list: "endpoints", path: (id) => `/endpoints/${id}?tab=data`, asks: [] },
  { name: "endpoint-findings", list: "endpoints", path: (id) => `/endpoints/${id}?tab=findings`, asks: [] },
  { name: "endpoint-calls", list: "endpoints", path: (id) => `/endpoints/${id}?tab=calls`, asks: ["/api/v1/calls"] },
  { name: "calls", path: "/calls", asks: ["/api/v1/calls"] },
  { name: "call", list: "calls", path: (id) => `/calls/${encodeURIComponent(id)}`, asks: ["/api/v1/calls/"] },
  { name: "findings", path: "/findings", asks: ["/api/v1/findings"] },
  { name: "finding", list: "findings", path: (id) => `/findings/${id}`, asks: ["/api/v1/findings/"] },
  { name: "accounts", path: "/accounts", asks: ["/api/v1/accounts"] },
  { name: "account", list: "accounts", path: (id) => `/accounts/${encodeURIComponent(id)}`, asks: ["/api/v1/accounts/"] },
  { name: "data", path: "/data", asks: ["/api/v1/data"] },
  { name: "settings", path: "/settings", asks: ["/api/v1/status"] },
  { name: "sources", path: "/settings?tab=sources", asks: ["/api/v1/status"] },
  { name: "users", path: "/settings?tab=users", asks: ["/api/v1/users"], admin: true },
  { name: "tokens", path: "/settings?tab=tokens", asks: ["/api/v1/tokens"], admin: true },
];

/** A page's address with more parameters. */
export function withParams(path, params) {
  const url = new URL(path, "http://x");
  for (const [key, value] of Object.entries(params)) url.searchParams.set(key, value);
  return url.pathname + url.search;
}
