// The console's words: one JSON file per feature and language, loaded by language. `useT` gives the typed lookup,
// `useWords` the lookup for codes that the server sends. Counting forms end in `#one`.
import { createContext, useCallback, useContext } from "react";
import type { en } from "./en";

export type Lang = "zh" | "en";
export const LANGS: readonly Lang[] = ["zh", "en"];

type Messages = typeof en;
export type Key = {
  [F in keyof Messages]: `${F}.${Extract<keyof Messages[F], string>}`;
}[keyof Messages];
export type Params = Record<string, string | number>;
export type Catalog = Record<string, Record<string, string>>;

/** Replaces `{name}` by its parameter; an unknown name stays, so that it is seen. */
export function fill(template: string, params: Params): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** The message of a key, in its singular form (`#one`) when `count` is 1; `undefined` when the key is unknown. */
export function look(catalog: Catalog, key: string, params: Params = {}, lang: Lang = "en"): string | undefined {
  const dot = key.indexOf(".");
  const feature = catalog[key.slice(0, dot)];
  const name = key.slice(dot + 1);
  const text = (params["count"] === 1 ? feature?.[`${name}#one`] : undefined) ?? feature?.[name];
  if (text === undefined) return undefined;
  const shown = Object.entries(params).map(([id, value]) => [id, typeof value === "number" ? number(value, lang) : value]);
  return fill(text, Object.fromEntries(shown));
}

export async function loadCatalog(lang: Lang): Promise<Catalog> {
  return lang === "zh" ? (await import("./zh")).zh : (await import("./en")).en;
}

interface I18n {
  lang: Lang;
  catalog: Catalog;
}

export const I18nContext = createContext<I18n>({ lang: "en", catalog: {} });

export function useLang(): Lang {
  return useContext(I18nContext).lang;
}

export type T = (key: Key, params?: Params) => string;

/** Typed lookup of a message. */
export function useT(): T {
  const { catalog, lang } = useContext(I18nContext);
  return (key, params) => look(catalog, key, params, lang) ?? key;
}

/** Lookup of a server code under a prefix; falls back to the code itself, which is at least true. */
export function useWords(): (prefix: string, code: string, params?: Params) => string {
  const { catalog, lang } = useContext(I18nContext);
  return useCallback(
    (prefix, code, params) => look(catalog, `${prefix}.${code}`, params, lang) ?? code,
    [catalog, lang],
  );
}

/** Picks the text of the present language from a pair that content files bring. */
export function usePick(): (en: string, zh: string) => string {
  const lang = useLang();
  return useCallback((en, zh) => (lang === "zh" ? zh || en : en || zh), [lang]);
}

const formats = new Map<string, Intl.NumberFormat>();

/** A number with thousands separators; `digits` after the decimal point at most. */
export function number(value: number, lang: Lang, digits = 0): string {
  const id = `${lang}${digits}`;
  let format = formats.get(id);
  if (!format) {
    format = new Intl.NumberFormat(lang === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits: digits });
    formats.set(id, format);
  }
  return format.format(value);
}
