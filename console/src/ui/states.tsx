// The three states that are not data: loading keeps the layout, an error says what, why and how to go on,
// empty says what will be here and how to feed it.
import { Button, Skeleton } from "antd";
import type { ReactNode } from "react";
import { Failure } from "@/api/client";
import { useT, useWords } from "@/i18n";

export function ErrorState({ error, retry, what }: { error: unknown; retry?: () => void; what: string }) {
  const t = useT();
  const words = useWords();
  const failure = error instanceof Failure ? error : new Failure(0, "unexpected", String(error), {});
  const known = words("errors", failure.code, failure.params);
  const why = known === failure.code ? words("errors", `status.${failure.status}`, failure.params) : known;
  const next = words("errors", `next.${failure.code}`);
  return (
    <div className="state" role="alert">
      <h2>{t("errors.failed", { what })}</h2>
      <p>{why.startsWith("status.") ? failure.message || failure.code : why}</p>
      <p>{next.startsWith("next.") ? t("errors.next.other") : next}</p>
      {retry && failure.status !== 403 && failure.status !== 404 && (
        <Button onClick={retry}>{t("common.retry")}</Button>
      )}
      <span className="small faint mono">
        {failure.code}
        {failure.status > 0 && ` · ${failure.status}`}
      </span>
    </div>
  );
}

export function EmptyState({ title, hint, children }: { title: string; hint: string; children?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      <p>{hint}</p>
      {children}
    </div>
  );
}

/** How to bring traffic in, where a page stays empty without it. */
export function FeedHint() {
  const t = useT();
  return (
    <>
      <p>{t("common.feed")}</p>
      <code>{"curl -H 'Authorization: Bearer TOKEN' --data-binary @calls.jsonl "}{location.origin}{"/api/v1/ingest"}</code>
    </>
  );
}

/** Lines where text will stand. */
export function Waiting({ rows = 8 }: { rows?: number }) {
  return <Skeleton active title={false} paragraph={{ rows, width: "100%" }} />;
}

/** Shows what a query has: its data, its error, or that it is on the way. */
export function Loaded<D>(props: {
  query: { data: D | undefined; error: unknown; refetch: () => unknown };
  what: string;
  rows?: number;
  children: (data: D) => ReactNode;
}) {
  const { query, what, rows, children } = props;
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorState error={query.error} what={what} retry={() => void query.refetch()} />;
  return <Waiting {...(rows === undefined ? {} : { rows })} />;
}
