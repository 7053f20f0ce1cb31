// The parts of ECharts that the console uses; loaded only when a chart is on the page.
import { BarChart } from "echarts/charts";
import { BrushComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use as register } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

register([BarChart, GridComponent, TooltipComponent, BrushComponent, SVGRenderer]);

export { init };
