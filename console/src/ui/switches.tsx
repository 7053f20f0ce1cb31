// Language and theme: chosen here, kept in the URL and remembered by the browser.
import { MoonOutlined, SunOutlined } from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import { useLang, useT } from "@/i18n";
import { remember, useMode } from "./preferences";
import { useUrl } from "./url";

export function LangSwitch() {
  const lang = useLang();
  const url = useUrl();
  const t = useT();
  const next = lang === "zh" ? "en" : "zh";
  const change = () => {
    remember("lang", next);
    url.set({ lang: next, page: url.page === 1 ? undefined : url.page });
  };
  return (
    <Tooltip title={t("common.otherLanguageHint")}>
      <Button type="text" onClick={change} data-testid="lang">
        {t("common.otherLanguage")}
      </Button>
    </Tooltip>
  );
}

export function ModeSwitch() {
  const mode = useMode();
  const url = useUrl();
  const t = useT();
  const next = mode === "dark" ? "light" : "dark";
  const change = () => {
    remember("theme", next);
    url.set({ theme: next, page: url.page === 1 ? undefined : url.page });
  };
  const label = t(next === "dark" ? "common.darkTheme" : "common.lightTheme");
  return (
    <Tooltip title={label}>
      <Button
        type="text"
        aria-label={label}
        icon={mode === "dark" ? <SunOutlined /> : <MoonOutlined />}
        onClick={change}
        data-testid="theme"
      />
    </Tooltip>
  );
}
