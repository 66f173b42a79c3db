import type { Row } from '../api/types';
import { digits } from '../format';
import { Chart } from '../parts/chart';
import { frame, type Ink } from '../parts/ink';
import type { Theme } from '../state/theme';
import { pointOf, seriesName, type ParetoPoint } from './compare-rows';

/** Eight colours, each in three shapes. */
const shapes = [
  { symbol: 'circle', key: 'round' },
  { symbol: 'rect', key: 'square' },
  { symbol: 'diamond', key: 'diamond' },
];

/** Rows by what each user gets and what each accelerator gives. */
export function Pareto({ rows, theme }: { rows: Row[]; theme: Theme }) {
  const points = rows.map((row) => pointOf(row)).filter((point) => point !== undefined);
  const names = [...new Set(points.map((point) => seriesName(point.row, rows)))];
  if (points.length === 0) {
    return <p class="muted">None of these is possible; the table says why.</p>;
  }

  return (
    <>
      <Chart
        label={`${points.length} deployments by tokens per second and user, and tokens per second and accelerator; the table holds the figures`}
        theme={theme}
        height={330}
        depends={[rows]}
        option={(ink) => optionOf(ink, rows, points, names)}
      />
      <ul class="legend inline">
        {names.map((name, i) => (
          <li key={name}>
            <i class={`key ${shapes[Math.floor(i / 8) % 3]?.key ?? ''} c${(i % 8) + 1}`} />
            {name}
          </li>
        ))}
      </ul>
    </>
  );
}

function optionOf(ink: Ink, rows: Row[], points: ParetoPoint[], names: string[]) {
  const front = points.filter((p) => p.isFront(points)).sort((a, b) => a.perUser - b.perUser);
  return {
    ...frame(
      ink,
      { type: 'value', name: 'tokens/s per user', min: 0 },
      { type: 'log', name: 'tokens/s per accelerator' },
    ),
    series: [
      {
        type: 'line',
        silent: true,
        symbol: 'none',
        z: 1,
        lineStyle: { color: ink.text, width: 1.2, type: 'dashed', opacity: 0.7 },
        data: front.map((p) => [p.perUser, p.perDevice]),
      },
      ...names.map((name, i) => {
        const own = points.filter((p) => seriesName(p.row, rows) === name).sort((a, b) => a.perUser - b.perUser);
        const colour = ink.series[i % 8];
        return {
          type: 'line',
          z: 2,
          symbol: shapes[Math.floor(i / 8) % 3]?.symbol,
          symbolSize: 8,
          itemStyle: { color: colour },
          lineStyle: { color: colour, width: 1.5, opacity: 0.75 },
          data: own.map((p) => [p.perUser, p.perDevice]),
          tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => describe(name, own[dataIndex]) },
        };
      }),
    ],
  };
}

function describe(name: string, point: ParetoPoint | undefined): string {
  return point === undefined ? '' : [
    name,
    `batch ${String(point.row.batch_size)}, ${String(point.row.devices)} devices`,
    `${digits(point.perUser)} tokens/s per user`,
    `${digits(point.perDevice)} tokens/s per accelerator`,
  ].join('\n');
}
