// The first page: what to do now, how much there is, what is worst, what is new, where sensitive data is.
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import type { ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import { overviewQuery } from "@/api/queries";
import type { EndpointRow, FindingRow, Overview, Todo } from "@/api/types";
import { usePick, useT, useWords, type Key } from "@/i18n";
import { Card } from "@/ui/card";
import { Ago, Figure, Num } from "@/ui/figures";
import { PageHead } from "@/ui/list";
import { EndpointName, LevelMark, RiskMark, SeverityMark } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { CallHistogram } from "@/ui/plot";
import { EmptyState, FeedHint, Loaded } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl, type Patch, type Url } from "@/ui/url";

/** The overview counts over all sites, so its links leave the site filter behind: numbers and lists must agree. */
function useWholeUrl(): Pick<Url, "to"> {
  const url = useUrl();
  return { to: (path: string, own: Patch = {}) => url.to(path, { site: "", range: "", from: "", until: "", ...own }) };
}

/** Query parameters of the API as the pages of the console name them. */
function listAddress(url: Pick<Url, "to">, todo: Todo): string {
  const { host, ...filter } = todo.filter;
  const own = { ...filter, ...(host === undefined ? {} : { site: host }) };
  return todo.list === "candidates" ? url.to("/endpoints", { tab: "candidates", ...own }) : url.to(`/${todo.list}`, own);
}

function Todos({ todos }: { todos: Todo[] }) {
  const t = useT();
  const words = useWords();
  const url = useWholeUrl();
  const tones: Record<string, string> = { critical_findings: "critical", high_findings: "high", sensitive_without_auth: "high" };
  if (todos.length === 0) return <p className="muted">{t("overview.nothingToDo")}</p>;
  return (
    <div className="timeline">
      {todos.map((todo) => (
        <Link key={todo.code} className="line-item" to={listAddress(url, todo)}>
          <span style={{ width: 3, height: 18, borderRadius: 2, background: `var(--sev-${tones[todo.code] ?? "info"})` }} />
          <span style={{ fontWeight: 600, minWidth: 36 }} className="num">
            <Num value={todo.count} />
          </span>
          <span className="cut">{words("overview", `todo.${todo.code}`, { count: todo.count })}</span>
          <span className="faint" style={{ marginLeft: "auto" }}>
            {"→"}
          </span>
        </Link>
      ))}
    </div>
  );
}

interface TileProps {
  label: Key;
  value: number;
  to: string;
  note?: ReactNode;
}

function Tile({ label, value, to, note }: TileProps) {
  const t = useT();
  return (
    <Link className="tile" to={to}>
      <div className="label">{t(label)}</div>
      <div className="value">
        <Num value={value} />
      </div>
      <div className="note">{note ?? "\u00a0"}</div>
    </Link>
  );
}

function Tiles({ data }: { data: Overview }) {
  const t = useT();
  const url = useWholeUrl();
  const { counts } = data;
  return (
    <div className="tiles">
      <Tile
        label="overview.openFindings"
        value={counts.open_findings}
        to={url.to("/findings", { state: "open" })}
        note={t("overview.openFindingsNote")}
      />
      <Tile
        label="overview.endpoints"
        value={counts.endpoints}
        to={url.to("/endpoints")}
        note={t("overview.newCount", { count: counts.endpoints_new })}
      />
      <Tile
        label="overview.candidates"
        value={counts.candidates}
        to={url.to("/endpoints", { tab: "candidates" })}
        note={t("overview.candidatesNote")}
      />
      <Tile label="overview.sites" value={counts.sites} to={url.to("/endpoints", { tab: "sites" })} />
      <Tile label="overview.accounts" value={counts.accounts} to={url.to("/accounts")} />
      <Tile
        label="overview.calls"
        value={counts.calls}
        to={url.to("/calls")}
        note={data.newest_call && <>{t("overview.latest")} <Ago at={data.newest_call} /></>}
      />
    </div>
  );
}

function Endpoints({ rows, extra }: { rows: EndpointRow[]; extra: (row: EndpointRow) => ReactNode }) {
  const t = useT();
  const url = useWholeUrl();
  if (rows.length === 0) return <p className="muted">{t("overview.noEndpoints")}</p>;
  return (
    <div className="timeline">
      {rows.slice(0, 8).map((row) => (
        <Link key={row.id} className="line-item" to={url.to(`/endpoints/${row.id}`)}>
          <EndpointName endpoint={row} />
          <span style={{ marginLeft: "auto" }} className="row nowrap">
            {extra(row)}
          </span>
        </Link>
      ))}
    </div>
  );
}

