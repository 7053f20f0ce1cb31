// Columns of the inventory and of the candidates.
import type { CandidateRow, EndpointRow } from "@/api/types";
import { useT, useWords } from "@/i18n";
import { Ago, Cut, Duration, Figure, Num, Percent } from "@/ui/figures";
import type { Column } from "@/ui/list";
import { LevelMark, Method, Pill, RiskMark, Status, Template, TypeTag } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { useUrl } from "@/ui/url";
import { Link } from "react-router";

export function useEndpointColumns(): Column<EndpointRow>[] {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  const word = (prefix: string) => (code: string) => words("codes", `${prefix}.${code}`);
  return [
    {
      key: "template",
      title: t("endpoints.api"),
      sort: "template",
      text: (row) => `${row.method} ${row.template}${row.operation === null ? "" : ` ${row.operation}`}`,
      render: (row) => (
        <Link className="quiet row" to={url.to(`/endpoints/${row.id}`)} title={`${row.method} ${row.host}${row.template}`}>
          <Method name={row.method} />
          <span className="cut">
            <Template text={row.template} />
            {row.operation !== null && <span className="mono muted"> {row.operation}</span>}
          </span>
        </Link>
      ),
    },
    {
      key: "host",
      title: t("endpoints.site"),
      width: 150,
      text: (row) => row.host,
      render: (row) => <Cut mono text={row.host} />,
    },
    {
      key: "purpose",
      title: t("endpoints.purpose"),
      width: 110,
      text: (row) => row.purpose ?? "",
      render: (row) => (row.purpose === null ? "" : <Cut text={names.purpose(row.purpose)} />),
    },
    {
      key: "risk",
      title: t("endpoints.risk"),
      width: 104,
      sort: "risk",
      text: (row) => row.risk.score,
      render: (row) => <RiskMark risk={row.risk} />,
    },
    {
      key: "findings",
      title: t("endpoints.openFindings"),
      width: 92,
      align: "right",
      text: (row) => row.open_findings,
      render: (row) =>
        row.open_findings === 0 ? (
          <span className="faint">0</span>
        ) : (
          <Figure value={row.open_findings} to={url.to("/findings", { endpoint: row.id, state: "open" })} />
        ),
    },
    {
      key: "level",
      title: t("endpoints.level"),
      width: 92,
      sort: "level",
      text: (row) => row.level,
      render: (row) => <LevelMark level={row.level} />,
    },
    {
      key: "data",
      title: t("endpoints.data"),
      width: 220,
      text: (row) => row.data.map((one) => one.type).join(" "),
      render: (row) => <TypeTags row={row} />,
    },
    {
      key: "auth",
      title: t("endpoints.auth"),
      width: 104,
      text: (row) => row.auth.verdict,
      render: (row) => (
        <span className={row.auth.verdict === "none" && row.level >= 3 ? "" : "muted"} title={row.auth.kinds.map(word("authKind")).join(", ")}>
          {word("auth")(row.auth.verdict)}
        </span>
      ),
    },
    {
      key: "exposure",
      title: t("endpoints.exposure"),
      width: 84,
      text: (row) => row.exposure,
      render: (row) => <span className="muted">{word("exposure")(row.exposure)}</span>,
    },
    {
      key: "state",
      title: t("endpoints.state"),
      width: 84,
      text: (row) => row.state,
      render: (row) => <Pill tone={row.state === "new" ? "accent" : undefined}>{word("life")(row.state)}</Pill>,
    },
    {
      key: "calls",
      title: t("endpoints.calls"),
      width: 88,
      align: "right",
      sort: "calls",
      text: (row) => row.calls,
      render: (row) => <Figure value={row.calls} to={url.to("/calls", { endpoint: row.id })} />,
    },
    {
      key: "errors",
      title: t("endpoints.errors"),
      width: 84,
      align: "right",
      sort: "errors",
      text: (row) => row.errors,
      render: (row) => <span className="muted">{<Percent share={row.calls === 0 ? 0 : row.errors / row.calls} />}</span>,
    },
    {
      key: "latency",
      title: t("endpoints.p95"),
      width: 92,
      align: "right",
      optional: true,
      text: (row) => row.latency?.p95_us ?? null,
      render: (row) => <Duration us={row.latency?.p95_us ?? null} />,
    },
    {
      key: "accounts",
      title: t("endpoints.accounts"),
      width: 84,
      align: "right",
      optional: true,
      text: (row) => row.accounts,
      render: (row) => <Num value={row.accounts} />,
    },
    {
      key: "clients",
      title: t("endpoints.clients"),
      width: 84,
      align: "right",
      optional: true,
      text: (row) => row.clients,
      render: (row) => <Num value={row.clients} />,
    },
    {
      key: "style",
      title: t("endpoints.style"),
      width: 92,
      optional: true,
      text: (row) => row.style,
      render: (row) => <span className="muted">{word("style")(row.style)}</span>,
    },
    {
      key: "first_seen",
      title: t("endpoints.firstSeen"),
      width: 120,
      sort: "first_seen",
      optional: true,
      text: (row) => row.first_seen,
      render: (row) => <Ago at={row.first_seen} />,
    },
    {
      key: "last_seen",
      title: t("endpoints.lastSeen"),
      width: 116,
      sort: "last_seen",
      text: (row) => row.last_seen,
      render: (row) => <Ago at={row.last_seen} />,
    },
  ];
}

