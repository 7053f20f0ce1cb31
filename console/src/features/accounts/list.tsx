// Accounts of the observed applications.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { accountsQuery } from "@/api/queries";
import type { AccountRow } from "@/api/types";
import { useT, useWords } from "@/i18n";
import * as known from "@/ui/choice";
import { RowDrawer, useOpen } from "@/ui/drawer";
import { Ago, Cut, Figure, Num } from "@/ui/figures";
import { List, ListTools, PageHead, TextFacet, type Column } from "@/ui/list";
import { useNames } from "@/ui/names";
import { EmptyState, FeedHint } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";
import { AccountBody } from "./body";

function useColumns(): Column<AccountRow>[] {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  return [
    {
      key: "name",
      title: t("accounts.name"),
      text: (row) => row.name,
      render: (row) => (
        <Link className="quiet cut" to={url.to(`/accounts/${encodeURIComponent(row.id)}`)} title={row.id}>
          {row.name}
        </Link>
      ),
    },
    { key: "host", title: t("accounts.site"), width: 200, text: (row) => row.host, render: (row) => <Cut mono text={row.host} /> },
    {
      key: "how",
      title: t("accounts.how"),
      width: 150,
      text: (row) => row.how.join(" "),
      render: (row) => <Cut text={row.how.map((one) => words("codes", `how.${one}`)).join(", ")} />,
    },
    {
      key: "calls",
      title: t("accounts.calls"),
      width: 90,
      align: "right",
      text: (row) => row.calls,
      render: (row) => <Figure value={row.calls} to={url.to("/calls", { account: row.id })} />,
    },
    {
      key: "failed",
      title: t("accounts.failedLogins"),
      width: 110,
      align: "right",
      text: (row) => row.failed_logins,
      render: (row) => (row.failed_logins === 0 ? <span className="faint">0</span> : <Num value={row.failed_logins} />),
    },
    {
      key: "endpoints",
      title: t("accounts.endpoints"),
      width: 84,
      align: "right",
      text: (row) => row.endpoints,
      render: (row) => <Figure value={row.endpoints} to={url.to(`/accounts/${encodeURIComponent(row.id)}`)} />,
    },
    {
      key: "clients",
      title: t("accounts.clients"),
      width: 84,
      align: "right",
      text: (row) => row.clients,
      render: (row) => <Num value={row.clients} />,
    },
    {
      key: "data",
      title: t("accounts.data"),
      width: 260,
      text: (row) => row.data.join(" "),
      render: (row) => <Cut text={row.data.map(names.dataType).join(", ")} />,
    },
    {
      key: "first_seen",
      title: t("accounts.firstSeen"),
      width: 120,
      optional: true,
      text: (row) => row.first_seen,
      render: (row) => <Ago at={row.first_seen} />,
    },
    { key: "last_seen", title: t("accounts.lastSeen"), width: 120, text: (row) => row.last_seen, render: (row) => <Ago at={row.last_seen} /> },
  ];
}

export default function AccountsPage() {
  const t = useT();
  const url = useUrl();
  const open = useOpen();
  const columns = useColumns();
  const filter = known.present({ host: url.get("site"), text: url.get("text") });
  const query = useQuery(accountsQuery({ ...filter, page: url.page, size: url.size }));
  useTitle(t("shell.accounts"));
  return (
    <>
      <PageHead title={t("shell.accounts")} total={query.data?.total} />
      <div className="facets">
        <TextFacet name="text" placeholder={t("accounts.search")} />
        <span className="grow" />
        <ListTools name="accounts" columns={columns} rows={query.data?.rows} />
      </div>
      <List
        name="accounts"
        what={t("accounts.what")}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        href={(row) => url.to(`/accounts/${encodeURIComponent(row.id)}`)}
        onOpen={(row) => open(row.id)}
        empty={
          Object.keys(filter).length > 0 ? (
            <EmptyState title={t("common.noMatch")} hint={t("common.noMatchHint")} />
          ) : (
            <EmptyState title={t("accounts.empty")} hint={t("accounts.emptyHint")}>
              <FeedHint />
            </EmptyState>
          )
        }
      />
      <RowDrawer title={t("accounts.one")} href={(id) => url.to(`/accounts/${encodeURIComponent(id)}`)}>
        {(id) => <AccountBody id={id} />}
      </RowDrawer>
    </>
  );
}
