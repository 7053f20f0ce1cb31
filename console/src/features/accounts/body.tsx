// One account: what it called, what data it saw, how it is known, and its calls over time.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";
import { accountQuery, callsQuery, histogramQuery } from "@/api/queries";
import type { AccountDetail } from "@/api/types";
import { useT, useWords } from "@/i18n";
import { CallTable } from "@/ui/call-table";
import { Card, Facts } from "@/ui/card";
import { Ago, Figure, Num } from "@/ui/figures";
import { EndpointName } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { CallHistogram } from "@/ui/plot";
import { EmptyState, Loaded } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";

function Activity({ id }: { id: string }) {
  const t = useT();
  const url = useUrl();
  const navigate = useNavigate();
  const histogram = useQuery(histogramQuery({ account: id, buckets: 80 }));
  const calls = useQuery(callsQuery({ account: id, size: 20 }));
  return (
    <>
      <Card title={t("common.callsOverTime")}>
        <Loaded query={histogram} what={t("common.callsOverTime")} rows={4}>
          {(data) => (
            <CallHistogram
              data={data}
              height={140}
              onRange={(from, until) => void navigate(url.to("/calls", { account: id, from, until }))}
            />
          )}
        </Loaded>
      </Card>
      <section className="stack">
        <div className="row between">
          <h3 className="section">{t("accounts.recentCalls")}</h3>
          {calls.data && (
            <Link to={url.to("/calls", { account: id })}>{t("common.allCalls", { count: calls.data.total })}</Link>
          )}
        </div>
        <Loaded query={calls} what={t("accounts.recentCalls")}>
          {(data) =>
            data.rows.length === 0 ? (
              <EmptyState title={t("common.noCallsKept")} hint={t("common.noCallsKeptHint")} />
            ) : (
              <div className="card flush">
                <CallTable rows={data.rows} endpoint={false} />
              </div>
            )
          }
        </Loaded>
      </section>
    </>
  );
}

function Rail({ detail }: { detail: AccountDetail }) {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  const { summary } = detail;
  return (
    <aside className="rail">
      <Card title={t("accounts.facts")}>
        <Facts
          rows={[
            [t("accounts.how"), summary.how.map((one) => words("codes", `how.${one}`)).join(", ")],
            [t("accounts.calls"), <Figure value={summary.calls} to={url.to("/calls", { account: summary.id })} />],
            [t("accounts.failedLogins"), <Num value={summary.failed_logins} />],
            [t("accounts.clients"), <Num value={summary.clients} />],
            [t("accounts.firstSeen"), <Ago at={summary.first_seen} />],
            [t("accounts.lastSeen"), <Ago at={summary.last_seen} />],
          ]}
        />
      </Card>
      <Card title={t("accounts.data")}>
        {summary.data.length === 0 ? (
          <span className="muted">{t("accounts.noData")}</span>
        ) : (
          <div className="stack" style={{ gap: 4 }}>
            {summary.data.map((type) => (
              <Link key={type} className="quiet" to={url.to("/calls", { account: summary.id, data_type: type })} title={type}>
                {names.dataType(type)}
              </Link>
            ))}
          </div>
        )}
      </Card>
      <Card title={t("common.evidence")}>
        <div className="row wrap">
          {detail.evidence.map((call, at) => (
            <Link key={call.id} className="small nowrap" to={url.to(`/calls/${encodeURIComponent(call.id)}`)} title={call.target}>
              {t("common.callN", { n: at + 1 })}
            </Link>
          ))}
          {detail.evidence.length === 0 && <span className="muted">{t("common.noCallsKept")}</span>}
        </div>
      </Card>
    </aside>
  );
}

function Content({ detail }: { detail: AccountDetail }) {
  const t = useT();
  const url = useUrl();
  const { summary } = detail;
  return (
    <>
      <header className="stack" style={{ marginBottom: 16, gap: 4 }}>
        <h1 style={{ margin: 0, fontSize: 20, lineHeight: "28px", fontWeight: 600 }}>{summary.name}</h1>
        <span className="mono muted">{summary.host}</span>
      </header>
      <div className="detail">
        <div className="stack wide">
          <Card title={t("accounts.endpointsCalled", { count: summary.endpoints })}>
            {detail.endpoints.length === 0 ? (
              <p className="muted">{t("accounts.noEndpoints")}</p>
            ) : (
              <div className="timeline" style={{ maxHeight: 320, overflow: "auto" }}>
                {detail.endpoints.map((endpoint) => (
                  <span key={endpoint.id} className="line-item">
                    <Link className="quiet" style={{ minWidth: 0 }} to={url.to(`/endpoints/${endpoint.id}`)}>
                      <EndpointName endpoint={endpoint} />
                    </Link>
                    <Link
                      className="small nowrap"
                      style={{ marginLeft: "auto" }}
                      to={url.to("/calls", { account: summary.id, endpoint: endpoint.id })}
                    >
                      {t("accounts.itsCalls")}
                    </Link>
                  </span>
                ))}
              </div>
            )}
          </Card>
          <Activity id={summary.id} />
        </div>
        <Rail detail={detail} />
      </div>
    </>
  );
}

export function AccountBody({ id, page = false }: { id: string; page?: boolean }) {
  const t = useT();
  const query = useQuery(accountQuery(id));
  useTitle(query.data && page ? query.data.summary.name : t("shell.accounts"));
  return (
    <Loaded query={query} what={t("accounts.one")} rows={12}>
      {(detail) => <Content detail={detail} />}
    </Loaded>
  );
}