function TypeTags({ row }: { row: EndpointRow }) {
  const names = useNames();
  const shown = row.data.slice(0, 2);
  const more = row.data.slice(2);
  return (
    <span className="row" style={{ gap: 4, overflow: "hidden" }}>
      {shown.map((one) => (
        <TypeTag key={one.type} type={one.type} level={one.level} masked={one.masked} />
      ))}
      {more.length > 0 && (
        <span className="faint small nowrap" title={more.map((one) => names.dataType(one.type)).join(", ")}>
          +{more.length}
        </span>
      )}
    </span>
  );
}

export function useCandidateColumns(): Column<CandidateRow>[] {
  const t = useT();
  const words = useWords();
  const url = useUrl();
  return [
    {
      key: "template",
      title: t("endpoints.path"),
      text: (row) => `${row.method} ${row.template}`,
      render: (row) => (
        <Link className="quiet row" to={url.to("/calls", { endpoint: row.id })} title={row.template}>
          <Method name={row.method} />
          <span className="cut">
            <Template text={row.template} />
          </span>
        </Link>
      ),
    },
    {
      key: "host",
      title: t("endpoints.site"),
      width: 150,
      text: (row) => row.host,
      render: (row) => <Cut mono text={row.host} />,
    },
    {
      key: "reason",
      title: t("endpoints.reason"),
      width: 124,
      text: (row) => row.reason,
      render: (row) => (
        <span title={words("codes", `reasonWhy.${row.reason}`)}>{words("codes", `reason.${row.reason}`)}</span>
      ),
    },
    {
      key: "statuses",
      title: t("endpoints.statuses"),
      width: 170,
      text: (row) => row.statuses.map((one) => `${one.status}:${one.calls}`).join(" "),
      render: (row) => (
        <span className="row">
          {row.statuses.slice(0, 3).map((one) => (
            <span key={one.status} className="nowrap">
              <Status code={one.status} /> <span className="faint">×<Num value={one.calls} /></span>
            </span>
          ))}
        </span>
      ),
    },
    {
      key: "calls",
      title: t("endpoints.calls"),
      width: 76,
      align: "right",
      text: (row) => row.calls,
      render: (row) => <Figure value={row.calls} to={url.to("/calls", { endpoint: row.id })} />,
    },
    {
      key: "clients",
      title: t("endpoints.clients"),
      width: 76,
      align: "right",
      text: (row) => row.clients,
      render: (row) => <Num value={row.clients} />,
    },
    {
      key: "last_seen",
      title: t("endpoints.lastSeen"),
      width: 110,
      text: (row) => row.last_seen,
      render: (row) => <Ago at={row.last_seen} />,
    },
  ];
}
