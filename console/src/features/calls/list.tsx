// Search over calls: a histogram above the list, brushing it sets the time range.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { callsQuery, histogramQuery } from "@/api/queries";
import type { CallRow } from "@/api/types";
import { useT, useWords } from "@/i18n";
import { Bytes, Cut, Duration, Moment } from "@/ui/figures";
import * as known from "@/ui/choice";
import { useNow } from "@/ui/clock";
import { RowDrawer, useOpen } from "@/ui/drawer";
import { Facet, LinkedFilter, List, ListTools, PageHead, TextFacet, type Column } from "@/ui/list";
import { CallName, Pill, Status, TypeTag } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { CallHistogram } from "@/ui/plot";
import { EmptyState, FeedHint, Loaded } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";
import { CallBody } from "./body";
import { CALL_KEYS, callFilter } from "./filters";

function useColumns(): Column<CallRow>[] {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  return [
    { key: "ts", title: t("calls.time"), width: 168, sort: "ts", text: (row) => row.ts, render: (row) => <Moment at={row.ts} /> },
    {
      key: "call",
      title: t("calls.call"),
      text: (row) => `${row.method} ${row.host}${row.target}`,
      render: (row) => (
        <Link className="quiet" to={url.to(`/calls/${encodeURIComponent(row.id)}`)}>
          <CallName call={row} host={url.get("site") === ""} />
        </Link>
      ),
    },
    { key: "status", title: t("calls.status"), width: 66, text: (row) => row.status, render: (row) => <Status code={row.status} /> },
    {
      key: "duration",
      title: t("calls.duration"),
      width: 90,
      align: "right",
      text: (row) => row.duration_us,
      render: (row) => <Duration us={row.duration_us} />,
    },
    {
      key: "size",
      title: t("calls.responseSize"),
      width: 92,
      align: "right",
      text: (row) => row.response_size,
      render: (row) => <Bytes size={row.response_size} />,
    },
    {
      key: "client",
      title: t("calls.client"),
      width: 132,
      text: (row) => row.client_ip ?? "",
      render: (row) =>
        row.client_ip === null ? "" : (
          <Link className="quiet" to={url.to("/calls", { client: row.client_ip })}>
            <Cut mono text={row.client_ip} />
          </Link>
        ),
    },
    {
      key: "account",
      title: t("calls.account"),
      width: 140,
      text: (row) => row.account ?? "",
      render: (row) =>
        row.account === null ? (
          ""
        ) : (
          <Link className="quiet" to={url.to(`/accounts/${encodeURIComponent(row.account)}`)}>
            <Cut text={row.account.slice(row.account.indexOf("/") + 1)} />
          </Link>
        ),
    },
    {
      key: "data",
      title: t("calls.data"),
      width: 220,
      text: (row) => row.data.map((one) => one.type).join(" "),
      render: (row) => (
        <span className="row" style={{ gap: 4, overflow: "hidden" }}>
          {row.data.slice(0, 2).map((one) => (
            <TypeTag key={one.type} type={one.type} level={one.level} masked={one.masked} />
          ))}
          {row.data.length > 2 && <span className="faint small">+{row.data.length - 2}</span>}
        </span>
      ),
    },
    {
      key: "rules",
      title: t("calls.evidenceFor"),
      width: 170,
      text: (row) => row.rules.join(" "),
      render: (row) => <Cut text={row.rules.map(names.rule).join(", ")} />,
    },
    {
      key: "reason",
      title: t("calls.keptOut"),
      width: 150,
      optional: true,
      text: (row) => row.candidate_reason ?? "",
      render: (row) =>
        row.candidate_reason === null ? "" : <Pill>{words("codes", `reason.${row.candidate_reason}`)}</Pill>,
    },
    {
      key: "auth",
      title: t("calls.auth"),
      width: 110,
      optional: true,
      text: (row) => row.auth,
      render: (row) => <span className="muted">{words("codes", `authKind.${row.auth}`)}</span>,
    },
    {
      key: "source",
      title: t("calls.source"),
      width: 150,
      optional: true,
      text: (row) => row.source,
      render: (row) => <Cut text={row.source} />,
    },
  ];
}

