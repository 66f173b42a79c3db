import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use, type ECharts, type EChartsCoreOption } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { digits } from '../format';
import { frame, inkOf, type Ink } from '../parts/ink';

use([BarChart, LineChart, ScatterChart, GridComponent, TooltipComponent, CanvasRenderer]);

/** A plot of a report, as the program writes it into the file. */
interface Plot {
  kind: 'steps' | 'points' | 'curves' | 'bars';
  x: string;
  y: string;
  categories?: string[];
  lines: { name: string; colour: number; style: 'solid' | 'dashed' | 'dotted'; points: [number, number | null][] }[];
}

const plots = JSON.parse(document.getElementById('plots')?.textContent ?? '[]') as Plot[];
const charts: { chart: ECharts; plot: Plot; element: HTMLElement }[] = [];

for (const element of document.querySelectorAll<HTMLElement>('[data-plot]')) {
  const plot = plots[Number(element.dataset.plot)];
  if (plot !== undefined) {
    element.replaceChildren(); // the still picture that is there without scripts
    element.style.height = `${plot.kind === 'bars' ? 70 + (plot.categories?.length ?? 0) * 26 * Math.max(1, plot.lines.length * 0.6) : 260}px`;
    const chart = init(element, undefined, { renderer: 'canvas' });
    charts.push({ chart, plot, element });
    new ResizeObserver(() => chart.resize()).observe(element);
  }
}

draw();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
matchMedia('print').addEventListener('change', draw);

function draw(): void {
  for (const { chart, plot, element } of charts) {
    chart.setOption(optionOf(plot, inkOf(element)), true);
    element.dataset.drawn = 'true';
  }
}

function optionOf(plot: Plot, ink: Ink): EChartsCoreOption {
  return plot.kind === 'bars' ? bars(plot, ink) : lines(plot, ink);
}

function lines(plot: Plot, ink: Ink): EChartsCoreOption {
  const steps = plot.kind === 'steps';
  const joined = steps || plot.kind === 'curves';
  const most = Math.max(...plot.lines.map((line) => line.points.length));
  return {
    ...frame(ink, { type: 'value', name: plot.x, scale: true }, { type: 'value', name: plot.y, ...(steps ? { min: 0, max: 100 } : {}) }),
    series: plot.lines.map((line) => ({
      name: line.name,
      type: joined ? 'line' : 'scatter',
      step: steps ? 'end' : undefined,
      symbol: steps || (joined && most > 40) ? 'none' : 'circle',
      connectNulls: false,
      symbolSize: 5,
      triggerLineEvent: true,
      itemStyle: { color: ink.series[line.colour], opacity: joined ? 1 : 0.75 },
      lineStyle: { color: ink.series[line.colour], width: 2, type: line.style },
      data: line.points,
      tooltip: {
        formatter: ({ value }: { value?: [number, number] }) =>
          value === undefined ? line.name : `${line.name}\n${plot.x}: ${digits(value[0])}\n${plot.y}: ${digits(value[1])}`,
      },
    })),
  };
}

function bars(plot: Plot, ink: Ink): EChartsCoreOption {
  const categories = plot.categories ?? [];
  const base = frame(ink, { type: 'value', name: plot.x }, { type: 'category', data: categories, inverse: true });
  return {
    ...base,
    grid: { left: 12, right: 24, top: 8, bottom: 40, containLabel: true },
    yAxis: { ...(base.yAxis as object), name: '', axisLabel: { color: ink.text, fontSize: 12, width: 210, overflow: 'truncate' } },
    series: plot.lines.map((line) => ({
      name: line.name,
      type: 'bar',
      barMaxWidth: 16,
      itemStyle: { color: ink.series[line.colour] },
      data: line.points.map(([, value]) => value),
      tooltip: {
        formatter: ({ dataIndex, value }: { dataIndex: number; value: number }) => `${line.name}\n${categories[dataIndex] ?? ''}: ${digits(value)} ${plot.x}`,
      },
    })),
  };
}
