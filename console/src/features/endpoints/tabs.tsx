// The tabs of one API: profile, schema, data, findings, recent calls.
import { useQuery } from "@tanstack/react-query";
import { Select, Table } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { callsQuery, histogramQuery } from "@/api/queries";
import type { BodySchema, EndpointDetail } from "@/api/types";
import { usePick, useT, useWords } from "@/i18n";
import { CallTable } from "@/ui/call-table";
import { Card } from "@/ui/card";
import { Ago, Cut, Duration, Figure, Num, Percent } from "@/ui/figures";
import { LevelMark, SeverityMark, Status, TypeTag } from "@/ui/marks";
import { CallHistogram } from "@/ui/plot";
import { SchemaTree } from "@/ui/schema-tree";
import { EmptyState, Loaded } from "@/ui/states";
import { useUrl } from "@/ui/url";
import { Evidence } from "./evidence";

function Traffic({ detail }: { detail: EndpointDetail }) {
  const t = useT();
  const url = useUrl();
  const navigate = useNavigate();
  const { summary } = detail;
  const histogram = useQuery(histogramQuery({ endpoint: summary.id, buckets: 60 }));
  const own = { endpoint: summary.id };
  const figures = [
    [t("endpoints.calls"), <Figure value={summary.calls} to={url.to("/calls", own)} />],
    [t("endpoints.errors"), <Percent share={summary.calls === 0 ? 0 : summary.errors / summary.calls} />],
    [t("endpoints.p50"), <Duration us={summary.latency?.p50_us ?? null} />],
    [t("endpoints.p95"), <Duration us={summary.latency?.p95_us ?? null} />],
    [t("endpoints.p99"), <Duration us={summary.latency?.p99_us ?? null} />],
  ] as const;
  return (
    <Card title={t("endpoints.traffic")}>
      <div className="row wrap" style={{ gap: 32, marginBottom: 12 }}>
        {figures.map(([label, value]) => (
          <div key={label}>
            <div className="muted small">{label}</div>
            <div style={{ fontSize: 18, fontWeight: 600 }}>{value}</div>
          </div>
        ))}
        <div>
          <div className="muted small">{t("endpoints.statuses")}</div>
          <div className="row wrap" style={{ height: 28 }}>
            {detail.statuses.map((one) => (
              <span key={one.status} className="nowrap">
                <Status code={one.status} />{" "}
                <Figure value={one.calls} to={url.to("/calls", { ...own, status: String(one.status) })} />
              </span>
            ))}
          </div>
        </div>
      </div>
      <Loaded query={histogram} what={t("common.callsOverTime")} rows={4}>
        {(data) => (
          <CallHistogram
            data={data}
            height={150}
            onRange={(from, until) => void navigate(url.to("/calls", { ...own, from, until }))}
          />
        )}
      </Loaded>
    </Card>
  );
}

export function ProfileTab({ detail }: { detail: EndpointDetail }) {
  const t = useT();
  const words = useWords();
  return (
    <div className="stack wide">
      <Traffic detail={detail} />
      <Card title={t("endpoints.params")}>
        {detail.params.length === 0 ? (
          <p className="muted">{t("endpoints.noParams")}</p>
        ) : (
          <Table
            size="small"
            pagination={false}
            rowKey={(row) => `${row.in} ${row.name}`}
            dataSource={detail.params}
            columns={[
              { title: t("endpoints.param"), ellipsis: { showTitle: false }, render: (_, row) => <Cut mono text={row.name} /> },
              { title: t("endpoints.place"), width: 76, render: (_, row) => words("codes", `place.${row.in}`) },
              { title: t("endpoints.kind"), width: 92, render: (_, row) => <span className="mono muted">{row.kind}</span> },
              {
                title: t("endpoints.required"),
                width: 80,
                render: (_, row) => t(row.required ? "common.yes" : "common.no"),
              },
              { title: t("endpoints.calls"), width: 80, align: "right", render: (_, row) => <Num value={row.calls} /> },
              { title: t("endpoints.distinct"), width: 84, align: "right", render: (_, row) => <Num value={row.distinct} /> },
              {
                title: t("endpoints.samples"),
                ellipsis: { showTitle: false },
                render: (_, row) => <Cut mono text={row.samples.join(", ")} />,
              },
            ]}
          />
        )}
      </Card>
    </div>
  );
}

function schemaName(schema: BodySchema): string {
  return schema.status === null ? schema.media_type : `${schema.status} · ${schema.media_type}`;
}

