// Figures and points in time as they stand in text and tables: separated thousands, units, exact time on hover.
import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { number, useLang, useT } from "@/i18n";
import { useNow } from "./clock";
import { bytes, dateTime, duration, percent, relative } from "@/i18n/format";

export function Num({ value, digits = 0 }: { value: number; digits?: number }) {
  return <span>{number(value, useLang(), digits)}</span>;
}

/** A figure that leads to the list behind it. */
export function Figure({ value, to }: { value: number; to: string }) {
  return (
    <Link className="figure" to={to} onClick={(event) => event.stopPropagation()}>
      {number(value, useLang())}
    </Link>
  );
}

/** What stands where nothing is known. */
export function Unknown() {
  const t = useT();
  return (
    <span className="faint" title={t("common.unknown")}>
      –
    </span>
  );
}

export function Ago({ at }: { at: string | null }) {
  const lang = useLang();
  const now = useNow();
  if (at === null) return <Unknown />;
  return (
    <Tooltip title={dateTime(at, true)}>
      <time dateTime={at} className="nowrap">
        {relative(at, now, lang)}
      </time>
    </Tooltip>
  );
}

/** The exact local time; how long ago on hover. */
export function Moment({ at }: { at: string | null }) {
  const lang = useLang();
  const now = useNow();
  if (at === null) return <Unknown />;
  return (
    <Tooltip title={relative(at, now, lang)}>
      <time dateTime={at} className="nowrap">
        {dateTime(at)}
      </time>
    </Tooltip>
  );
}

export function Duration({ us }: { us: number | null }) {
  const lang = useLang();
  return us === null ? <Unknown /> : <span className="nowrap">{duration(us, lang)}</span>;
}

export function Bytes({ size }: { size: number | null }) {
  const lang = useLang();
  return size === null ? <Unknown /> : <span className="nowrap">{bytes(size, lang)}</span>;
}

export function Percent({ share }: { share: number }) {
  return <span className="nowrap">{percent(share, useLang())}</span>;
}

/** Text in one line; what does not fit is seen on hover. */
export function Cut({ text, mono = false, children }: { text: string; mono?: boolean; children?: ReactNode }) {
  return (
    <span className={mono ? "cut mono" : "cut"} title={text}>
      {children ?? text}
    </span>
  );
}
