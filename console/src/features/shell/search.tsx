// Search over everything (Ctrl-K): endpoints, findings, accounts, calls by text. Arrow keys choose, Enter opens.
import { SearchOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Input, Modal } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import { accountsQuery, callsQuery, endpointsQuery, findingsQuery } from "@/api/queries";
import { usePick, useT } from "@/i18n";
import { CallName, EndpointName, SeverityMark, Status } from "@/ui/marks";
import { useUrl } from "@/ui/url";

interface Hit {
  to: string;
  shown: ReactNode;
}

interface Group {
  title: string;
  hits: Hit[];
}

const SHOWN = 5;

/** The best matches of each kind. The text is asked for once typing pauses. */
function useHits(text: string): { groups: Group[]; busy: boolean } {
  const t = useT();
  const pick = usePick();
  const url = useUrl();
  const query = { text, size: SHOWN };
  const options = { enabled: text.length > 1, placeholderData: keepPreviousData };
  const endpoints = useQuery({ ...endpointsQuery(query), ...options });
  const findings = useQuery({ ...findingsQuery(query), ...options });
  const accounts = useQuery({ ...accountsQuery(query), ...options });
  const calls = useQuery({ ...callsQuery(query), ...options });
  if (text.length < 2) return { groups: [], busy: false };
  const groups = [
    {
      title: t("shell.endpoints"),
      hits: (endpoints.data?.rows ?? []).map((row) => ({
        to: url.to(`/endpoints/${row.id}`),
        shown: <EndpointName endpoint={row} host />,
      })),
    },
    {
      title: t("shell.findings"),
      hits: (findings.data?.rows ?? []).map((row) => ({
        to: url.to(`/findings/${row.id}`),
        shown: (
          <>
            <SeverityMark severity={row.severity} />
            <span className="cut">{pick(row.title, row.title_zh)}</span>
          </>
        ),
      })),
    },
    {
      title: t("shell.accounts"),
      hits: (accounts.data?.rows ?? []).map((row) => ({
        to: url.to(`/accounts/${encodeURIComponent(row.id)}`),
        shown: <span className="mono cut">{row.id}</span>,
      })),
    },
    {
      title: t("shell.calls"),
      hits: (calls.data?.rows ?? []).map((row) => ({
        to: url.to(`/calls/${encodeURIComponent(row.id)}`),
        shown: (
          <>
            <CallName call={row} />
            <span style={{ marginLeft: "auto" }}>
              <Status code={row.status} />
            </span>
          </>
        ),
      })),
    },
  ];
  const busy = [endpoints, findings, accounts, calls].some((one) => one.isFetching);
  return { groups: groups.filter((group) => group.hits.length > 0), busy };
}

export default function Search({ onClose }: { onClose: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => setText(typed.trim()), 200);
    return () => clearTimeout(timer);
  }, [typed]);
  const { groups, busy } = useHits(text);
  const all = groups.flatMap((group) => group.hits);
  const at = Math.min(chosen, Math.max(0, all.length - 1));
  const onKeyDown = (event: React.KeyboardEvent) => {
    const hit = all[at];
    if (event.key === "ArrowDown") setChosen(Math.min(at + 1, all.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
    else if (event.key === "Enter" && hit) {
      onClose();
      void navigate(hit.to);
    } else return;
    event.preventDefault();
  };
  return (
    <Modal open onCancel={onClose} footer={null} closable={false} width={680} style={{ top: 88 }}>
      <div onKeyDown={onKeyDown}>
        <Input
          autoFocus
          size="large"
          variant="borderless"
          prefix={<SearchOutlined className="faint" />}
          placeholder={t("shell.searchHint")}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setChosen(0);
          }}
        />
        <div className="results">
          {groups.map((group) => (
            <div key={group.title} style={{ marginBottom: 8 }}>
              <h3 className="section" style={{ padding: "0 8px", margin: "4px 0" }}>
                {group.title}
              </h3>
              {group.hits.map((hit) => (
                <Link key={hit.to} to={hit.to} className={all[at] === hit ? "on" : ""} onClick={onClose}>
                  {hit.shown}
                </Link>
              ))}
            </div>
          ))}
          {all.length === 0 && (
            <p className="muted" style={{ padding: "0 8px" }}>
              {text.length < 2 ? t("shell.searchHelp") : busy ? t("common.searching") : t("shell.searchNothing")}
            </p>
          )}
        </div>
      </div>
    </Modal>
  );
}
