// The law of style.md 26 to 28 as lint: no `any`, no assertions, features apart from each other.
import hooks from "eslint-plugin-react-hooks";
import { globalIgnores, defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { readdirSync } from "node:fs";

const features = readdirSync(new URL("./src/features", import.meta.url));

/** A feature may import `ui`, `api` and `i18n`, never another feature. */
const apart = features.map((feature) => ({
  files: [`src/features/${feature}/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: [{ group: [`@/features/*`, `../*/**`, `!../${feature}/**`, "@/routes", "@/nav"] }] },
    ],
  },
}));

export default defineConfig([
  globalIgnores(["dist", "src/api/schema.d.ts", "e2e/shots"]),
  tseslint.configs.recommended,
  hooks.configs.flat["recommended-latest"],
  {
    files: ["**/*.{ts,tsx}"],
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
      eqeqeq: "error",
      "max-lines": ["error", { max: 400 }],
    },
  },
  {
    files: ["src/{ui,api,i18n}/**"],
    rules: {
      "no-restricted-imports": ["error", { patterns: [{ group: ["@/features/*", "../features/*"] }] }],
    },
  },
  ...apart,
]);
