// One finding: what is wrong, why it matters, what to do, the calls that prove it, and the decision about it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { client, Failure, take } from "@/api/client";
import { findingQuery } from "@/api/queries";
import type { FindingDetail, FindingState } from "@/api/types";
import { fill, number, useLang, usePick, useT, useWords } from "@/i18n";
import { CallTable } from "@/ui/call-table";
import { Card, Facts } from "@/ui/card";
import * as known from "@/ui/choice";
import { Ago, Figure, Num, Percent } from "@/ui/figures";
import { EndpointName, Pill, SeverityMark } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { useMay } from "@/ui/session";
import { Loaded } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";

/** Writes a decision and makes everything that counts findings ask again. */
export function useDecide() {
  const queries = useQueryClient();
  const { message } = App.useApp();
  const t = useT();
  const words = useWords();
  return useMutation({
    mutationFn: ({ id, state, note }: { id: string; state: FindingState; note: string }) =>
      take(client.PATCH("/api/v1/findings/{id}", { params: { path: { id } }, body: { state, note } })),
    onSuccess: async (detail) => {
      queries.setQueryData(findingQuery(detail.summary.id).queryKey, detail);
      for (const key of ["findings", "overview", "endpoints", "endpoint"]) {
        await queries.invalidateQueries({ queryKey: [key] });
      }
    },
    onError: (error) => {
      const code = error instanceof Failure ? error.code : "unexpected";
      void message.error(`${t("findings.notSaved")} ${words("errors", code)}`);
    },
  });
}

function Decision({ detail }: { detail: FindingDetail }) {
  const t = useT();
  const words = useWords();
  const may = useMay("analyst");
  const decide = useDecide();
  const [note, setNote] = useState("");
  const { id, state } = detail.summary;
  const change = (next: FindingState) => decide.mutate({ id, state: next, note }, { onSuccess: () => setNote("") });
  return (
    <Card title={t("findings.decision")}>
      {may ? (
        <div className="stack">
          <Input.TextArea
            value={note}
            onChange={(event) => setNote(event.target.value)}
            placeholder={t("findings.notePlaceholder")}
            aria-label={t("findings.note")}
            maxLength={2000}
            autoSize={{ minRows: 2, maxRows: 6 }}
          />
          <div className="row wrap">
            {known.STATES.filter((next) => next !== state).map((next) => (
              <Button
                key={next}
                type={next === "confirmed" ? "primary" : "default"}
                loading={decide.isPending && decide.variables.state === next}
                onClick={() => change(next)}
              >
                {words("findings", `do.${next}`)}
              </Button>
            ))}
          </div>
        </div>
      ) : (
        <span className="muted">{t("findings.viewerHint")}</span>
      )}
    </Card>
  );
}

export function StatePill({ state }: { state: FindingState }) {
  const words = useWords();
  const tone = state === "open" ? "warn" : state === "confirmed" ? "accent" : undefined;
  return <Pill tone={tone}>{words("codes", `findingState.${state}`)}</Pill>;
}

/** A finding's values as they are read: figures separated, data types by name. */
function useWorded(params: Record<string, string>): Record<string, string> {
  const names = useNames();
  const lang = useLang();
  const worded = Object.entries(params).map(([name, raw]) => {
    const value = params[`${name}_${lang}`] ?? raw;
    if (/^\d{4,15}$/.test(value)) return [name, number(Number(value), lang)];
    return [name, /^[A-Z][A-Z0-9_]+(, ?[A-Z][A-Z0-9_]+)*$/.test(value) ? names.any(value) : value];
  });
  return Object.fromEntries(worded);
}

/** Paragraphs of a rule text with the finding's values filled in. */
function RuleText({ text, params }: { text: string; params: Record<string, string> }) {
  return fill(text, params)
    .split(/\n+/)
    .filter((line) => line.trim() !== "")
    .map((line, at) => (
      <p key={at}>
        {line}
      </p>
    ));
}

const OWASP = /^API(\d+):(2019|2023)/;

/** Address of a reference that a rule names; nothing is fetched from it, it is for the reader to follow. */
function reference(id: string): string | undefined {
  const cwe = /^CWE-(\d+)$/.exec(id);
  if (cwe) return `https://cwe.mitre.org/data/definitions/${cwe[1]}.html`;
  const owasp = OWASP.exec(id);
  return owasp ? `https://owasp.org/API-Security/editions/${owasp[2]}/en/0x11-t10/` : undefined;
}