const CLASSES = ["2xx", "3xx", "4xx", "5xx"] as const;

function Filters() {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  const status = url.get("status");
  const classes: string[] = [...CLASSES];
  return (
    <>
      <TextFacet name="text" placeholder={t("calls.search")} />
      <Facet name="method" label={t("calls.method")} choices={known.METHODS.map((value) => ({ value, label: value }))} />
      <Facet
        name="status"
        label={t("calls.status")}
        choices={(classes.includes(status) || status === "" ? classes : [status, ...classes]).map((value) => ({
          value,
          label: <span className="mono">{value}</span>,
        }))}
      />
      <Facet
        name="candidate"
        label={t("calls.inventory")}
        choices={[
          { value: "false", label: t("calls.inInventory") },
          { value: "true", label: t("calls.outOfInventory") },
        ]}
      />
      <Facet
        name="reason"
        label={t("calls.keptOut")}
        choices={known.REASONS.map((value) => ({ value, label: words("codes", `reason.${value}`) }))}
      />
      <LinkedFilter name="endpoint" label={t("calls.endpoint")} />
      <LinkedFilter name="client" label={t("calls.client")} />
      <LinkedFilter name="account" label={t("calls.account")} />
      <LinkedFilter name="data_type" label={t("calls.data")} shown={names.dataType(url.get("data_type"))} />
      <LinkedFilter name="value_hash" label={t("calls.sameValue")} />
      <LinkedFilter name="rule" label={t("calls.evidenceFor")} shown={names.rule(url.get("rule"))} />
    </>
  );
}

export default function CallsPage() {
  const t = useT();
  const url = useUrl();
  const open = useOpen();
  const columns = useColumns();
  const filter = callFilter(url, useNow());
  const order = known.oneOf(known.ORDERS, url.get("order"));
  const calls = useQuery(callsQuery({ ...filter, ...(order ? { order } : {}), page: url.page, size: url.size }));
  const histogram = useQuery(histogramQuery({ ...filter, buckets: 120 }));
  const filtered = Object.keys(filter).length > 0 || CALL_KEYS.some((key) => url.get(key) !== "");
  useTitle(t("shell.calls"));
  return (
    <>
      <PageHead title={t("shell.calls")} total={calls.data?.total} />
      <div className="facets">
        <Filters />
        <span className="grow" />
        <ListTools name="calls" columns={columns} rows={calls.data?.rows} />
      </div>
      {histogram.data?.buckets.length !== 0 && (
        <div className="card" style={{ marginBottom: 12, padding: "8px 16px" }}>
          <Loaded query={histogram} what={t("common.callsOverTime")} rows={3}>
            {(data) => (
              <CallHistogram
                data={data}
                height={128}
                onRange={(from, until) => url.set({ from, until, range: undefined }, true)}
              />
            )}
          </Loaded>
        </div>
      )}
      <List
        name="calls"
        what={t("calls.what")}
        query={calls}
        columns={columns}
        rowKey={(row) => row.id}
        href={(row) => url.to(`/calls/${encodeURIComponent(row.id)}`)}
        onOpen={(row) => open(row.id)}
        defaultSort={{ sort: "ts", order: "desc" }}
        empty={
          filtered ? (
            <EmptyState title={t("common.noMatch")} hint={t("calls.noMatchHint")} />
          ) : (
            <EmptyState title={t("calls.empty")} hint={t("calls.emptyHint")}>
              <FeedHint />
            </EmptyState>
          )
        }
      />
      <RowDrawer title={t("calls.call")} href={(id) => url.to(`/calls/${encodeURIComponent(id)}`)}>
        {(id) => <CallBody id={id} />}
      </RowDrawer>
    </>
  );
}
