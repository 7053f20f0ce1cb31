// Writes src/api/schema.d.ts from ../openapi/console.json; with --check it fails when the committed file is stale.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../../openapi/console.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);
const head = "// Generated from openapi/console.json by `npm run types`. Do not edit.\n/* eslint-disable */\n";

const text = head + astToString(await openapiTS(source, { emptyObjectsUnknown: true, defaultNonNullable: false }));
if (process.argv.includes("--check")) {
  const committed = await readFile(target, "utf8").catch(() => "");
  if (committed !== text) {
    process.stderr.write("src/api/schema.d.ts is stale: run `npm run types` and commit it\n");
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