function SchemaSide(props: { title: string; none: string; schemas: BodySchema[]; data: EndpointDetail["data"] }) {
  const [chosen, setChosen] = useState(0);
  const shown = props.schemas[chosen];
  return (
    <Card
      title={props.title}
      extra={
        props.schemas.length > 1 ? (
          <Select
            size="small"
            value={chosen}
            onChange={setChosen}
            popupMatchSelectWidth={false}
            options={props.schemas.map((schema, value) => ({ value, label: schemaName(schema) }))}
          />
        ) : (
          shown && <span className="mono muted small">{schemaName(shown)}</span>
        )
      }
    >
      {shown ? <SchemaTree schema={shown.schema} data={props.data} /> : <p className="muted">{props.none}</p>}
    </Card>
  );
}

export function SchemaTab({ detail }: { detail: EndpointDetail }) {
  const t = useT();
  const inBody = (side: string) => detail.data.filter((use) => use.side === side && use.in === "body");
  return (
    <div className="stack wide">
      <SchemaSide
        title={t("endpoints.requestBody")}
        none={t("endpoints.noRequestSchema")}
        schemas={detail.request_schemas}
        data={inBody("request")}
      />
      <SchemaSide
        title={t("endpoints.responseBody")}
        none={t("endpoints.noResponseSchema")}
        schemas={detail.response_schemas}
        data={inBody("response")}
      />
    </div>
  );
}

export function DataTab({ detail }: { detail: EndpointDetail }) {
  const t = useT();
  const words = useWords();
  const url = useUrl();
  if (detail.data.length === 0) {
    return <EmptyState title={t("endpoints.noData")} hint={t("endpoints.noDataHint")} />;
  }
  return (
    <div className="card flush">
      <Table
        size="small"
        pagination={false}
        scroll={{ x: 860 }}
        rowKey={(row) => `${row.side} ${row.in} ${row.path} ${row.type}`}
        dataSource={detail.data}
        columns={[
          {
            title: t("endpoints.data"),
            width: 190,
            render: (_, row) => <TypeTag type={row.type} level={row.level} masked={row.masked} />,
          },
          { title: t("endpoints.level"), width: 80, render: (_, row) => <LevelMark level={row.level} /> },
          {
            title: t("endpoints.place"),
            ellipsis: { showTitle: false },
            render: (_, row) => (
              <span className="cut" title={row.path}>
                {words("codes", `side.${row.side}`)} · {words("codes", `place.${row.in}`)}{" "}
                <span className="mono">{row.path}</span>
              </span>
            ),
          },
          {
            title: t("endpoints.sample"),
            width: 170,
            ellipsis: { showTitle: false },
            render: (_, row) => <Cut mono text={row.sample} />,
          },
          { title: t("endpoints.values"), width: 90, align: "right", render: (_, row) => <Num value={row.count} /> },
          { title: t("endpoints.distinct"), width: 90, align: "right", render: (_, row) => <Num value={row.distinct} /> },
          {
            title: t("endpoints.calls"),
            width: 80,
            align: "right",
            render: (_, row) => (
              <Figure value={row.calls} to={url.to("/calls", { endpoint: detail.summary.id, data_type: row.type })} />
            ),
          },
          { title: t("common.evidence"), width: 180, render: (_, row) => <Evidence ids={row.evidence.slice(0, 3)} bare /> },
        ]}
      />
    </div>
  );
}

export function FindingsTab({ detail }: { detail: EndpointDetail }) {
  const t = useT();
  const pick = usePick();
  const words = useWords();
  const url = useUrl();
  if (detail.findings.length === 0) {
    return <EmptyState title={t("endpoints.noFindings")} hint={t("endpoints.noFindingsHint")} />;
  }
  return (
    <Card>
      <div className="timeline">
        {detail.findings.map((row) => (
          <Link key={row.id} className="line-item" to={url.to(`/findings/${row.id}`)}>
            <span style={{ width: 90, flex: "none" }}>
              <SeverityMark severity={row.severity} />
            </span>
            <span className="cut" title={pick(row.title, row.title_zh)}>
              {pick(row.title, row.title_zh)}
            </span>
            <span className="row nowrap small muted" style={{ marginLeft: "auto" }}>
              <span>{words("codes", `findingState.${row.state}`)}</span>
              <Ago at={row.last_seen} />
            </span>
          </Link>
        ))}
      </div>
    </Card>
  );
}

export function RecentCalls({ id }: { id: string }) {
  const t = useT();
  const url = useUrl();
  const query = useQuery(callsQuery({ endpoint: id, size: 20 }));
  return (
    <div className="stack">
      <Loaded query={query} what={t("endpoints.recentCalls")}>
        {(data) =>
          data.rows.length === 0 ? (
            <EmptyState title={t("common.noCallsKept")} hint={t("common.noCallsKeptHint")} />
          ) : (
            <>
              <div className="card flush">
                <CallTable rows={data.rows} endpoint={false} />
              </div>
              <Link to={url.to("/calls", { endpoint: id })}>{t("common.allCalls", { count: data.total })}</Link>
            </>
          )
        }
      </Loaded>
    </div>
  );
}
