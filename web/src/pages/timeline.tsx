import type { LoadPoint } from '../api/types';
import { digits, percent } from '../format';
import { Chart } from '../parts/chart';
import { frame, type Ink } from '../parts/ink';
import { Notice } from '../parts/notice';
import type { Theme } from '../state/theme';
import type { LoadRun } from './load-curves';

interface Line {
  name: string;
  colour: number;
  of: (point: LoadPoint) => number;
}

const requests: Line[] = [
  { name: 'running', colour: 1, of: (point) => point.running },
  { name: 'waiting', colour: 4, of: (point) => point.waiting },
];
const cache: Line[] = [{ name: 'KV cache in use', colour: 2, of: (point) => point.kv_use * 100 }];
const tokens: Line[] = [{ name: 'output tokens/s', colour: 3, of: (point) => point.output_tokens_per_s }];

/** One run over time. */
export function Timeline({ run, theme }: { run: LoadRun; theme: Theme }) {
  const { report, rate } = run;
  return (
    <section class="panel">
      <h2>
        Over time at {digits(rate)} requests/s{' '}
        <small>
          {digits(report.sustained_output_throughput ?? report.output_throughput ?? 0)} tokens/s, KV cache at most {percent(report.peak_kv_use ?? 0)}
        </small>
      </h2>
      {report.warnings.map((warning) => (
        <Notice key={warning} kind="warning" title="Take care" text={warning} />
      ))}
      <Panel label="Requests running and waiting" unit="requests" lines={requests} points={report.over_time} theme={theme} />
      <Panel label="KV cache in use" unit="% of KV" lines={cache} points={report.over_time} theme={theme} />
      <Panel label="Output tokens per second" unit="tokens/s" lines={tokens} points={report.over_time} theme={theme} />
      <ul class="legend inline">
        {[...requests, ...cache, ...tokens].map((line) => (
          <li key={line.name}>
            <i class={`key round c${line.colour}`} />
            {line.name}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Panel({ label, unit, lines, points, theme }: { label: string; unit: string; lines: Line[]; points: LoadPoint[]; theme: Theme }) {
  return <Chart label={label} theme={theme} height={130} depends={[points]} option={(ink) => optionOf(ink, unit, lines, points)} />;
}

function optionOf(ink: Ink, unit: string, lines: Line[], points: LoadPoint[]) {
  return {
    ...frame(ink, { type: 'value', min: 'dataMin', max: 'dataMax', axisLabel: { formatter: '{value} s', color: ink.muted } }, { type: 'value', name: unit, nameGap: 52, splitNumber: 3 }),
    grid: { left: 70, right: 18, top: 10, bottom: 24 }, // wide enough for 8,000, so that the three stand under one another
    series: lines.map((line) => ({
      type: 'line',
      step: 'end',
      symbol: 'none',
      silent: true,
      lineStyle: { color: ink.series[line.colour - 1], width: 1.6 },
      areaStyle: { color: ink.series[line.colour - 1], opacity: 0.12 },
      data: points.map((point) => [point.seconds, line.of(point)]),
    })),
  };
}
