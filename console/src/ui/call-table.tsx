// Calls as a short table inside other pages: evidence of a finding, recent calls of an API or account.
import { Table, type TableColumnType } from "antd";
import { Link } from "react-router";
import type { CallRow } from "@/api/types";
import { useT } from "@/i18n";
import { Cut, Duration, Moment } from "./figures";
import { CallName, Status, TypeTag } from "./marks";
import { useUrl } from "./url";

export function CallTable({ rows, endpoint = true }: { rows: CallRow[]; endpoint?: boolean }) {
  const t = useT();
  const url = useUrl();
  const columns: TableColumnType<CallRow>[] = [
    { title: t("calls.time"), width: 168, render: (_, row) => <Moment at={row.ts} /> },
    {
      title: t("calls.call"),
      ellipsis: { showTitle: false },
      render: (_, row) => (
        <Link className="quiet" to={url.to(`/calls/${encodeURIComponent(row.id)}`)}>
          <CallName call={row} host={endpoint} />
        </Link>
      ),
    },
    { title: t("calls.status"), width: 66, render: (_, row) => <Status code={row.status} /> },
    { title: t("calls.duration"), width: 90, align: "right", render: (_, row) => <Duration us={row.duration_us} /> },
    {
      title: t("calls.client"),
      width: 130,
      ellipsis: { showTitle: false },
      render: (_, row) => <Cut mono text={row.client_ip ?? ""} />,
    },
    {
      title: t("calls.account"),
      width: 130,
      ellipsis: { showTitle: false },
      render: (_, row) => <Cut text={row.account?.slice(row.account.indexOf("/") + 1) ?? ""} />,
    },
    {
      title: t("calls.data"),
      width: 190,
      render: (_, row) => (
        <span className="row" style={{ gap: 4, overflow: "hidden" }}>
          {row.data.slice(0, 2).map((one) => (
            <TypeTag key={one.type} type={one.type} level={one.level} masked={one.masked} />
          ))}
        </span>
      ),
    },
  ];
  return (
    <Table<CallRow>
      size="small"
      tableLayout="fixed"
      pagination={false}
      scroll={{ x: 1020 }}
      rowKey={(row) => row.id}
      dataSource={rows}
      columns={columns}
    />
  );
}
