// The data map: which data types there are, and which APIs carry them, where, in clear or masked.
import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { Link } from "react-router";
import { dataQuery } from "@/api/queries";
import type { DataMap, DataRow } from "@/api/types";
import { useT, useWords } from "@/i18n";
import * as known from "@/ui/choice";
import { Cut, Figure, Num } from "@/ui/figures";
import { Facet, LinkedFilter, List, ListTools, PageHead, TextFacet, type Column } from "@/ui/list";
import { EndpointName, LevelMark, TypeTag } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { EmptyState, FeedHint, Waiting } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";

function useColumns(): Column<DataRow>[] {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  return [
    {
      key: "type",
      title: t("data.type"),
      width: 190,
      text: (row) => row.data.type,
      render: (row) => <TypeTag type={row.data.type} level={row.data.level} masked={row.data.masked} />,
    },
    {
      key: "level",
      title: t("data.level"),
      width: 84,
      text: (row) => row.data.level,
      render: (row) => <LevelMark level={row.data.level} />,
    },
    {
      key: "endpoint",
      title: t("data.endpoint"),
      text: (row) => `${row.endpoint.method} ${row.endpoint.host}${row.endpoint.template}`,
      render: (row) => (
        <Link className="quiet" to={url.to(`/endpoints/${row.endpoint.id}`, { tab: "data" })}>
          <EndpointName endpoint={row.endpoint} host={url.get("site") === ""} />
        </Link>
      ),
    },
    {
      key: "place",
      title: t("data.place"),
      width: 230,
      text: (row) => `${row.data.side} ${row.data.in} ${row.data.path}`,
      render: (row) => (
        <span className="cut" title={row.data.path}>
          {words("codes", `side.${row.data.side}`)} · {words("codes", `place.${row.data.in}`)}{" "}
          <span className="mono">{row.data.path}</span>
        </span>
      ),
    },
    {
      key: "masked",
      title: t("data.masking"),
      width: 96,
      text: (row) => (row.data.masked ? "masked" : "clear"),
      render: (row) => <span className={row.data.masked ? "faint" : ""}>{t(row.data.masked ? "codes.masked" : "codes.inClear")}</span>,
    },
    { key: "sample", title: t("data.sample"), width: 170, text: (row) => row.data.sample, render: (row) => <Cut mono text={row.data.sample} /> },
    { key: "count", title: t("data.values"), width: 90, align: "right", text: (row) => row.data.count, render: (row) => <Num value={row.data.count} /> },
    {
      key: "distinct",
      title: t("data.distinct"),
      width: 100,
      align: "right",
      optional: true,
      text: (row) => row.data.distinct,
      render: (row) => <Num value={row.data.distinct} />,
    },
    {
      key: "calls",
      title: t("data.calls"),
      width: 84,
      align: "right",
      text: (row) => row.data.calls,
      render: (row) => (
        <Figure value={row.data.calls} to={url.to("/calls", { endpoint: row.endpoint.id, data_type: row.data.type })} />
      ),
    },
    {
      key: "class",
      title: t("data.name"),
      width: 150,
      optional: true,
      text: (row) => names.dataType(row.data.type),
      render: (row) => <Cut mono text={row.data.type} />,
    },
  ];
}

/** One tile a type; a click narrows the rows below. */
function Types({ types }: { types: DataMap["types"] }) {
  const t = useT();
  const names = useNames();
  const url = useUrl();
  const chosen = url.get("type");
  const levels = [5, 4, 3, 2, 1].map((level) => ({ level, types: types.filter((type) => type.level === level) }));
  return (
    <div className="card" style={{ marginBottom: 12, padding: "4px 16px" }}>
      {levels
        .filter((one) => one.types.length > 0)
        .map((one) => (
          <div key={one.level} className="row" style={{ padding: "6px 0", alignItems: "flex-start" }}>
            <span style={{ width: 132, flex: "none", lineHeight: "28px" }}>
              <LevelMark level={one.level} word />
            </span>
            <span className="row wrap" style={{ gap: 6 }}>
              {one.types.map((type) => (
                <Link
                  key={type.type}
                  to={url.to("/data", { type: type.type === chosen ? "" : type.type })}
                  title={`${type.type} · ${t("data.inClearOf", { clear: type.endpoints_in_clear, count: type.endpoints })}`}
                  className={type.type === chosen ? "pill accent" : "pill"}
                  style={{ height: 28, borderRadius: 6, fontSize: 13, padding: "0 10px" }}
                >
                  <span style={{ color: "var(--text)" }}>{names.dataType(type.type)}</span>
                  <span>{t("data.apis", { count: type.endpoints })}</span>
                </Link>
              ))}
            </span>
          </div>
        ))}
    </div>
  );
}

export default function DataPage() {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  const columns = useColumns();
  const masked = url.get("masked");
  const filter = known.present({
    host: url.get("site"),
    type: url.get("type"),
    level_min: known.whole(url.get("level_min"), 1, 5),
    side: known.oneOf(known.SIDES, url.get("side")),
    masked: masked === "" ? undefined : masked === "true",
    text: url.get("text"),
  });
  const query = useQuery(dataQuery({ ...filter, page: url.page, size: url.size }));
  const leftOut = query.data?.endpoints_left_out ?? 0;
  useTitle(t("shell.data"));
  return (
    <>
      <PageHead title={t("shell.data")} total={query.data?.total} />
      {query.isPending ? <Waiting rows={4} /> : query.data && query.data.types.length > 0 && <Types types={query.data.types} />}
      <div className="facets">
        <TextFacet name="text" placeholder={t("data.search")} />
        <Facet name="side" label={t("data.side")} choices={known.SIDES.map((value) => ({ value, label: words("codes", `side.${value}`) }))} />
        <Facet
          name="masked"
          label={t("data.masking")}
          choices={[
            { value: "false", label: t("codes.inClear") },
            { value: "true", label: t("codes.masked") },
          ]}
        />
        <Facet
          name="level_min"
          label={t("data.levelMin")}
          choices={known.LEVELS.map((level) => ({ value: String(level), label: `${level} ${words("codes", `level.${level}`)}` }))}
        />
        <LinkedFilter name="type" label={t("data.type")} shown={names.dataType(url.get("type"))} />
        <span className="grow" />
        <ListTools name="data" columns={columns} rows={query.data?.rows} />
      </div>
      {leftOut > 0 && <Alert type="warning" showIcon title={t("data.leftOut", { count: leftOut })} style={{ marginBottom: 12 }} />}
      <List
        name="data"
        what={t("data.what")}
        query={query}
        columns={columns}
        rowKey={(row) => `${row.endpoint.id} ${row.data.side} ${row.data.in} ${row.data.path} ${row.data.type}`}
        href={(row) => url.to(`/endpoints/${row.endpoint.id}`, { tab: "data" })}
        empty={
          Object.keys(filter).length > 0 ? (
            <EmptyState title={t("common.noMatch")} hint={t("common.noMatchHint")} />
          ) : (
            <EmptyState title={t("data.empty")} hint={t("data.emptyHint")}>
              <FeedHint />
            </EmptyState>
          )
        }
      />
    </>
  );
}
