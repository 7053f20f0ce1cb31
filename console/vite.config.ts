// Builds the console into `dist`, which the binary embeds. Nothing is inlined: the server forbids inline scripts.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const target = process.env["APIARIST_URL"] ?? "http://127.0.0.1:7480";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
  server: { host: "127.0.0.1", port: 5180, proxy: { "/api": { target } } },
  test: { environment: "node", include: ["test/**/*.test.ts"] },
});
