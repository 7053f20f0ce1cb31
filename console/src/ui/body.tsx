// A message body for reading: JSON indented, forms one field a line, sensitive places marked with their type.
import { Button, Tooltip } from "antd";
import { Fragment, useState, type ReactNode } from "react";
import type { DataHit } from "@/api/types";
import { useT } from "@/i18n";
import { parse, pretty } from "./json";
import { useNames } from "./names";

const PIECES_SHOWN = 4_000;
const CHARS_SHOWN = 40_000;

/** A sensitive value in its place; type, level and masking on hover, a link to the calls that share it by click. */
function Marked({ hit, children }: { hit: DataHit; children: ReactNode }) {
  const t = useT();
  const names = useNames();
  const masking = hit.masked ? t("codes.masked") : t("codes.inClear");
  return (
    <Tooltip title={`${names.dataType(hit.type)} · ${t("codes.levelN", { level: hit.level })} · ${masking}`}>
      <mark data-type={hit.type}>{children}</mark>
    </Tooltip>
  );
}

function JsonBody({ value, hits, limit }: { value: unknown; hits: Map<string, DataHit>; limit: number }) {
  return pretty(value, limit).map((piece, at) => {
    const hit = piece.pointer === undefined ? undefined : hits.get(piece.pointer);
    const text = piece.kind === "plain" ? piece.text : <span className={piece.kind}>{piece.text}</span>;
    return hit ? (
      <Marked key={at} hit={hit}>
        {text}
      </Marked>
    ) : (
      <Fragment key={at}>{text}</Fragment>
    );
  });
}

function FormBody({ text, hits }: { text: string; hits: Map<string, DataHit> }) {
  return [...new URLSearchParams(text)].map(([name, value], at) => {
    const hit = hits.get(name) ?? hits.get(`/${name}`);
    return (
      <div key={at}>
        <span className="key">{name}</span>
        {" = "}
        {hit ? <Marked hit={hit}>{value}</Marked> : value}
      </div>
    );
  });
}

/** Text of any other kind: places that the samples name are marked. */
function TextBody({ text, hits }: { text: string; hits: DataHit[] }) {
  const out: ReactNode[] = [];
  let rest = 0;
  const found = hits
    .filter((hit) => hit.sample.length > 3)
    .map((hit) => ({ hit, at: text.indexOf(hit.sample) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  for (const { hit, at } of found) {
    if (at < rest) continue;
    out.push(text.slice(rest, at));
    out.push(
      <Marked key={at} hit={hit}>
        {hit.sample}
      </Marked>,
    );
    rest = at + hit.sample.length;
  }
  out.push(text.slice(rest));
  return out;
}

export interface BodyProps {
  body: string | null;
  base64: string | null;
  mediaType: string;
  hits: DataHit[];
}

export function Body({ body, base64, mediaType, hits }: BodyProps) {
  const t = useT();
  const [all, setAll] = useState(false);
  if (body === null && base64 !== null) {
    return (
      <pre className="code">
        <span className="muted">{t("calls.binaryBody")}</span>
        {"\n"}
        {base64.slice(0, 2_000)}
      </pre>
    );
  }
  if (body === null) return <p className="muted">{t("calls.bodyNotKept")}</p>;
  if (body === "") return <p className="muted">{t("calls.noBody")}</p>;
  const places = new Map(hits.map((hit) => [hit.path, hit]));
  const json = /json|^$|text\/plain/.test(mediaType) ? parse(body) : undefined;
  const long = body.length > CHARS_SHOWN && !all;
  const limit = all ? Number.MAX_SAFE_INTEGER : PIECES_SHOWN;
  const form = mediaType === "application/x-www-form-urlencoded";
  const structured = typeof json === "object" && json !== null;
  return (
    <div className="stack">
      <pre className="code">
        {structured ? (
          <JsonBody value={json} hits={places} limit={limit} />
        ) : form ? (
          <FormBody text={body} hits={places} />
        ) : (
          <TextBody text={long ? body.slice(0, CHARS_SHOWN) : body} hits={hits} />
        )}
      </pre>
      {long && (
        <div>
          <Button size="small" onClick={() => setAll(true)}>
            {t("calls.showAll")}
          </Button>
        </div>
      )}
    </div>
  );
}
