// One API: identity, tabs, and a rail with life cycle, authentication, exposure and what the facts stand on.
// The same body serves the page and the drawer; only the page keeps its tab in the URL.
import { useQuery } from "@tanstack/react-query";
import { Tabs } from "antd";
import { useState, type ReactNode } from "react";
import { endpointQuery } from "@/api/queries";
import type { EndpointDetail } from "@/api/types";
import { useT, useWords } from "@/i18n";
import { Card, Facts } from "@/ui/card";
import { Ago, Figure, Num, Percent } from "@/ui/figures";
import { LevelMark, Method, Pill, RiskMark, RiskParts, Template } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { Loaded } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";
import { Evidence } from "./evidence";
import { DataTab, FindingsTab, ProfileTab, RecentCalls, SchemaTab } from "./tabs";

function Rail({ detail }: { detail: EndpointDetail }) {
  const t = useT();
  const words = useWords();
  const url = useUrl();
  const { summary } = detail;
  const auth = summary.auth;
  return (
    <aside className="rail">
      <Card title={t("endpoints.riskParts")} extra={<RiskMark risk={summary.risk} />}>
        {summary.risk.parts.length === 0 ? (
          <span className="muted">{t("endpoints.noRisk")}</span>
        ) : (
          <RiskParts risk={summary.risk} />
        )}
      </Card>
      <Card title={t("endpoints.life")}>
        <Facts
          rows={[
            [t("endpoints.stage"), <Pill tone={summary.state === "new" ? "accent" : undefined}>{words("codes", `life.${summary.state}`)}</Pill>],
            [t("endpoints.firstSeen"), <Ago at={summary.first_seen} />],
            [t("endpoints.lastSeen"), <Ago at={summary.last_seen} />],
            [t("endpoints.confidence"), <Percent share={summary.confidence} />],
          ]}
        />
        <div style={{ marginTop: 8 }}>
          <Evidence ids={detail.evidence} />
        </div>
      </Card>
      <Card title={t("endpoints.auth")}>
        <Facts
          rows={[
            [t("endpoints.verdict"), words("codes", `auth.${auth.verdict}`)],
            [t("endpoints.kinds"), auth.kinds.map((kind) => words("codes", `authKind.${kind}`)).join(", ") || null],
            [t("endpoints.succeededWith"), <Num value={auth.succeeded_with} />],
            [t("endpoints.succeededWithout"), <Num value={auth.succeeded_without} />],
            [t("endpoints.denied"), <Figure value={auth.denied} to={url.to("/calls", { endpoint: summary.id, status: "401-403" })} />],
          ]}
        />
      </Card>
      <Card title={t("endpoints.exposure")}>
        <Facts
          rows={[
            [t("endpoints.reached"), words("codes", `exposure.${summary.exposure}`)],
            [t("endpoints.clients"), <Num value={summary.clients} />],
            [t("endpoints.accounts"), <Num value={summary.accounts} />],
          ]}
        />
      </Card>
      {detail.template_evidence.length > 0 && (
        <Card title={t("endpoints.templateEvidence")}>
          <div className="stack">
            {detail.template_evidence.map((one) => (
              <div key={one.param}>
                <span className="mono param">{`{${one.param}}`}</span>{" "}
                {t(one.reason === "kind" ? "endpoints.becauseKind" : "endpoints.becauseVaries", { count: one.distinct })}
                <div className="mono faint small break">{one.samples.join(", ")}</div>
              </div>
            ))}
          </div>
        </Card>
      )}
    </aside>
  );
}

function Head({ detail }: { detail: EndpointDetail }) {
  const names = useNames();
  const words = useWords();
  const { summary } = detail;
  return (
    <header className="stack" style={{ marginBottom: 16, gap: 6 }}>
      <div className="row" style={{ fontSize: 18 }}>
        <Method name={summary.method} />
        <h1 className="break" style={{ margin: 0, fontSize: 18, fontWeight: 600 }}>
          <Template text={summary.template} />
          {summary.operation !== null && <span className="mono muted"> {summary.operation}</span>}
        </h1>
      </div>
      <div className="row wrap" style={{ gap: 12 }}>
        <span className="mono muted">{summary.host}</span>
        {summary.purpose !== null && <Pill>{names.purpose(summary.purpose)}</Pill>}
        <Pill>{words("codes", `style.${summary.style}`)}</Pill>
        <LevelMark level={summary.level} word />
        <RiskMark risk={summary.risk} />
      </div>
    </header>
  );
}

function Content({ detail, page }: { detail: EndpointDetail; page: boolean }) {
  const t = useT();
  const url = useUrl();
  const [local, setLocal] = useState("profile");
  const labelled = (label: string, count: number): ReactNode => (
    <>
      {label} <span className="faint">{count}</span>
    </>
  );
  const schemas = detail.request_schemas.length + detail.response_schemas.length;
  const tabs = [
    { key: "profile", label: t("endpoints.profile"), children: <ProfileTab detail={detail} /> },
    { key: "schema", label: labelled(t("endpoints.schema"), schemas), children: <SchemaTab detail={detail} /> },
    { key: "data", label: labelled(t("endpoints.data"), detail.data.length), children: <DataTab detail={detail} /> },
    {
      key: "findings",
      label: labelled(t("endpoints.findings"), detail.findings.length),
      children: <FindingsTab detail={detail} />,
    },
    { key: "calls", label: t("endpoints.recentCalls"), children: <RecentCalls id={detail.summary.id} /> },
  ];
  const chosen = page ? url.get("tab") || "profile" : local;
  return (
    <>
      <Head detail={detail} />
      <div className="detail">
        <Tabs
          activeKey={chosen}
          onChange={(key) => (page ? url.set({ tab: key === "profile" ? undefined : key }) : setLocal(key))}
          items={tabs}
          destroyOnHidden
          style={{ minWidth: 0 }}
        />
        <Rail detail={detail} />
      </div>
    </>
  );
}

export function EndpointBody({ id, page = false }: { id: string; page?: boolean }) {
  const t = useT();
  const query = useQuery(endpointQuery(id));
  const summary = query.data?.summary;
  useTitle(summary && page ? `${summary.method} ${summary.template}` : t("shell.endpoints"));
  return (
    <Loaded query={query} what={t("endpoints.one")} rows={14}>
      {(detail) => <Content detail={detail} page={page} />}
    </Loaded>
  );
}
