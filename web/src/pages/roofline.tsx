import type { Operator, Result } from '../api/types';
import { bytes, digits, percent, time, words } from '../format';
import { Chart } from '../parts/chart';
import { frame, type Ink } from '../parts/ink';
import type { Theme } from '../state/theme';

interface Point {
  operator: Operator;
  phase: string;
  x: number;
  y: number;
  share: number;
}

const tera = 1e12;

/** Operators by FLOPs per byte and FLOP/s, under the roofs that the cost model holds them against. */
export function Roofline({ result, theme }: { result: Result; theme: Theme }) {
  const phases = Object.keys(result.operators);
  const points = phases.flatMap((phase) => pointsOf(phase, result.operators[phase] ?? []));
  if (points.length === 0) {
    return <p class="muted">No operator of this estimate computes.</p>;
  }

  const { peaks, bandwidth } = roofs(points);
  return (
    <>
      <Chart
        label={`Roofline: ${points.length} operators; roofs at ${peaks.map((p) => `${digits(p)} TFLOP/s`).join(' and ')} and ${digits(bandwidth / 1e9)} GB/s`}
        theme={theme}
        height={270}
        depends={[result]}
        option={(ink) => optionOf(ink, phases, points, peaks, bandwidth)}
      />
      <ul class="legend inline">
        {phases.map((phase, i) => (
          <li key={phase}>
            <i class={`key round c${i + 1}`} />
            {words(phase)}
          </li>
        ))}
        <li class="muted">larger: more of the phase's time</li>
      </ul>
    </>
  );
}

function pointsOf(phase: string, operators: Operator[]): Point[] {
  const total = operators.reduce((sum, operator) => sum + operator.total_ms, 0);
  return operators
    .filter((operator) => operator.flops > 0 && operator.arithmetic_intensity > 0 && operator.latency_ms > 0)
    .map((operator) => ({
      operator,
      phase,
      x: operator.arithmetic_intensity,
      y: operator.flops / (operator.latency_ms / 1000) / tera,
      share: operator.total_ms / total,
    }));
}

// What an operator reached over the share of the peak that it reached is the peak that it was held against.
function roofs(points: Point[]): { peaks: number[]; bandwidth: number } {
  const peaks = new Set(points.filter((p) => p.operator.flop_utilization > 0).map((p) => Number((p.y / p.operator.flop_utilization).toPrecision(3))));
  const bandwidths = points
    .filter((p) => p.operator.bandwidth_utilization > 0)
    .map(({ operator: o }) => (o.weight_bytes + o.kv_bytes + o.activation_bytes) / (o.latency_ms / 1000) / o.bandwidth_utilization);
  return { peaks: [...peaks].sort((a, b) => a - b), bandwidth: Math.max(...bandwidths) };
}

function optionOf(ink: Ink, phases: string[], points: Point[], peaks: number[], bandwidth: number) {
  const top = peaks[peaks.length - 1] ?? 1;
  const ridge = (top * tera) / bandwidth;
  const left = 10 ** Math.floor(Math.log10(Math.min(...points.map((p) => p.x))));
  const right = 10 ** Math.ceil(Math.log10(Math.max(ridge * 2, ...points.map((p) => p.x))));
  const bottom = 10 ** Math.floor(Math.log10(Math.min(...points.map((p) => p.y))));
  const exponent = (value: number): string => (value >= 0.01 && value < 10_000 ? String(Number(value.toPrecision(2))) : `1e${Math.round(Math.log10(value))}`);
  return {
    ...frame(
      ink,
      { type: 'log', name: 'FLOP per byte', min: left, max: right, axisLabel: { formatter: exponent, color: ink.muted } },
      { type: 'log', name: 'TFLOP/s', min: bottom, max: 10 ** Math.ceil(Math.log10(top * 1.05)), axisLabel: { formatter: exponent, color: ink.muted } },
    ),
    series: [
      ...peaks.map((peak) => ({
        type: 'line',
        silent: true,
        symbol: 'none',
        lineStyle: { color: ink.muted, width: 1.2, type: peak === top ? 'solid' : 'dashed' },
        data: peak === top
          ? [[left, (left * bandwidth) / tera], [ridge, peak], [right, peak]]
          : [[(peak * tera) / bandwidth, peak], [right, peak]],
      })),
      ...phases.map((phase, i) => ({
        type: 'scatter',
        itemStyle: { color: ink.series[i], opacity: 0.85, borderColor: ink.panel, borderWidth: 1 },
        symbolSize: (_: unknown, { dataIndex }: { dataIndex: number }) => 6 + 22 * Math.sqrt(points.filter((p) => p.phase === phase)[dataIndex]?.share ?? 0),
        data: points.filter((p) => p.phase === phase).map((p) => [p.x, p.y]),
        tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => describe(points.filter((p) => p.phase === phase)[dataIndex]) },
      })),
    ],
  };
}

function describe(point: Point | undefined): string {
  if (point === undefined) {
    return '';
  }

  const { operator } = point;
  return [
    `${words(operator.name)} (${words(point.phase)}${operator.count > 1 ? `, ${operator.count} times` : ''})`,
    `${time(operator.total_ms)}, ${percent(point.share)} of the phase, ${words(operator.bound)} bound`,
    `${digits(point.y)} TFLOP/s, ${percent(operator.flop_utilization)} of peak`,
    `${bytes(operator.weight_bytes + operator.kv_bytes + operator.activation_bytes)}, ${percent(operator.bandwidth_utilization)} of peak bandwidth`,
  ].join('\n');
}
