// The frame of every page: navigation, search, site filter, time range, language, theme, user. Needs a session.
import { SearchOutlined, UserOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown, Select, Spin } from "antd";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link, Navigate, Outlet, useLocation, useNavigate } from "react-router";
import { client, done, Failure } from "@/api/client";
import { meQuery, sitesQuery } from "@/api/queries";
import { useT, type Key } from "@/i18n";
import { Logo } from "@/ui/logo";
import { SessionContext, useMe } from "@/ui/session";
import { ErrorState } from "@/ui/states";
import { LangSwitch, ModeSwitch } from "@/ui/switches";
import { useUrl } from "@/ui/url";

const RangePicker = lazy(() => import("./range"));
const Search = lazy(() => import("./search"));

interface NavItem {
  path: string;
  label: Key;
  icon: React.ComponentType;
  gap?: boolean;
}

function Navigation({ nav }: { nav: readonly NavItem[] }) {
  const t = useT();
  const url = useUrl();
  const { pathname } = useLocation();
  return (
    <aside>
      <Link className="brand" to={url.to("/overview")}>
        <Logo />
        <span translate="no">Apiarist</span>
      </Link>
      <nav aria-label={t("shell.navigation")}>
        {nav.map(({ path, label, icon: Icon, gap }) => (
          <div key={path}>
            {gap && <div className="gap" />}
            <Link to={url.to(path)} className={pathname.startsWith(path) ? "on" : ""}>
              <Icon />
              {t(label)}
            </Link>
          </div>
        ))}
      </nav>
    </aside>
  );
}

function SiteFilter() {
  const t = useT();
  const url = useUrl();
  const sites = useQuery(sitesQuery());
  const site = url.get("site");
  return (
    <Select
      allowClear
      showSearch
      aria-label={t("shell.site")}
      placeholder={t("shell.allSites")}
      value={site === "" ? undefined : site}
      onChange={(next: string | undefined) => url.set({ site: next })}
      options={(sites.data?.rows ?? []).map(({ host }) => ({ value: host, label: host }))}
      popupMatchSelectWidth={false}
      style={{ width: 210 }}
    />
  );
}

function UserMenu() {
  const t = useT();
  const me = useMe();
  const url = useUrl();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { pathname } = useLocation();
  const logout = async () => {
    await done(client.DELETE("/api/v1/session")).catch(() => undefined);
    queries.clear();
    await navigate(url.to("/login"));
  };
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "who", type: "group", label: `${me.name} · ${t(`codes.role.${me.role}`)}` },
          { key: "password", label: t("shell.changePassword") },
          { key: "logout", label: t("shell.logout") },
        ],
        onClick: ({ key }) => {
          if (key === "logout") void logout();
          if (key === "password") void navigate(url.to("/login", { change: "1", next: pathname }));
        },
      }}
    >
      <Button type="text" icon={<UserOutlined />}>
        {me.name}
      </Button>
    </Dropdown>
  );
}

function Topbar() {
  const t = useT();
  const { pathname } = useLocation();
  const [searching, setSearching] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setSearching(true);
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <header className="topbar">
      <button type="button" className="searchbox" onClick={() => setSearching(true)}>
        <SearchOutlined />
        <span>{t("shell.searchHint")}</span>
        <kbd>{"Ctrl K"}</kbd>
      </button>
      <div className="grow" />
      <Suspense fallback={null}>{pathname.startsWith("/calls") && <RangePicker />}</Suspense>
      {!/^\/(overview|settings)/.test(pathname) && <SiteFilter />}
      <LangSwitch />
      <ModeSwitch />
      <UserMenu />
      <Suspense fallback={null}>{searching && <Search onClose={() => setSearching(false)} />}</Suspense>
    </header>
  );
}

export function Shell({ nav }: { nav: readonly NavItem[] }) {
  const t = useT();
  const url = useUrl();
  const location = useLocation();
  const me = useQuery(meQuery());
  if (me.isPending) return <Spin style={{ display: "block", padding: 120 }} />;
  const lapsed = me.error instanceof Failure && me.error.status === 401;
  if (lapsed || me.data?.must_change) {
    return <Navigate to={url.to("/login", { next: location.pathname + location.search })} replace />;
  }
  if (!me.data) return <ErrorState error={me.error} what={t("shell.session")} retry={() => void me.refetch()} />;
  return (
    <SessionContext value={me.data}>
      <div className="shell">
        <Navigation nav={nav} />
        <div className="main">
          <Topbar />
          <div className="scroll">
            <main className="page" key={location.pathname}>
              <Suspense fallback={<Spin style={{ display: "block", padding: 80 }} />}>
                <Outlet />
              </Suspense>
            </main>
          </div>
        </div>
      </div>
    </SessionContext>
  );
}
