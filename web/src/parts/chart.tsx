import { useEffect, useRef } from 'preact/hooks';
import type { ECharts, EChartsCoreOption } from 'echarts/core';
import type { Theme } from '../state/theme';

/** Colours that charts are drawn with, from the page's own. */
export interface Ink {
  text: string;
  muted: string;
  line: string;
  panel: string;
  series: string[];
}

interface Props {
  /** What the chart shows, for those who do not see it. */
  label: string;
  theme: Theme;
  height: number;
  option: (ink: Ink) => EChartsCoreOption;
  /** What the option depends on; it is drawn anew when that changes. */
  depends: unknown[];
  onPick?: (index: number) => void;
}

export function Chart({ label, theme, height, option, depends, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  const pick = useRef(onPick);
  pick.current = onPick;
  useEffect(() => {
    let gone = false;
    let observer: ResizeObserver | undefined;
    const element = box.current;
    if (element === null) {
      return;
    }

    void import('./echarts').then(({ init }) => {
      if (gone) {
        return;
      }

      chart.current = init(element);
      chart.current.on('click', (event) => pick.current?.(event.dataIndex));
      observer = new ResizeObserver(() => chart.current?.resize());
      observer.observe(element);
      chart.current.setOption(option(inkOf(element)), true);
      element.dataset.drawn = 'true';
    });
    return () => {
      gone = true;
      observer?.disconnect();
      chart.current?.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    // The page's colours change with an attribute, which is set after this.
    const frame = requestAnimationFrame(() => {
      if (box.current !== null) {
        chart.current?.setOption(option(inkOf(box.current)), true);
      }
    });
    return () => cancelAnimationFrame(frame);
  }, [theme, ...depends]);
  return <div class="chart" ref={box} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}

function inkOf(element: Element): Ink {
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
