import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init as create, use, type ECharts } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([LineChart, ScatterChart, GridComponent, TooltipComponent, CanvasRenderer]);

/** A chart in an element. */
export function init(element: HTMLElement): ECharts {
  return create(element, undefined, { renderer: 'canvas' });
}