function Findings({ data }: { data: Overview }) {
  const t = useT();
  const pick = usePick();
  const url = useWholeUrl();
  const line = (row: FindingRow) => (
    <Link key={row.id} className="line-item" to={url.to(`/findings/${row.id}`)}>
      <span style={{ width: 86, flex: "none" }}>
        <SeverityMark severity={row.severity} />
      </span>
      <span className="cut" title={pick(row.title, row.title_zh)}>
        {pick(row.title, row.title_zh)}
      </span>
      <span className="faint nowrap small" style={{ marginLeft: "auto" }}>
        <Ago at={row.last_seen} />
      </span>
    </Link>
  );
  return (
    <div className="stack">
      <div className="row wrap" style={{ gap: 18 }}>
        {data.findings_by_severity.map(({ severity, count }) => (
          <Link key={severity} to={url.to("/findings", { state: "open", severity })}>
            <SeverityMark severity={severity} count={<Num value={count} />} />
          </Link>
        ))}
      </div>
      {data.worst_findings.length === 0 ? (
        <p className="muted">{t("overview.noFindings")}</p>
      ) : (
        <div className="timeline">{data.worst_findings.slice(0, 8).map(line)}</div>
      )}
    </div>
  );
}

/** Data types with the number of APIs that carry them: most sensitive first, a bar for the share in clear. */
function DataTypes({ data }: { data: Overview }) {
  const t = useT();
  const names = useNames();
  const url = useWholeUrl();
  const types = data.data_levels.flatMap((level) => level.types).slice(0, 10);
  const most = Math.max(1, ...types.map((type) => type.endpoints));
  if (types.length === 0) return <p className="muted">{t("overview.noData")}</p>;
  return (
    <div className="timeline">
      {types.map((type) => (
        <Link key={type.type} className="line-item" to={url.to("/data", { type: type.type })} title={type.type}>
          <span style={{ width: 44, flex: "none" }}>
            <LevelMark level={type.level} />
          </span>
          <span className="cut" style={{ width: "34%", flex: "none" }}>
            {names.dataType(type.type)}
          </span>
          <span style={{ flex: 1, height: 8, display: "flex" }}>
            <span style={{ width: `${(100 * type.endpoints_in_clear) / most}%`, background: `var(--level-${type.level})` }} />
            <span
              style={{
                width: `${(100 * (type.endpoints - type.endpoints_in_clear)) / most}%`,
                background: "var(--line)",
              }}
            />
          </span>
          <span className="num muted" style={{ minWidth: 72 }}>
            {t("overview.apis", { count: type.endpoints })}
          </span>
        </Link>
      ))}
    </div>
  );
}

function Content({ data }: { data: Overview }) {
  const t = useT();
  const url = useWholeUrl();
  const navigate = useNavigate();
  const feed = data.todo.find((todo) => todo.code === "feed_traffic");
  if (feed && data.counts.calls === 0) {
    return (
      <div className="card">
        <EmptyState title={t("overview.empty")} hint={t("overview.emptyHint")}>
          <FeedHint />
          <Button onClick={() => void navigate(url.to("/settings", { tab: "tokens" }))}>{t("overview.makeToken")}</Button>
        </EmptyState>
      </div>
    );
  }
  const more = (path: string, own: Record<string, string> = {}) => <Link to={url.to(path, own)}>{t("common.all")}</Link>;
  return (
    <div className="stack wide">
      <Tiles data={data} />
      <div className="grid cols-2">
        <Card title={t("overview.todoTitle")}>
          <Todos todos={data.todo} />
        </Card>
        <Card title={t("overview.trafficTitle")} extra={more("/calls")}>
          <CallHistogram
            data={data.calls_over_time}
            height={236}
            onRange={(from, until) => void navigate(url.to("/calls", { from, until, range: "" }))}
          />
        </Card>
      </div>
      <div className="grid cols-2">
        <Card title={t("overview.worstTitle")} extra={more("/findings", { state: "open" })}>
          <Findings data={data} />
        </Card>
        <Card title={t("overview.riskTitle")} extra={more("/endpoints", { sort: "risk" })}>
          <Endpoints rows={data.top_risks} extra={(row) => <RiskMark risk={row.risk} />} />
        </Card>
      </div>
      <div className="grid cols-2">
        <Card title={t("overview.dataTitle")} extra={more("/data")}>
          <DataTypes data={data} />
        </Card>
        <Card title={t("overview.newTitle")} extra={more("/endpoints", { state: "new", sort: "first_seen" })}>
          <Endpoints
            rows={data.newest_endpoints}
            extra={(row) => (
              <>
                <Figure value={row.calls} to={url.to("/calls", { endpoint: row.id })} />
                <span className="faint small">
                  <Ago at={row.first_seen} />
                </span>
              </>
            )}
          />
        </Card>
      </div>
    </div>
  );
}

export default function OverviewPage() {
  const t = useT();
  const query = useQuery(overviewQuery());
  useTitle(t("shell.overview"));
  return (
    <>
      <PageHead title={t("shell.overview")} />
      <Loaded query={query} what={t("overview.what")} rows={14}>
        {(data) => <Content data={data} />}
      </Loaded>
    </>
  );
}
