// Figures with their units: durations, sizes, points in time. Pure; `now` comes with the call.
import { number, type Lang } from ".";

/** Microseconds as the largest unit that keeps the number readable: `870 µs`, `12.4 ms`, `3.1 s`. */
export function duration(us: number, lang: Lang): string {
  if (us < 1_000) return `${number(us, lang)} µs`;
  if (us < 1_000_000) return `${number(us / 1_000, lang, us < 100_000 ? 1 : 0)} ms`;
  return `${number(us / 1_000_000, lang, 1)} s`;
}

/** Bytes in binary units: `512 B`, `1.5 KiB`. */
export function bytes(size: number, lang: Lang): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${number(value, lang, unit === 0 ? 0 : 1)} ${units[unit] ?? ""}`;
}

/** A share of 0 to 1 as a percentage; small but present shares are `<0.1 %`. */
export function percent(share: number, lang: Lang): string {
  if (share > 0 && share < 0.001) return "<0.1 %";
  return `${number(share * 100, lang, share < 0.1 ? 1 : 0)} %`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Local date and time to the second, ISO order: `2026-11-21 18:00:00`; with milliseconds on demand. */
export function dateTime(iso: string, withMillis = false): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return withMillis ? `${day} ${time}.${String(date.getMilliseconds()).padStart(3, "0")}` : `${day} ${time}`;
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Chinese typography sets figures apart from the characters beside them, as the other texts do. */
function apart(text: string): string {
  return text.replace(/(\d)(?=\p{Script=Han})/u, "$1 ");
}

/** How long ago: `3 minutes ago`, `3 分钟前`; the date itself beyond 30 days. */
export function relative(iso: string, now: number, lang: Lang): string {
  const at = new Date(iso).getTime();
  if (Number.isNaN(at)) return "";
  const seconds = Math.round((at - now) / 1_000);
  if (Math.abs(seconds) > 30 * 86_400) return dateTime(iso).slice(0, 10);
  const format = new Intl.RelativeTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) < size && unit !== "second") continue;
    return apart(format.format(Math.trunc(seconds / size), unit));
  }
  return "";
}

const SYMBOLS: Record<string, string> = { day: "d", hour: "h", minute: "min", second: "s" };

function amount(count: number, unit: Intl.RelativeTimeFormatUnit, lang: Lang): string {
  if (lang === "en") return `${count} ${SYMBOLS[unit] ?? unit}`;
  const format = new Intl.NumberFormat("zh-CN", { style: "unit", unit, unitDisplay: "short" });
  return apart(format.format(count));
}

/** Seconds as `3 d 4 h`, `5 min`, `3 天 4 小时`; two units at most. */
export function uptime(seconds: number, lang: Lang): string {
  const parts: string[] = [];
  let rest = Math.floor(seconds);
  for (const [unit, size] of STEPS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && parts.length < 2) parts.push(amount(count, unit, lang));
  }
  return parts.join(" ") || amount(0, "second", lang);
}
