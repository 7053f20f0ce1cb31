// The look: one accent, neutral greys, five severities, five levels. Ant Design takes the tokens; own styles take the
// same colours as CSS variables; charts take `palette`.
import { theme as antd, type ThemeConfig } from "antd";

export type Mode = "light" | "dark";

export interface Palette {
  accent: string;
  bg: string;
  panel: string;
  sunken: string;
  line: string;
  text: string;
  muted: string;
  faint: string;
  severity: Record<"critical" | "high" | "medium" | "low" | "info", string>;
  level: readonly [string, string, string, string, string, string];
}

// Severities differ in lightness as well as in hue, so that they stay apart for colour-blind eyes.
const light: Palette = {
  accent: "#0b6e75",
  bg: "#f6f7f8",
  panel: "#ffffff",
  sunken: "#f2f4f5",
  line: "#e3e6e8",
  text: "#1b2126",
  muted: "#59636c",
  faint: "#8b959d",
  severity: { critical: "#a8071a", high: "#d4500c", medium: "#a87800", low: "#3d6f9e", info: "#6b757d" },
  level: ["#c9ced2", "#c3c7d6", "#a5a9c6", "#8287b3", "#5f629b", "#40417a"],
};

const dark: Palette = {
  accent: "#4db6ba",
  bg: "#121518",
  panel: "#1a1e22",
  sunken: "#15191c",
  line: "#2c3238",
  text: "#e2e6e9",
  muted: "#9aa5ae",
  faint: "#6f7a83",
  severity: { critical: "#ff6b6b", high: "#f79150", medium: "#e3bd4b", low: "#82b4e0", info: "#98a3ac" },
  level: ["#3b4248", "#4b4f66", "#62668c", "#7f84b3", "#a1a6d6", "#c8ccf5"],
};

export function palette(mode: Mode): Palette {
  return mode === "dark" ? dark : light;
}

const FONT =
  'Inter, "Segoe UI", "Helvetica Neue", Arial, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
export const MONO =
  '"JetBrains Mono", "SF Mono", "Cascadia Mono", Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace';

export function themeConfig(mode: Mode): ThemeConfig {
  const p = palette(mode);
  return {
    cssVar: { key: "ap" },
    algorithm: mode === "dark" ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: p.accent,
      colorInfo: p.accent,
      colorLink: p.accent,
      colorError: p.severity.critical,
      colorWarning: p.severity.medium,
      colorTextBase: p.text,
      colorBgLayout: p.bg,
      colorBgContainer: p.panel,
      colorBgElevated: p.panel,
      colorTextPlaceholder: p.muted,
      colorBorder: p.line,
      colorBorderSecondary: p.line,
      colorSplit: p.line,
      fontFamily: FONT,
      fontFamilyCode: MONO,
      fontSize: 14,
      borderRadius: 6,
      controlHeight: 32,
      wireframe: false,
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.16s",
    },
    components: {
      Table: {
        cellPaddingBlockSM: 5,
        cellPaddingInlineSM: 10,
        headerBg: p.sunken,
        headerColor: p.muted,
        headerSplitColor: "transparent",
        headerSortActiveBg: p.sunken,
        headerSortHoverBg: p.line,
        bodySortBg: "transparent",
        rowHoverBg: p.sunken,
        headerBorderRadius: 0,
      },
      Button: { primaryColor: mode === "dark" ? p.bg : p.panel, primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" },
      Menu: { itemHeight: 34, itemBorderRadius: 6, activeBarBorderWidth: 0, itemBg: "transparent" },
      Tabs: { horizontalMargin: "0 0 16px 0" },
      Drawer: { paddingLG: 20 },
    },
  };
}

/** The palette as CSS variables for own styles. */
export function cssVariables(mode: Mode): string {
  const p = palette(mode);
  const lines = [
    `color-scheme:${mode}`,
    `--accent:${p.accent}`,
    `--bg:${p.bg}`,
    `--panel:${p.panel}`,
    `--sunken:${p.sunken}`,
    `--line:${p.line}`,
    `--text:${p.text}`,
    `--muted:${p.muted}`,
    `--faint:${p.faint}`,
    `--mono:${MONO}`,
    ...Object.entries(p.severity).map(([name, colour]) => `--sev-${name}:${colour}`),
    ...p.level.map((colour, level) => `--level-${level}:${colour}`),
  ];
  return `:root{${lines.join(";")}}`;
}
