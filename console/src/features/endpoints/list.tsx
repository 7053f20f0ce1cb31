// The inventory and, apart from it, the candidates.
import { useQuery } from "@tanstack/react-query";
import { Tabs } from "antd";
import { candidatesQuery, endpointsQuery, rulesQuery, sitesQuery } from "@/api/queries";
import { number, useLang, useT, useWords } from "@/i18n";
import * as known from "@/ui/choice";
import { RowDrawer, useOpen } from "@/ui/drawer";
import { Facet, LinkedFilter, List, ListTools, PageHead, TextFacet } from "@/ui/list";
import { useNames } from "@/ui/names";
import { EmptyState, FeedHint } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";
import { useCandidateColumns, useEndpointColumns } from "./columns";
import { EndpointBody } from "./body";
import { OpenApiButton } from "./openapi";
import { Sites } from "./sites";

function Inventory() {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  const open = useOpen();
  const rules = useQuery(rulesQuery());
  const columns = useEndpointColumns();
  const query = useQuery(
    endpointsQuery(
      known.present({
        host: url.get("site"),
        method: url.get("method"),
        state: known.oneOf(known.LIFE_STATES, url.get("state")),
        exposure: known.oneOf(known.EXPOSURES, url.get("exposure")),
        auth: known.oneOf(known.VERDICTS, url.get("auth")),
        purpose: url.get("purpose"),
        data_type: url.get("data_type"),
        level_min: known.whole(url.get("level_min"), 0, 5),
        text: url.get("text"),
        sort: known.oneOf(known.ENDPOINT_SORTS, url.get("sort")),
        order: known.oneOf(known.ORDERS, url.get("order")),
        page: url.page,
        size: url.size,
      }),
    ),
  );
  const choices = (values: readonly string[], prefix: string) =>
    values.map((value) => ({ value, label: words("codes", `${prefix}.${value}`) }));
  const filtered = ["text", "method", "state", "auth", "exposure", "purpose", "level_min", "data_type"].some(
    (key) => url.get(key) !== "",
  );
  return (
    <>
      <div className="facets">
        <TextFacet name="text" placeholder={t("endpoints.search")} />
        <Facet name="method" label={t("endpoints.method")} choices={known.METHODS.map((value) => ({ value, label: value }))} />
        <Facet name="state" label={t("endpoints.state")} choices={choices(known.LIFE_STATES, "life")} />
        <Facet name="auth" label={t("endpoints.auth")} choices={choices(known.VERDICTS, "auth")} />
        <Facet name="exposure" label={t("endpoints.exposure")} choices={choices(known.EXPOSURES, "exposure")} />
        <Facet
          name="level_min"
          label={t("endpoints.levelMin")}
          choices={known.LEVELS.map((level) => ({
            value: String(level),
            label: `${level} ${words("codes", `level.${level}`)}`,
          }))}
        />
        <Facet
          name="purpose"
          label={t("endpoints.purpose")}
          search
          choices={(rules.data?.purposes ?? []).map(({ id }) => ({ value: id, label: names.purpose(id) }))}
        />
        <LinkedFilter name="data_type" label={t("endpoints.data")} shown={names.dataType(url.get("data_type"))} />
        <span className="grow" />
        <ListTools name="endpoints" columns={columns} rows={query.data?.rows} />
      </div>
      <List
        name="endpoints"
        what={t("endpoints.what")}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        href={(row) => url.to(`/endpoints/${row.id}`)}
        onOpen={(row) => open(row.id)}
        defaultSort={{ sort: "risk", order: "desc" }}
        empty={
          filtered ? (
            <EmptyState title={t("common.noMatch")} hint={t("common.noMatchHint")} />
          ) : (
            <EmptyState title={t("endpoints.empty")} hint={t("endpoints.emptyHint")}>
              <FeedHint />
            </EmptyState>
          )
        }
      />
      <RowDrawer title={t("endpoints.one")} href={(id) => url.to(`/endpoints/${id}`)}>
        {(id) => <EndpointBody id={id} />}
      </RowDrawer>
    </>
  );
}

function Candidates() {
  const t = useT();
  const words = useWords();
  const url = useUrl();
  const columns = useCandidateColumns();
  const query = useQuery(
    candidatesQuery(
      known.present({
        host: url.get("site"),
        reason: known.oneOf(known.REASONS, url.get("reason")),
        text: url.get("text"),
        page: url.page,
        size: url.size,
      }),
    ),
  );
  return (
    <>
      <p className="muted" style={{ marginTop: 0 }}>
        {t("endpoints.candidatesIntro")}
      </p>
      <div className="facets">
        <TextFacet name="text" placeholder={t("endpoints.searchCandidates")} />
        <Facet
          name="reason"
          label={t("endpoints.reason")}
          choices={known.REASONS.map((value) => ({ value, label: words("codes", `reason.${value}`) }))}
        />
        <span className="grow" />
        <ListTools name="candidates" columns={columns} rows={query.data?.rows} />
      </div>
      <List
        name="candidates"
        what={t("endpoints.candidates")}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        href={(row) => url.to("/calls", { endpoint: row.id })}
        empty={<EmptyState title={t("endpoints.noCandidates")} hint={t("endpoints.noCandidatesHint")} />}
      />
    </>
  );
}

export default function EndpointsPage() {
  const t = useT();
  const url = useUrl();
  const tab = known.oneOf(["candidates", "sites"], url.get("tab")) ?? "inventory";
  const sites = useQuery(sitesQuery());
  const lang = useLang();
  const host = known.present({ host: url.get("site"), size: 1 });
  const inventory = useQuery(endpointsQuery(host));
  const candidates = useQuery(candidatesQuery(host));
  const count = (total: number | undefined) => (total === undefined ? "" : ` ${number(total, lang)}`);
  useTitle(t("shell.endpoints"));
  return (
    <>
      <PageHead title={t("shell.endpoints")} total={inventory.data?.total} />
      <Tabs
        activeKey={tab}
        tabBarExtraContent={<OpenApiButton />}
        onChange={(key) => {
          const clear = { text: undefined, reason: undefined, cols: undefined, open: undefined, sort: undefined };
          url.set({ ...clear, order: undefined, tab: key === "inventory" ? undefined : key }, true);
        }}
        items={[
          { key: "inventory", label: t("endpoints.inventory") + count(inventory.data?.total) },
          { key: "candidates", label: t("endpoints.candidates") + count(candidates.data?.total) },
          { key: "sites", label: t("endpoints.sites") + count(sites.data?.rows.length) },
        ]}
      />
      {tab === "inventory" ? <Inventory /> : tab === "candidates" ? <Candidates /> : <Sites />}
    </>
  );
}
