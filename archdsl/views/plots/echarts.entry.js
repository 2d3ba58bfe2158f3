// What of Apache ECharts the pages need; `make plots` bundles it into echarts.min.js.

import { init, use } from "echarts/core";
import { LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, ParallelComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

use([
  LineChart, ParallelChart, ScatterChart,
  GridComponent, MarkLineComponent, ParallelComponent,
  CanvasRenderer,
]);

export { init };
