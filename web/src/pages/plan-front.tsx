import type { PlanResult } from '../api/types';
import { digits, dollars, time } from '../format';
import { Chart } from '../parts/chart';
import { frame, type Ink } from '../parts/ink';
import type { Theme } from '../state/theme';

type Point = PlanResult['front'][number];

const kinds = [
  { keeps: true, name: 'keeps the level', colour: 3, symbol: 'circle', key: 'round' },
  { keeps: false, name: 'does not', colour: 4, symbol: 'diamond', key: 'diamond' },
];

/** What can be had at all: tokens per second and device against those of a user. */
export function PlanFront({ plan, theme }: { plan: PlanResult; theme: Theme }) {
  const front = [...plan.front].sort((a, b) => a.tokens_per_s_per_user - b.tokens_per_s_per_user);
  if (front.length === 0) {
    return null;
  }

  return (
    <section class="panel">
      <h2>
        Throughput per accelerator against speed per user <small>what nothing beats in both, whatever the level</small>
      </h2>
      <Chart
        label={`${front.length} deployments that nothing beats in both, ${front.filter((point) => point.keeps_level).length} of which keep the level; from ${describe(front[0])} to ${describe(front[front.length - 1])}`}
        theme={theme}
        height={270}
        depends={[plan]}
        option={(ink) => optionOf(ink, front)}
      />
      <ul class="legend inline">
        {kinds.map((kind) => (
          <li key={kind.name}>
            <i class={`key ${kind.key} c${kind.colour}`} />
            {kind.name}
          </li>
        ))}
      </ul>
    </section>
  );
}

function optionOf(ink: Ink, front: Point[]) {
  return {
    ...frame(ink, { type: 'value', name: 'tokens/s per user', min: 0 }, { type: 'value', name: 'tokens/s per accelerator', min: 0, nameGap: 46 }),
    grid: { left: 64, right: 16, top: 14, bottom: 44 },
    series: [
      {
        type: 'line',
        silent: true,
        symbol: 'none',
        z: 1,
        lineStyle: { color: ink.muted, width: 1.2, type: 'dashed' },
        data: front.map((point) => [point.tokens_per_s_per_user, point.tokens_per_s_per_device]),
      },
      ...kinds.map((kind) => {
        const own = front.filter((point) => point.keeps_level === kind.keeps);
        return {
          type: 'scatter',
          symbol: kind.symbol,
          symbolSize: 10,
          itemStyle: { color: ink.series[kind.colour - 1] },
          data: own.map((point) => [point.tokens_per_s_per_user, point.tokens_per_s_per_device]),
          tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => describe(own[dataIndex]) },
        };
      }),
    ],
  };
}

function describe(point: Point | undefined): string {
  return point === undefined ? '' : [
    point.deployment,
    `${digits(point.sequences)} sequences, first token after ${time(point.ttft_ms)}`,
    `${digits(point.tokens_per_s_per_user)} tokens/s per user, ${digits(point.tokens_per_s_per_device)} per accelerator`,
    point.usd_per_million_output_tokens === null ? '' : `${dollars(point.usd_per_million_output_tokens)} per M tokens`,
  ].join('\n');
}
