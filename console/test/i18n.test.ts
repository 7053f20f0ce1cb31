// Both languages say the same things with the same placeholders, and no page has words of its own.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { fill, look } from "../src/i18n";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";

type Catalog = Record<string, Record<string, string>>;

const english: Catalog = en;
const chinese: Catalog = zh;
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
const plain = (messages: Record<string, string> | undefined) =>
  Object.keys(messages ?? {}).filter((key) => !key.endsWith("#one")).sort();

describe("languages", () => {
  it.each(Object.keys(english))("%s has the same keys and placeholders", (feature) => {
    expect(plain(chinese[feature])).toEqual(plain(english[feature]));
    for (const key of plain(english[feature])) {
      const [a = "", b = ""] = [english[feature]?.[key], chinese[feature]?.[key]];
      expect(a.trim() && b.trim(), `${feature}.${key} is empty`).not.toBe("");
      expect(placeholders(b), `${feature}.${key}`).toEqual(placeholders(a));
    }
  });

  it("speaks Chinese in Chinese, but for names", () => {
    const names = /^[\w\s.\-@{}:/()–,]*$/;
    const allowed = ["common.otherLanguage", "common.otherLanguageHint", "codes.place.cookie"];
    const latin = Object.entries(chinese).flatMap(([feature, messages]) =>
      Object.entries(messages)
        .filter(([key, text]) => names.test(text) && english[feature]?.[key] !== text)
        .map(([key]) => `${feature}.${key}`)
        .filter((key) => !allowed.includes(key)),
    );
    expect(latin).toEqual([]);
    const han = Object.entries(english).flatMap(([feature, messages]) =>
      Object.entries(messages).filter(([, text]) => /\p{Script=Han}/u.test(text)).map(([key]) => `${feature}.${key}`),
    );
    expect(han.filter((key) => !allowed.includes(key))).toEqual([]);
  });
});

describe("messages", () => {
  const catalog = { a: { calls: "{count} calls", "calls#one": "one call" } };
  it("count and fill", () => {
    expect(look(catalog, "a.calls", { count: 1 })).toBe("one call");
    expect(look(catalog, "a.calls", { count: 12_345 })).toBe("12,345 calls");
    expect(look(catalog, "a.none")).toBeUndefined();
    expect(fill("{x} and {y}", { x: 1 })).toBe("1 and {y}");
  });
});

const SHOWN = new Set(["title", "label", "placeholder", "alt", "aria-label", "description", "tooltip", "hint", "okText"]);

/** Words in a source file that a reader would see and that no catalogue holds. */
function literals(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const letters = /\p{L}{2,}/u;
  const note = (node: ts.Node, word: string) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${path}:${line + 1} ${word.trim()}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isJsxElement(node) && /translate="no"/.test(node.openingElement.getText())) return;
    if (ts.isJsxText(node) && letters.test(node.text)) note(node, node.text);
    if (ts.isJsxAttribute(node) && node.initializer && ts.isStringLiteral(node.initializer)) {
      const { text: word } = node.initializer;
      if (SHOWN.has(node.name.getText()) && letters.test(word) && look(english, word) === undefined) note(node, word);
    }
    if (ts.isStringLiteralLike(node) && /\p{Script=Han}/u.test(node.text)) note(node, node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
    .map((name) => join(folder, name));

describe("sources", () => {
  it("show no words of their own", () => {
    expect(sources("src").flatMap(literals)).toEqual([]);
  });

  it("ask only for messages that exist", () => {
    const missing = sources("src").flatMap((path) => {
      const text = readFileSync(path, "utf8");
      const keys = [...text.matchAll(/\bt\(\s*"([a-z]+\.[^"]+)"/g)].map((match) => match[1] ?? "");
      return keys.filter((key) => look(english, key) === undefined).map((key) => `${path} ${key}`);
    });
    expect(missing).toEqual([]);
  });

  it("use every message", () => {
    const all = sources("src").map((path) => readFileSync(path, "utf8")).join("\n");
    // Codes of the server are looked up by prefix; their prefix has to be asked for.
    const unused = Object.entries(english).flatMap(([feature, messages]) =>
      plain(messages)
        .filter((key) => feature !== "errors" && !all.includes(`${feature}.${key}"`))
        .filter((key) => !all.includes(`words("${feature}.${key.split(".")[0]}",`))
        .filter((key) => !all.includes(`${key.split(".")[0]}.\${`) && !all.includes(`prefix: "${key.split(".")[0]}"`))
        .filter((key) => !/^(life|auth|authKind|exposure|style|severity)\./.test(key))
        .map((key) => `${feature}.${key}`),
    );
    expect(unused).toEqual([]);
  });
});
