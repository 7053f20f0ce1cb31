// What every page stands in: language, theme, Ant Design's configuration. All three follow the URL.
import { App as AntApp, ConfigProvider, Spin } from "antd";
import type { Locale } from "antd/es/locale";
import { Suspense, useEffect, useLayoutEffect, useMemo, useState } from "react";
import { Outlet, useSearchParams } from "react-router";
import { I18nContext, loadCatalog, type Catalog, type Lang } from "@/i18n";
import { langOf, ModeContext, modeOf } from "@/ui/preferences";
import { cssVariables, themeConfig } from "@/ui/theme";

async function loadLocale(lang: Lang): Promise<Locale> {
  const module = lang === "zh" ? await import("antd/es/locale/zh_CN") : await import("antd/es/locale/en_GB");
  return module.default;
}

interface Words {
  lang: Lang;
  catalog: Catalog;
  locale: Locale;
}

export function Root() {
  const [params] = useSearchParams();
  const lang = langOf(params);
  const mode = modeOf(params);
  const [words, setWords] = useState<Words>();
  useEffect(() => {
    let current = true;
    void Promise.all([loadCatalog(lang), loadLocale(lang)]).then(([catalog, locale]) => {
      if (current) setWords({ lang, catalog, locale });
    });
    return () => {
      current = false;
    };
  }, [lang]);
  useLayoutEffect(() => {
    const id = "palette";
    const style = document.getElementById(id) ?? document.head.appendChild(document.createElement("style"));
    style.id = id;
    style.textContent = cssVariables(mode);
  }, [mode]);
  useEffect(() => {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  }, [lang]);
  const theme = useMemo(() => themeConfig(mode), [mode]);
  if (!words) return null;
  return (
    <I18nContext value={words}>
      <ModeContext value={mode}>
        <ConfigProvider theme={theme} locale={words.locale} button={{ autoInsertSpace: false }}>
          <AntApp style={{ height: "100%" }} message={{ maxCount: 2 }}>
            <Suspense fallback={<Spin style={{ display: "block", padding: 80 }} />}>
              <Outlet />
            </Suspense>
          </AntApp>
        </ConfigProvider>
      </ModeContext>
    </I18nContext>
  );
}
