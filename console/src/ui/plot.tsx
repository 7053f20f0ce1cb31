// A chart in the console's one theme, and the histogram of calls over time whose brush sets the time range.
import type { EChartsCoreOption } from "echarts/core";
import { useEffect, useMemo, useRef } from "react";
import type { Histogram } from "@/api/types";
import { number, useLang, useT, type Lang } from "@/i18n";
import { dateTime } from "@/i18n/format";
import { useMode } from "./preferences";
import { palette, type Palette } from "./theme";

export interface PlotProps {
  option: EChartsCoreOption;
  height: number;
  /** What the chart shows, for those who cannot see it. */
  label: string;
  /** First and last category of a brushed range. */
  onBrush?: ((first: number, last: number) => void) | undefined;
  /** Category of a bar that was clicked. */
  onPick?: ((at: number) => void) | undefined;
}

/** The range of categories in what the brush reports. */
function brushed(event: unknown): [number, number] | undefined {
  if (typeof event !== "object" || event === null || !("areas" in event) || !Array.isArray(event.areas)) return;
  const area: unknown = event.areas[0];
  if (typeof area !== "object" || area === null || !("coordRange" in area)) return;
  const range: unknown = area.coordRange;
  if (!Array.isArray(range)) return;
  const [first, last] = range.map(Number);
  return first === undefined || last === undefined ? undefined : [Math.min(first, last), Math.max(first, last)];
}

export function Plot({ option, height, label, onBrush, onPick }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const handlers = useRef({ onBrush, onPick });
  useEffect(() => {
    handlers.current = { onBrush, onPick };
  });
  const brush = onBrush !== undefined;
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let gone = false;
    let dispose = () => {};
    void import("./echarts").then(({ init }) => {
      if (gone) return;
      const chart = init(element, null, { renderer: "svg" });
      chart.setOption({ animation: false, ...option });
      if (brush) {
        const key = { type: "takeGlobalCursor", key: "brush" };
        chart.dispatchAction({ ...key, brushOption: { brushType: "lineX", brushMode: "single" } });
        chart.on("brushEnd", (event: unknown) => {
          const range = brushed(event);
          if (range) handlers.current.onBrush?.(...range);
        });
      }
      chart.on("click", (event) => handlers.current.onPick?.(event.dataIndex));
      const watch = new ResizeObserver(() => chart.resize());
      watch.observe(element);
      dispose = () => {
        watch.disconnect();
        chart.dispose();
      };
    });
    return () => {
      gone = true;
      dispose();
    };
  }, [option, brush]);
  return <div ref={box} className="plot" style={{ height }} role="img" aria-label={label} />;
}

/** Axes, grid and tooltip in the console's colours. */
export function chartBase(p: Palette): EChartsCoreOption {
  return {
    textStyle: { fontFamily: "inherit", color: p.muted, fontSize: 12 },
    grid: { left: 4, right: 8, top: 24, bottom: 5, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow", shadowStyle: { color: p.line, opacity: 0.5 } },
      backgroundColor: p.panel,
      borderColor: p.line,
      textStyle: { color: p.text, fontSize: 13 },
      padding: [6, 10],
      confine: true,
    },
  };
}

export function axis(p: Palette): object {
  return {
    axisLine: { lineStyle: { color: p.line } },
    axisTick: { show: false },
    axisLabel: { color: p.muted, hideOverlap: true },
    splitLine: { lineStyle: { color: p.line, width: 1, opacity: 0.7 } },
    nameTextStyle: { color: p.faint, align: "left" },
  };
}

/** The start of a span as its axis shows it: as much of date and time as the span calls for. */
export function tick(iso: string, spanUs: number, withYear = false): string {
  const text = dateTime(iso, true);
  if (spanUs >= 20 * 3_600_000_000) return text.slice(withYear ? 0 : 5, 10);
  if (spanUs >= 600_000_000) return text.slice(5, 16);
  return spanUs >= 60_000_000 ? text.slice(11, 16) : text.slice(11, spanUs >= 1_000_000 ? 19 : 23);
}

interface Words {
  ok: string;
  errors: string;
  unit: string;
}

export function histogramOption(data: Histogram, p: Palette, lang: Lang, words: Words): EChartsCoreOption {
  const ok = data.buckets.map((bucket) => bucket.calls - bucket.errors);
  const errors = data.buckets.map((bucket) => bucket.errors);
  const bar = { type: "bar", stack: "calls", barCategoryGap: "16%", barMaxWidth: 36 };
  const format = (value: unknown) => number(Number(value), lang);
  const years = [data.buckets.at(0), data.buckets.at(-1)].map((bucket) => dateTime(bucket?.start ?? "").slice(0, 4));
  const manyYears = years[0] !== years[1];
  return {
    ...chartBase(p),
    brush: {
      xAxisIndex: 0,
      toolbox: [],
      brushStyle: { color: p.accent, opacity: 0.15, borderColor: p.accent, borderWidth: 1 },
      outOfBrush: { colorAlpha: 0.5 },
    },
    xAxis: {
      type: "category",
      ...axis(p),
      data: data.buckets.map((bucket) => tick(bucket.start ?? "", data.span_us, manyYears)),
    },
    yAxis: { type: "value", name: words.unit, minInterval: 1, splitNumber: 3, ...axis(p), axisLine: { show: false } },
    series: [
      { ...bar, name: words.ok, data: ok, color: p.accent, tooltip: { valueFormatter: format } },
      { ...bar, name: words.errors, data: errors, color: p.severity.high, tooltip: { valueFormatter: format } },
    ],
  };
}

/** Calls over time, those that failed set off. Brushing reports the range as points in time. */
export function CallHistogram(props: {
  data: Histogram;
  height: number;
  onRange?: ((from: string, until: string) => void) | undefined;
}) {
  const { data, height, onRange } = props;
  const t = useT();
  const lang = useLang();
  const mode = useMode();
  const [ok, errors, unit] = [t("common.answered"), t("common.failedCalls"), t("common.unitCalls")];
  const option = useMemo(
    () => histogramOption(data, palette(mode), lang, { ok, errors, unit }),
    [data, mode, lang, ok, errors, unit],
  );
  if (data.buckets.length === 0) return <p className="muted">{t("common.noCallsInRange")}</p>;
  const select = (first: number, last: number) => {
    const start = data.buckets[Math.max(0, first)]?.start;
    const end = data.buckets[Math.min(last, data.buckets.length - 1)]?.start;
    if (!start || !end) return;
    onRange?.(start, new Date(new Date(end).getTime() + Math.max(1, data.span_us / 1_000)).toISOString());
  };
  return <Plot option={option} height={height} label={t("common.callsOverTime")} onBrush={onRange && select} />;
}
