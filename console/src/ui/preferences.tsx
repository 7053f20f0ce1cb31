// Language and theme: the URL first, then what was chosen last on this browser, then what the browser asks for.
import { createContext, useContext } from "react";
import { LANGS, type Lang } from "@/i18n";
import type { Mode } from "./theme";

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Storage may be switched off; the URL still carries the choice.
  }
}

export function remember(key: "lang" | "theme", value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

export function langOf(params: URLSearchParams): Lang {
  const asked = params.get("lang") ?? remembered("lang");
  const known = LANGS.find((lang) => lang === asked);
  return known ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
}

export function modeOf(params: URLSearchParams): Mode {
  const asked = params.get("theme") ?? remembered("theme");
  if (asked === "dark" || asked === "light") return asked;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export const ModeContext = createContext<Mode>("light");

export function useMode(): Mode {
  return useContext(ModeContext);
}
