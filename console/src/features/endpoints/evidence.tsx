// Links to the calls that prove a fact.
import { Link } from "react-router";
import { useT } from "@/i18n";
import { useUrl } from "@/ui/url";

export function Evidence({ ids, bare = false }: { ids: string[]; bare?: boolean }) {
  const t = useT();
  const url = useUrl();
  if (ids.length === 0) return null;
  return (
    <span className="row wrap" style={{ gap: 8 }}>
      {!bare && <span className="muted small">{t("common.evidence")}</span>}
      {ids.map((id, at) => (
        <Link key={id} className="small nowrap" to={url.to(`/calls/${encodeURIComponent(id)}`)} title={id}>
          {t("common.callN", { n: at + 1 })}
        </Link>
      ))}
    </span>
  );
}
