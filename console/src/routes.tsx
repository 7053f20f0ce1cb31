// The one table of pages. Each page is a bundle of its own.
import { lazy } from "react";
import { Navigate, type RouteObject } from "react-router";
import { Root } from "@/features/session/root";
import { NotFound } from "@/features/shell/not-found";
import { Shell } from "@/features/shell/shell";
import { NAV } from "./nav";

const Login = lazy(() => import("@/features/session/login"));
const Overview = lazy(() => import("@/features/overview/page"));
const Endpoints = lazy(() => import("@/features/endpoints/list"));
const Endpoint = lazy(() => import("@/features/endpoints/detail"));
const Calls = lazy(() => import("@/features/calls/list"));
const Call = lazy(() => import("@/features/calls/detail"));
const Findings = lazy(() => import("@/features/findings/list"));
const Finding = lazy(() => import("@/features/findings/detail"));
const Accounts = lazy(() => import("@/features/accounts/list"));
const Account = lazy(() => import("@/features/accounts/detail"));
const Data = lazy(() => import("@/features/data/page"));
const Settings = lazy(() => import("@/features/settings/page"));

export const routes: RouteObject[] = [
  {
    element: <Root />,
    children: [
      { path: "/login", element: <Login /> },
      {
        element: <Shell nav={NAV} />,
        children: [
          { path: "/", element: <Navigate to={{ pathname: "/overview", search: location.search }} replace /> },
          { path: "/overview", element: <Overview /> },
          { path: "/endpoints", element: <Endpoints /> },
          { path: "/endpoints/:id", element: <Endpoint /> },
          { path: "/calls", element: <Calls /> },
          { path: "/calls/:id", element: <Call /> },
          { path: "/findings", element: <Findings /> },
          { path: "/findings/:id", element: <Finding /> },
          { path: "/accounts", element: <Accounts /> },
          { path: "/accounts/:id", element: <Account /> },
          { path: "/data", element: <Data /> },
          { path: "/settings", element: <Settings /> },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
];