function References({ ids }: { ids: string[] }) {
  if (ids.length === 0) return null;
  return (
    <span className="row wrap" style={{ justifyContent: "flex-end", gap: 6 }}>
      {ids.map((id) => (
        <a key={id} className="mono small" href={reference(id)} target="_blank" rel="noreferrer">
          {id}
        </a>
      ))}
    </span>
  );
}

function Rail({ detail }: { detail: FindingDetail }) {
  const t = useT();
  const words = useWords();
  const url = useUrl();
  const { summary } = detail;
  const standards = detail.rule?.standards ?? [];
  // Rules over the whole endpoint mark no single call: their proof stands beside.
  const listed = summary.calls > detail.evidence.length;
  const isSite = summary.subject === summary.host || !summary.endpoint;
  const place = isSite ? { host: summary.host } : { endpoint: summary.endpoint?.id ?? "" };
  const calls = url.to("/calls", { rule: summary.rule, ...place });
  return (
    <aside className="rail">
      <Decision detail={detail} />
      <Card title={t("findings.facts")}>
        <Facts
          rows={[
            [t("findings.family"), words("codes", `family.${summary.family}`)],
            [t("findings.confidence"), <Percent share={summary.confidence} />],
            [t("findings.calls"), listed ? <Figure value={summary.calls} to={calls} /> : <Num value={summary.calls} />],
            [t("findings.firstSeen"), <Ago at={summary.first_seen} />],
            [t("findings.lastSeen"), <Ago at={summary.last_seen} />],
            [t("findings.subject"), summary.subject && <span className="mono">{summary.subject}</span>],
            [
              t("findings.rule"),
              <Link className="mono small" to={url.to("/findings", { rule: summary.rule })}>
                {summary.rule}
              </Link>,
            ],
            [t("findings.owasp"), summary.owasp.length > 0 ? <References ids={summary.owasp} /> : null],
            [t("findings.standards"), standards.length > 0 ? standards.map((one) => <div key={one}>{one}</div>) : null],
            [t("findings.cwe"), summary.cwe.length > 0 ? <References ids={summary.cwe} /> : null],
          ]}
        />
      </Card>
    </aside>
  );
}

function Content({ detail }: { detail: FindingDetail }) {
  const t = useT();
  const pick = usePick();
  const lang = useLang();
  const url = useUrl();
  const { summary, rule } = detail;
  const text = rule && (lang === "zh" ? rule.zh : rule.en);
  const params = useWorded(summary.params);
  return (
    <>
      <header className="stack" style={{ marginBottom: 16 }}>
        <div className="row">
          <SeverityMark severity={summary.severity} />
          <StatePill state={summary.state} />
        </div>
        <h1 style={{ margin: 0, fontSize: 20, lineHeight: "28px", fontWeight: 600 }}>{pick(summary.title, summary.title_zh)}</h1>
        {summary.endpoint ? (
          <Link className="quiet" to={url.to(`/endpoints/${summary.endpoint.id}`)}>
            <EndpointName endpoint={summary.endpoint} host />
          </Link>
        ) : (
          <span className="mono muted">{summary.host}</span>
        )}
      </header>
      <div className="detail">
        <div className="stack wide">
          <Card title={t("findings.why")}>
            {text ? <RuleText text={`${text.summary}\n${text.why}`} params={params} /> : <p className="muted">{t("findings.ruleGone")}</p>}
          </Card>
          {text && text.advice !== "" && (
            <Card title={t("findings.advice")}>
              <RuleText text={text.advice} params={params} />
            </Card>
          )}
          <section className="stack">
            <h3 className="section">{t("findings.evidence")}</h3>
            {detail.evidence.length > 0 && (
              <div className="card flush">
                <CallTable rows={detail.evidence} />
              </div>
            )}
            {detail.evidence_gone.length > 0 && (
              <span className="muted small">{t("findings.evidenceGone", { count: detail.evidence_gone.length })}</span>
            )}
          </section>
        </div>
        <Rail detail={detail} />
      </div>
    </>
  );
}

export function FindingBody({ id, page = false }: { id: string; page?: boolean }) {
  const t = useT();
  const pick = usePick();
  const query = useQuery(findingQuery(id));
  const summary = query.data?.summary;
  useTitle(summary && page ? pick(summary.title, summary.title_zh) : t("shell.findings"));
  return (
    <Loaded query={query} what={t("findings.one")} rows={12}>
      {(detail) => <Content detail={detail} />}
    </Loaded>
  );
}
