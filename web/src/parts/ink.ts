import type { EChartsCoreOption } from 'echarts/core';

/** Colours that charts are drawn with, from the page's own. */
export interface Ink {
  text: string;
  muted: string;
  line: string;
  panel: string;
  series: string[];
}

/** The colours that hold for an element. */
export function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: of('--ink'),
    muted: of('--muted'),
    line: of('--line'),
    panel: of('--panel'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => of(`--c${i}`)),
  };
}

/** What all charts have in common. */
export function frame(ink: Ink, x: object, y: object): EChartsCoreOption {
  const axis = {
    nameLocation: 'middle',
    nameTextStyle: { color: ink.muted, fontSize: 12 },
    axisLabel: { color: ink.muted, fontSize: 11, hideOverlap: true },
    axisLine: { lineStyle: { color: ink.line } },
    axisTick: { lineStyle: { color: ink.line } },
    splitLine: { lineStyle: { color: ink.line, width: 0.5 } },
    minorSplitLine: { show: false },
  };
  return {
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: 58, right: 16, top: 14, bottom: 44 },
    xAxis: { ...axis, nameGap: 26, ...x },
    yAxis: { ...axis, nameGap: 42, ...y },
    tooltip: tooltip(ink),
  };
}

// Drawn, not written as HTML: the page allows no style that is not in its own file.
export function tooltip(ink: Ink): object {
  return {
    trigger: 'item',
    renderMode: 'richText',
    backgroundColor: ink.panel,
    borderColor: ink.muted,
    borderWidth: 1,
    padding: 8,
    confine: true,
    textStyle: { color: ink.text, fontSize: 12, lineHeight: 17 },
  };
}
