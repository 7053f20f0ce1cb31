// An address that leads nowhere.
import { Link } from "react-router";
import { useT } from "@/i18n";
import { EmptyState } from "@/ui/states";
import { useUrl } from "@/ui/url";

export function NotFound() {
  const t = useT();
  const url = useUrl();
  return (
    <EmptyState title={t("shell.notFound")} hint={t("shell.notFoundHint")}>
      <Link to={url.to("/overview")}>{t("shell.toOverview")}</Link>
    </EmptyState>
  );
}
