// Settings: how the instance is doing, where calls come from, who may log in, which machines may push calls.
import { useQuery } from "@tanstack/react-query";
import { Tabs } from "antd";
import { Fragment } from "react";
import { statusQuery } from "@/api/queries";
import type { StatusView } from "@/api/types";
import { useLang, useT } from "@/i18n";
import { uptime } from "@/i18n/format";
import { Card, Facts } from "@/ui/card";
import { Bytes, Moment, Num } from "@/ui/figures";
import { PageHead } from "@/ui/list";
import { useMay } from "@/ui/session";
import { EmptyState, Loaded } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";
import { Sources } from "./sources";
import { Tokens } from "./tokens";
import { Users } from "./users";

function Status({ status }: { status: StatusView }) {
  const t = useT();
  const lang = useLang();
  const limits = Object.entries(status.limits_reached).filter(([, times]) => times > 0);
  return (
    <div className="grid cols-2" style={{ maxWidth: 1100 }}>
      <Card title={t("settings.about")}>
        <Facts
          rows={[
            [t("settings.version"), <span className="mono">{status.version}</span>],
            [t("settings.uptime"), uptime(status.uptime_s, lang)],
          ]}
        />
      </Card>
      <Card title={t("settings.log")}>
        <Facts
          rows={[
            [t("settings.logCalls"), <Num value={status.log.calls} />],
            [t("settings.segments"), <Num value={status.log.segments} />],
            [t("settings.segmentBytes"), <Bytes size={status.log.segment_bytes} />],
            [t("settings.journalBytes"), <Bytes size={status.log.journal_bytes} />],
            [t("settings.oldest"), <Moment at={status.log.oldest} />],
            [t("settings.newest"), <Moment at={status.log.newest} />],
          ]}
        />
      </Card>
      <Card title={t("settings.ingest")}>
        <Facts
          rows={[
            [t("settings.accepted"), <Num value={status.ingest.accepted} />],
            [t("settings.analysed"), <Num value={status.ingest.analysed} />],
            [t("settings.waiting"), <Num value={status.ingest.waiting} />],
            [t("settings.refused"), <Num value={status.ingest.refused} />],
          ]}
        />
      </Card>
      <Card title={t("settings.trouble")}>
        {limits.length === 0 && status.detectors_off.length === 0 ? (
          <span className="muted">{t("settings.noTrouble")}</span>
        ) : (
          <dl className="facts">
            {status.detectors_off.map((id) => (
              <Fragment key={id}>
                <dt className="mono">{id}</dt>
                <dd>{t("settings.detectorOff")}</dd>
              </Fragment>
            ))}
            {limits.map(([name, times]) => (
              <Fragment key={name}>
                <dt className="mono">{name}</dt>
                <dd>{t("settings.limitReached", { count: times })}</dd>
              </Fragment>
            ))}
          </dl>
        )}
      </Card>
    </div>
  );
}

function StatusTab() {
  const t = useT();
  const query = useQuery(statusQuery());
  return (
    <Loaded query={query} what={t("settings.status")}>
      {(status) => <Status status={status} />}
    </Loaded>
  );
}

export default function SettingsPage() {
  const t = useT();
  const url = useUrl();
  const admin = useMay("admin");
  const forbidden = <EmptyState title={t("settings.adminOnly")} hint={t("settings.adminOnlyHint")} />;
  useTitle(t("shell.settings"));
  return (
    <>
      <PageHead title={t("shell.settings")} />
      <Tabs
        activeKey={url.get("tab") || "status"}
        onChange={(key) => url.set({ tab: key === "status" ? undefined : key }, true)}
        destroyOnHidden
        items={[
          { key: "status", label: t("settings.status"), children: <StatusTab /> },
          { key: "sources", label: t("settings.sources"), children: <Sources /> },
          { key: "users", label: t("settings.users"), children: admin ? <Users /> : forbidden },
          { key: "tokens", label: t("settings.tokens"), children: admin ? <Tokens /> : forbidden },
        ]}
      />
    </>
  );
}
