// `npm run dev`: the console with hot reload, on the mock backend; on a real one when APIARIST_URL names it.
import { createServer, runnerImport } from "vite";

const role = process.env.MOCK_ROLE ?? "admin";
const plugins = [];
if (process.env.APIARIST_URL === undefined) {
  const { module } = await runnerImport("./mock/server.ts");
  const handle = module.mock({ role, empty: process.env.MOCK_EMPTY === "1", loggedOut: false });
  const configureServer = (server) =>
    server.middlewares.use((request, response, next) =>
      request.url?.startsWith("/api/") ? void handle(request, response) : next(),
    );
  plugins.push({ name: "mock", configureServer });
}
const server = await createServer({ plugins });
await server.listen();
server.printUrls();
