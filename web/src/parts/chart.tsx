import { useEffect, useRef } from 'preact/hooks';
import type { ECharts, EChartsCoreOption } from 'echarts/core';
import type { Theme } from '../state/theme';
import { inkOf, type Ink } from './ink';

interface Props {
  /** What the chart shows, for those who do not see it. */
  label: string;
  theme: Theme;
  height: number;
  option: (ink: Ink) => EChartsCoreOption;
  /** What the option depends on; it is drawn anew when that changes. */
  depends: unknown[];
  onPick?: (index: number) => void;
  /** The same with the number of the series, for charts of several. */
  onPickItem?: (series: number, index: number) => void;
}

export function Chart({ label, theme, height, option, depends, onPick, onPickItem }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  const pick = useRef(onPick);
  pick.current = onPick;
  const pickItem = useRef(onPickItem);
  pickItem.current = onPickItem;
  const latest = useRef(option);
  latest.current = option; // the library may arrive after newer figures did
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
      chart.current.on('click', (event) => {
        pick.current?.(event.dataIndex);
        pickItem.current?.(event.seriesIndex ?? 0, event.dataIndex);
      });
      observer = new ResizeObserver(() => chart.current?.resize());
      observer.observe(element);
      chart.current.setOption(latest.current(inkOf(element)), true);
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
