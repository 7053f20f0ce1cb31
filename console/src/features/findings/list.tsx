// Findings: worst first. Selected ones can be decided together.
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { findingsQuery, rulesQuery } from "@/api/queries";
import type { FindingRow, FindingState } from "@/api/types";
import { usePick, useT, useWords } from "@/i18n";
import * as known from "@/ui/choice";
import { RowDrawer, useOpen } from "@/ui/drawer";
import { Ago, Cut, Figure, Percent } from "@/ui/figures";
import { Facet, LinkedFilter, List, ListTools, PageHead, TextFacet, type Column } from "@/ui/list";
import { EndpointName, SeverityMark } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { useMay } from "@/ui/session";
import { EmptyState, FeedHint } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";
import { FindingBody, StatePill, useDecide } from "./body";

function useColumns(): Column<FindingRow>[] {
  const t = useT();
  const pick = usePick();
  const words = useWords();
  const url = useUrl();
  return [
    {
      key: "severity",
      title: t("findings.severity"),
      width: 100,
      text: (row) => row.severity,
      render: (row) => <SeverityMark severity={row.severity} />,
    },
    {
      key: "title",
      title: t("findings.title"),
      text: (row) => pick(row.title, row.title_zh),
      render: (row) => (
        <Link className="quiet cut" to={url.to(`/findings/${row.id}`)} title={pick(row.title, row.title_zh)}>
          {pick(row.title, row.title_zh)}
        </Link>
      ),
    },
    {
      key: "endpoint",
      title: t("findings.endpoint"),
      width: 320,
      text: (row) => (row.endpoint ? `${row.endpoint.method} ${row.endpoint.template}` : (row.subject ?? "")),
      render: (row) =>
        row.endpoint ? (
          <Link className="quiet" to={url.to(`/endpoints/${row.endpoint.id}`)}>
            <EndpointName endpoint={row.endpoint} />
          </Link>
        ) : (
          <Cut mono text={row.subject ?? row.host} />
        ),
    },
    { key: "host", title: t("findings.site"), width: 170, text: (row) => row.host, render: (row) => <Cut mono text={row.host} /> },
    { key: "state", title: t("findings.state"), width: 92, text: (row) => row.state, render: (row) => <StatePill state={row.state} /> },
    {
      key: "calls",
      title: t("findings.calls"),
      width: 84,
      align: "right",
      text: (row) => row.calls,
      render: (row) => (
        <Figure
          value={row.calls}
          to={url.to("/calls", { rule: row.rule, ...(row.endpoint ? { endpoint: row.endpoint.id } : {}) })}
        />
      ),
    },
    {
      key: "confidence",
      title: t("findings.confidence"),
      width: 96,
      align: "right",
      text: (row) => row.confidence,
      render: (row) => <Percent share={row.confidence} />,
    },
    {
      key: "owasp",
      title: t("findings.owasp"),
      width: 120,
      text: (row) => row.owasp.join(" "),
      render: (row) => <Cut mono text={row.owasp.join(" ")} />,
    },
    {
      key: "family",
      title: t("findings.family"),
      width: 90,
      optional: true,
      text: (row) => row.family,
      render: (row) => words("codes", `family.${row.family}`),
    },
    {
      key: "first_seen",
      title: t("findings.firstSeen"),
      width: 120,
      optional: true,
      text: (row) => row.first_seen,
      render: (row) => <Ago at={row.first_seen} />,
    },
    { key: "last_seen", title: t("findings.lastSeen"), width: 120, text: (row) => row.last_seen, render: (row) => <Ago at={row.last_seen} /> },
  ];
}

function BulkBar({ ids, clear }: { ids: string[]; clear: () => void }) {
  const t = useT();
  const words = useWords();
  const decide = useDecide();
  const all = async (state: FindingState) => {
    for (const id of ids) await decide.mutateAsync({ id, state, note: "" });
    clear();
  };
  return (
    <div className="card row" style={{ padding: "6px 12px", marginBottom: 12 }}>
      <span>{t("findings.selected", { count: ids.length })}</span>
      {known.STATES.map((state) => (
        <Button key={state} size="small" disabled={decide.isPending} onClick={() => void all(state).catch(() => undefined)}>
          {words("findings", `do.${state}`)}
        </Button>
      ))}
      <Button size="small" type="text" onClick={clear}>
        {t("common.clearSelection")}
      </Button>
    </div>
  );
}

function Filters() {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const rules = useQuery(rulesQuery());
  return (
    <>
      <TextFacet name="text" placeholder={t("findings.search")} />
      <Facet
        name="severity"
        label={t("findings.severity")}
        choices={known.SEVERITIES.map((value) => ({ value, label: words("codes", `severity.${value}`) }))}
      />
      <Facet
        name="state"
        label={t("findings.state")}
        choices={known.STATES.map((value) => ({ value, label: words("codes", `findingState.${value}`) }))}
      />
      <Facet
        name="rule"
        label={t("findings.rule")}
        search
        choices={(rules.data?.weaknesses ?? []).map(({ id }) => ({ value: id, label: names.rule(id) }))}
      />
      <LinkedFilter name="endpoint" label={t("findings.endpoint")} />
      <LinkedFilter name="severity_min" label={t("findings.severityMin")} />
    </>
  );
}

export default function FindingsPage() {
  const t = useT();
  const url = useUrl();
  const open = useOpen();
  const may = useMay("analyst");
  const columns = useColumns();
  const [selected, setSelected] = useState<string[]>([]);
  const filter = known.present({
    host: url.get("site"),
    endpoint: url.get("endpoint"),
    rule: url.get("rule"),
    severity: known.oneOf(known.SEVERITIES, url.get("severity")),
    severity_min: known.oneOf(known.SEVERITIES, url.get("severity_min")),
    state: known.oneOf(known.STATES, url.get("state")),
    text: url.get("text"),
  });
  const query = useQuery(findingsQuery({ ...filter, page: url.page, size: url.size }));
  useTitle(t("shell.findings"));
  return (
    <>
      <PageHead title={t("shell.findings")} total={query.data?.total} />
      <div className="facets">
        <Filters />
        <span className="grow" />
        <ListTools name="findings" columns={columns} rows={query.data?.rows} />
      </div>
      {selected.length > 0 && <BulkBar ids={selected} clear={() => setSelected([])} />}
      <List
        name="findings"
        what={t("findings.what")}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        href={(row) => url.to(`/findings/${row.id}`)}
        onOpen={(row) => open(row.id)}
        selection={may ? { keys: selected, onChange: setSelected } : undefined}
        empty={
          Object.keys(filter).length > 0 ? (
            <EmptyState title={t("common.noMatch")} hint={t("common.noMatchHint")} />
          ) : (
            <EmptyState title={t("findings.empty")} hint={t("findings.emptyHint")}>
              <FeedHint />
            </EmptyState>
          )
        }
      />
      <RowDrawer title={t("findings.one")} href={(id) => url.to(`/findings/${id}`)}>
        {(id) => <FindingBody id={id} />}
      </RowDrawer>
    </>
  );
}
