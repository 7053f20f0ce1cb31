// One call: request and response side by side, sensitive places marked, derived facts beside.
import { useQuery } from "@tanstack/react-query";
import { Table } from "antd";
import { Link } from "react-router";
import { callQuery } from "@/api/queries";
import type { CallDetail, DataHit, MessageView } from "@/api/types";
import { useT, useWords } from "@/i18n";
import { Body } from "@/ui/body";
import { Card, Facts } from "@/ui/card";
import { Bytes, Cut, Duration, Moment, Percent } from "@/ui/figures";
import { EndpointName, LevelMark, Method, Pill, Status, TypeTag } from "@/ui/marks";
import { useNames } from "@/ui/names";
import { Loaded } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";

function Message(props: { title: string; message: MessageView | null; hits: DataHit[]; missing: string }) {
  const { title, message, hits, missing } = props;
  const t = useT();
  if (!message) {
    return (
      <Card title={title}>
        <p className="muted">{missing}</p>
      </Card>
    );
  }
  const at = (name: string) => hits.find((hit) => hit.in === "header" && hit.path.toLowerCase() === name);
  return (
    <Card
      title={title}
      extra={
        <span className="muted small">
          {message.media_type !== "" && <span className="mono">{message.media_type} · </span>}
          <Bytes size={message.body_size} />
        </span>
      }
    >
      <div className="stack wide">
        <div className="headers">
          {message.headers.map((header, index) => [
            <span key={`${index}n`}>{header.name}</span>,
            <span key={`${index}v`}>
              {header.value}
              {(() => {
                const hit = at(header.name);
                return hit ? <> <TypeTag type={hit.type} level={hit.level} masked={hit.masked} /></> : null;
              })()}
            </span>,
          ])}
        </div>
        {message.headers.length === 0 && <p className="muted">{t("calls.noHeaders")}</p>}
        <Body
          body={message.body}
          base64={message.body_b64}
          mediaType={message.media_type}
          hits={hits.filter((hit) => hit.in === "body")}
        />
      </div>
    </Card>
  );
}

function Stream({ detail }: { detail: CallDetail }) {
  const t = useT();
  if (detail.messages.length === 0) return null;
  return (
    <Card title={t("calls.messages")}>
      <div className="stack">
        {detail.messages.map((message, at) => (
          <div key={at}>
            <span className="muted small">
              {t(message.from_client ? "calls.fromClient" : "calls.fromServer")} · {message.kind}
            </span>
            <Body body={message.body} base64={message.body_b64} mediaType="" hits={[]} />
          </div>
        ))}
      </div>
    </Card>
  );
}

function Hits({ hits }: { hits: DataHit[] }) {
  const t = useT();
  const words = useWords();
  const url = useUrl();
  if (hits.length === 0) return null;
  return (
    <Card title={t("calls.hits")}>
      <Table
        size="small"
        pagination={hits.length > 20 ? { pageSize: 20, size: "small" } : false}
        rowKey={(row) => `${row.side} ${row.in} ${row.path} ${row.type}`}
        dataSource={hits}
        columns={[
          {
            title: t("calls.data"),
            width: 180,
            render: (_, row) => <TypeTag type={row.type} level={row.level} masked={row.masked} />,
          },
          { title: t("calls.level"), width: 76, render: (_, row) => <LevelMark level={row.level} /> },
          {
            title: t("calls.place"),
            ellipsis: { showTitle: false },
            render: (_, row) => (
              <span className="cut" title={row.path}>
                {words("codes", `side.${row.side}`)} · {words("codes", `place.${row.in}`)}{" "}
                <span className="mono">{row.path}</span>
              </span>
            ),
          },
          {
            title: t("calls.sample"),
            width: 190,
            ellipsis: { showTitle: false },
            render: (_, row) => <Cut mono text={row.sample} />,
          },
          { title: t("calls.confidence"), width: 92, align: "right", render: (_, row) => <Percent share={row.confidence} /> },
          {
            title: "",
            width: 120,
            render: (_, row) =>
              row.value_hash === null ? null : (
                <Link to={url.to("/calls", { value_hash: row.value_hash })}>{t("calls.sameValueCalls")}</Link>
              ),
          },
        ]}
      />
    </Card>
  );
}

