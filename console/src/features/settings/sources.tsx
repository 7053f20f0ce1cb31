// Where calls come from, and what became of every record since the start: received = accepted + dropped, each drop with
// its stage and reason. A row opens to the source's own counters.
import { useQuery } from "@tanstack/react-query";
import { Table } from "antd";
import { statusQuery } from "@/api/queries";
import type { DropView, SourceView } from "@/api/types";
import { useT, useWords } from "@/i18n";
import { Facts } from "@/ui/card";
import { Num } from "@/ui/figures";
import { EmptyState, Loaded } from "@/ui/states";

function Drops({ drops }: { drops: DropView[] }) {
  const t = useT();
  const words = useWords();
  const some = drops.filter((drop) => drop.records > 0);
  if (some.length === 0) return <span className="faint">{t("settings.nothingDropped")}</span>;
  return (
    <div className="row wrap" style={{ columnGap: 16 }}>
      {some.map((drop) => (
        <span key={`${drop.stage} ${drop.reason}`} className="nowrap" title={`${drop.stage}: ${drop.reason}`}>
          {words("codes.drop", drop.reason)} <Num value={drop.records} />
        </span>
      ))}
    </div>
  );
}

/** The counters that have counted something. */
function counted(source: SourceView) {
  return Object.entries(source.counters).filter(([, value]) => value > 0);
}

export function Sources() {
  const t = useT();
  const words = useWords();
  const query = useQuery(statusQuery());
  return (
    <div className="stack wide">
      <span className="muted">{t("settings.sourcesIntro")}</span>
      <Loaded query={query} what={t("settings.sources")}>
        {(status) => (
          <div className="card flush">
            <Table<SourceView>
              size="small"
              pagination={false}
              rowKey={(row) => row.name}
              dataSource={status.sources}
              locale={{ emptyText: <EmptyState title={t("settings.noSources")} hint={t("settings.noSourcesHint")} /> }}
              expandable={{
                rowExpandable: (row) => counted(row).length > 0,
                expandedRowRender: (row) => (
                  <Facts
                    rows={counted(row).map(([name, value]) => [words("codes.counter", name), <Num key={name} value={value} />] as const)}
                  />
                ),
              }}
              columns={[
                { title: t("settings.source"), width: 320, render: (_, row) => <span className="mono">{row.name}</span> },
                { title: t("settings.received"), width: 120, align: "right", className: "num", render: (_, row) => <Num value={row.received} /> },
                { title: t("settings.accepted"), width: 120, align: "right", className: "num", render: (_, row) => <Num value={row.accepted} /> },
                { title: t("settings.dropped"), render: (_, row) => <Drops drops={row.dropped} /> },
              ]}
            />
          </div>
        )}
      </Loaded>
    </div>
  );
}
