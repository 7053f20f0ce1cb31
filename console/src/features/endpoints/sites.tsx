// Sites with their counts; each leads to its part of the inventory.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { sitesQuery } from "@/api/queries";
import type { SiteRow } from "@/api/types";
import { useT } from "@/i18n";
import { Figure } from "@/ui/figures";
import { List, type Column } from "@/ui/list";
import { LevelMark } from "@/ui/marks";
import { EmptyState, FeedHint } from "@/ui/states";
import { useUrl } from "@/ui/url";

function useColumns(): Column<SiteRow>[] {
  const t = useT();
  const url = useUrl();
  return [
    {
      key: "host",
      title: t("endpoints.site"),
      render: (row) => (
        <Link className="quiet mono" to={url.to("/endpoints", { site: row.host })}>
          {row.host}
        </Link>
      ),
    },
    { key: "level", title: t("endpoints.level"), width: 180, render: (row) => <LevelMark level={row.level} word /> },
    {
      key: "endpoints",
      title: t("shell.endpoints"),
      width: 120,
      align: "right",
      render: (row) => <Figure value={row.endpoints} to={url.to("/endpoints", { site: row.host })} />,
    },
    {
      key: "candidates",
      title: t("endpoints.candidates"),
      width: 120,
      align: "right",
      render: (row) => <Figure value={row.candidates} to={url.to("/endpoints", { site: row.host, tab: "candidates" })} />,
    },
    {
      key: "findings",
      title: t("endpoints.openFindings"),
      width: 130,
      align: "right",
      render: (row) => <Figure value={row.open_findings} to={url.to("/findings", { site: row.host, state: "open" })} />,
    },
    {
      key: "calls",
      title: t("endpoints.calls"),
      width: 130,
      align: "right",
      render: (row) => <Figure value={row.calls} to={url.to("/calls", { site: row.host, candidate: "false" })} />,
    },
  ];
}

export function Sites() {
  const t = useT();
  const url = useUrl();
  const columns = useColumns();
  const { data, error, isFetching, refetch } = useQuery(sitesQuery());
  const page = data && { rows: data.rows, total: data.rows.length };
  return (
    <List
      name="sites"
      what={t("endpoints.sites")}
      query={{ data: page, error, isFetching, refetch }}
      columns={columns}
      rowKey={(row) => row.host}
      href={(row) => url.to("/endpoints", { site: row.host })}
      empty={
        <EmptyState title={t("endpoints.noSites")} hint={t("endpoints.noSitesHint")}>
          <FeedHint />
        </EmptyState>
      }
    />
  );
}
