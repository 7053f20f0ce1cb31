// Serves `dist` with the headers of the real server, in front of the mock backend.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
  "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

async function file(path) {
  const name = normalize(path).replace(/^([/\\]|\.\.)+/, "");
  const known = name.startsWith("assets/") || name === "logo.svg" ? name : "index.html";
  return { body: await readFile(join(DIST, known)), type: TYPES[extname(known)] ?? "application/octet-stream" };
}

/** Starts the mock on a free port; answers its address and how to stop it. */
export async function startMock(options) {
  const { module } = await runnerImport("./mock/server.ts", { logLevel: "error" });
  const handle = module.mock({ role: "admin", empty: false, loggedOut: false, ...options });
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/api/")) return void handle(request, response);
    file(new URL(request.url ?? "/", "http://x").pathname).then(
      ({ body, type }) => {
        response.writeHead(200, { "content-type": type, "content-security-policy": POLICY });
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { base: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
