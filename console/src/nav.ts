// The order of things in the console, one line a page.
import {
  ApiOutlined,
  BugOutlined,
  DashboardOutlined,
  DatabaseOutlined,
  SettingOutlined,
  SwapOutlined,
  TeamOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { Key } from "@/i18n";

export interface NavItem {
  path: string;
  label: Key;
  icon: ComponentType;
  /** Room above, to set a group off. */
  gap?: boolean;
}

export const NAV: readonly NavItem[] = [
  { path: "/overview", label: "shell.overview", icon: DashboardOutlined },
  { path: "/endpoints", label: "shell.endpoints", icon: ApiOutlined },
  { path: "/data", label: "shell.data", icon: DatabaseOutlined },
  { path: "/accounts", label: "shell.accounts", icon: TeamOutlined },
  { path: "/findings", label: "shell.findings", icon: BugOutlined },
  { path: "/calls", label: "shell.calls", icon: SwapOutlined },
  { path: "/settings", label: "shell.settings", icon: SettingOutlined, gap: true },
];
