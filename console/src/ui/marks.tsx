// Small marks with a fixed meaning everywhere: method, template, status, severity, sensitivity level, data type, risk.
import { Popover } from "antd";
import { Fragment, type ReactNode } from "react";
import { useT, useWords } from "@/i18n";
import type { CallRow, EndpointRef, Risk, Severity } from "@/api/types";
import { useNames } from "./names";

const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

export function Method({ name }: { name: string }) {
  return <span className={WRITES.has(name) ? "method write" : "method"}>{name || "–"}</span>;
}

/** A path template, its parameters set off. */
export function Template({ text }: { text: string }) {
  const parts = text.split(/(\{[^}]*\})/);
  return (
    <span className="mono">
      {parts.map((part, at) =>
        part.startsWith("{") ? (
          <span key={at} className="param">
            {part}
          </span>
        ) : (
          <Fragment key={at}>{part}</Fragment>
        ),
      )}
    </span>
  );
}

/** Method, template and operation in one line. */
export function EndpointName({ endpoint, host = false }: { endpoint: EndpointRef; host?: boolean }) {
  const full = `${endpoint.method} ${endpoint.host}${endpoint.template} ${endpoint.operation ?? ""}`.trim();
  return (
    <span className="row" title={full}>
      <Method name={endpoint.method} />
      <span className="hostpath">
        {host && <span className="mono faint cut">{endpoint.host}</span>}
        <span className="cut">
          <Template text={endpoint.template} />
          {endpoint.operation !== null && <span className="mono muted"> {endpoint.operation}</span>}
        </span>
      </span>
    </span>
  );
}

/** Method, host and target of a call in one line; the host gives way first. */
export function CallName({ call, host = true }: { call: CallRow; host?: boolean }) {
  return (
    <span className="row" title={`${call.method} ${call.host}${call.target}`}>
      <Method name={call.method} />
      <span className="hostpath mono">
        {host && <span className="faint cut">{call.host}</span>}
        <span className="cut">{call.target}</span>
      </span>
    </span>
  );
}

export function Status({ code }: { code: number | null }) {
  return <span className={`status s${Math.floor((code ?? 0) / 100)}`}>{code ?? "–"}</span>;
}

const SHAPES: Record<Severity, ReactNode> = {
  critical: <path d="M5 .5h4L13.500 5v4L9 13.500H5L.5 9V5Z" />,
  high: <path d="M7 1 13.500 12.500H.5Z" />,
  medium: <path d="M7 .5 13.500 7 7 13.500.5 7Z" />,
  low: <circle cx="7" cy="7" r="5.500" />,
  info: <circle cx="7" cy="7" r="4.500" fill="none" stroke="currentColor" strokeWidth="2" />,
};

/** Colour, shape and word: any one of them is enough. */
export function SeverityMark({ severity, count }: { severity: Severity; count?: ReactNode }) {
  const t = useT();
  return (
    <span className="sev" style={{ color: `var(--sev-${severity})` }}>
      <svg width="12" height="12" viewBox="0 0 14 14" fill="currentColor" aria-hidden="true">
        {SHAPES[severity]}
      </svg>
      <span>{t(`codes.severity.${severity}`)}</span>
      {count !== undefined && <span style={{ color: "var(--text)" }}>{count}</span>}
    </span>
  );
}

/** Sensitivity level 1 to 5 as steps of a stair with its number; 0 is no sensitive data in clear. */
export function LevelMark({ level, word = false }: { level: number; word?: boolean }) {
  const words = useWords();
  const name = words("codes", `level.${level}`);
  if (level === 0) {
    return (
      <span className="faint" title={name}>
        {word ? name : "–"}
      </span>
    );
  }
  return (
    <span className="level" title={name}>
      <i aria-hidden="true">
        {[1, 2, 3, 4, 5].map((step) => (
          <b
            key={step}
            style={{ height: 3 + step * 2, ...(step <= level ? { background: `var(--level-${level})` } : {}) }}
          />
        ))}
      </i>
      <span>{word ? `${level} ${name}` : level}</span>
    </span>
  );
}

/** A data type with its name in the reader's language; the stable name on hover. */
export function TypeTag({ type, level, masked = false }: { type: string; level: number; masked?: boolean }) {
  const t = useT();
  const names = useNames();
  const hint = masked ? `${type} · ${t("codes.masked")}` : `${type} · ${t("codes.inClear")}`;
  const colour = `var(--level-${level})`;
  return (
    <span
      className="tag"
      title={hint}
      style={{ borderLeftColor: colour, background: `color-mix(in srgb, ${colour} ${masked ? 6 : 14}%, transparent)` }}
    >
      {names.dataType(type)}
      {masked && <span className="faint"> ***</span>}
    </span>
  );
}

function riskColour(score: number): string {
  if (score >= 80) return "var(--sev-critical)";
  if (score >= 60) return "var(--sev-high)";
  if (score >= 35) return "var(--sev-medium)";
  return "var(--faint)";
}

/** The risk score; its parts on hover. */
export function RiskMark({ risk }: { risk: Risk }) {
  const mark = (
    <span className="risk">
      <span style={{ minWidth: 22, textAlign: "right", fontWeight: 600 }}>{risk.score}</span>
      <span className="bar" aria-hidden="true">
        <i style={{ width: `${risk.score}%`, background: riskColour(risk.score) }} />
      </span>
    </span>
  );
  if (risk.parts.length === 0) return mark;
  return <Popover content={<RiskParts risk={risk} />}>{mark}</Popover>;
}

/** What a risk score is made of, one line a part. */
export function RiskParts({ risk }: { risk: Risk }) {
  const words = useWords();
  const names = useNames();
  return (
    <dl className="facts" style={{ maxWidth: 420 }}>
      {risk.parts.map((part, at) => (
        <Fragment key={at}>
          <dt className="nowrap">+{part.points}</dt>
          <dd style={{ textAlign: "left" }}>
            {words("codes", `risk.${part.id}`)}
            <span className="muted"> {names.any(part.detail)}</span>
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** A word in a frame: states and kinds. */
export function Pill({ tone, children }: { tone?: "accent" | "warn" | undefined; children: ReactNode }) {
  return <span className={tone ? `pill ${tone}` : "pill"}>{children}</span>;
}