function Derived({ detail }: { detail: CallDetail }) {
  const t = useT();
  const words = useWords();
  const names = useNames();
  const url = useUrl();
  const call = detail.summary;
  const jwt = detail.jwt;
  const account = call.account && (
    <Link to={url.to(`/accounts/${encodeURIComponent(call.account)}`)} title={call.account}>
      {call.account.slice(call.account.indexOf("/") + 1)}
    </Link>
  );
  return (
    <Card title={t("calls.derived")}>
      <Facts
        rows={[
          [
            t("calls.endpoint"),
            call.endpoint && (
              <Link to={url.to(`/endpoints/${call.endpoint.id}`)}>
                <EndpointName endpoint={call.endpoint} />
              </Link>
            ),
          ],
          [
            t("calls.keptOut"),
            call.candidate_reason && (
              <>
                {words("codes", `reason.${call.candidate_reason}`)}{" "}
                <span className="muted">{words("codes", `reasonWhy.${call.candidate_reason}`)}</span>
              </>
            ),
          ],
          [t("calls.purpose"), call.purpose && names.purpose(call.purpose)],
          [t("calls.account"), account],
          [t("calls.accountHow"), call.account_how && words("codes", `how.${call.account_how}`)],
          [t("calls.auth"), words("codes", `authKind.${call.auth}`)],
          [t("calls.jwtAlgorithm"), jwt && <span className="mono">{jwt.algorithm}</span>],
          [t("calls.jwtSubject"), jwt?.subject && <span className="mono">{jwt.subject}</span>],
          [t("calls.jwtExpires"), jwt && (jwt.expires === null ? t("calls.never") : <Moment at={jwt.expires} />)],
          [t("calls.jwtSecret"), jwt?.weak_secret ? <Pill tone="warn">{t("calls.weakSecret")}</Pill> : null],
          [t("calls.people"), call.people > 0 ? t("calls.peopleCount", { count: call.people }) : null],
          [
            t("calls.evidenceFor"),
            call.rules.length === 0
              ? null
              : call.rules.map((rule) => (
                  <div key={rule}>
                    <Link to={url.to("/findings", { rule, ...(call.endpoint ? { endpoint: call.endpoint.id } : {}) })}>
                      {names.rule(rule)}
                    </Link>
                  </div>
                )),
          ],
        ]}
      />
    </Card>
  );
}

function Transport({ detail }: { detail: CallDetail }) {
  const t = useT();
  const words = useWords();
  const url = useUrl();
  const call = detail.summary;
  return (
    <Card title={t("calls.transport")}>
      <Facts
        rows={[
          [t("calls.time"), <Moment at={call.ts} />],
          [t("calls.duration"), <Duration us={call.duration_us} />],
          [t("calls.protocol"), <span className="mono">{[call.scheme, call.protocol].filter(Boolean).join(" · ")}</span>],
          [
            t("calls.client"),
            call.client_ip && (
              <Link className="mono" to={url.to("/calls", { client: call.client_ip })}>
                {call.client}
              </Link>
            ),
          ],
          [t("calls.server"), call.server && <span className="mono">{call.server}</span>],
          [t("calls.rpc"), detail.rpc && <span className="mono">{`${detail.rpc.service}/${detail.rpc.method}`}</span>],
          [t("calls.source"), call.source],
          [
            t("calls.anomalies"),
            call.anomalies.length === 0 ? null : call.anomalies.map((one) => <div key={one}>{words("codes", `anomaly.${one}`)}</div>),
          ],
          [t("calls.id"), <span className="mono small">{call.id}</span>],
        ]}
      />
    </Card>
  );
}

function Content({ detail }: { detail: CallDetail }) {
  const t = useT();
  const call = detail.summary;
  const side = (name: DataHit["side"]) => detail.hits.filter((hit) => hit.side === name);
  return (
    <div className="stack wide">
      <header className="row" style={{ alignItems: "baseline" }}>
        <Method name={call.method} />
        <h1 className="mono break" style={{ margin: 0, fontSize: 15, fontWeight: 600, flex: 1 }}>
          <span className="muted">
            {call.scheme !== null && `${call.scheme}://`}
            {call.host}
          </span>
          {call.target}
        </h1>
        <Status code={call.status} />
        <span className="muted">
          <Duration us={call.duration_us} />
        </span>
      </header>
      <div className="callgrid">
        <div style={{ gridArea: "derived" }}>
          <Derived detail={detail} />
        </div>
        <div style={{ gridArea: "transport" }}>
          <Transport detail={detail} />
        </div>
        <div style={{ gridArea: "request" }}>
          <Message title={t("calls.request")} message={detail.request} hits={side("request")} missing={t("calls.noRequest")} />
        </div>
        <div style={{ gridArea: "response" }}>
          <Message title={t("calls.response")} message={detail.response} hits={side("response")} missing={t("calls.noResponse")} />
        </div>
      </div>
      <Stream detail={detail} />
      <Hits hits={detail.hits} />
    </div>
  );
}

export function CallBody({ id, page = false }: { id: string; page?: boolean }) {
  const t = useT();
  const query = useQuery(callQuery(id));
  const call = query.data?.summary;
  useTitle(call && page ? `${call.method} ${call.target}` : t("shell.calls"));
  return (
    <Loaded query={query} what={t("calls.one")} rows={14}>
      {(detail) => <Content detail={detail} />}
    </Loaded>
  );
}
