import type { ServiceReport } from '../api/types';
import { digits, percent } from '../format';
import { Chart } from '../parts/chart';
import { frame, type Ink } from '../parts/ink';
import { SortedTable, type TableColumn } from '../parts/table';
import type { Theme } from '../state/theme';

export interface LoadRun {
  rate: number;
  report: ServiceReport;
}

interface Props {
  runs: LoadRun[];
  theme: Theme;
  picked: LoadRun | undefined;
  onPick: (index: number) => void;
  slo: string;
}

interface Curve {
  name: string;
  key: string;
  colour: number;
  dashed?: boolean;
}

const firstToken: Curve[] = [
  { name: 'median', key: 'median_ttft_ms', colour: 1 },
  { name: 'p90', key: 'p90_ttft_ms', colour: 2 },
  { name: 'p99', key: 'p99_ttft_ms', colour: 4 },
];
const perToken: Curve[] = [
  { name: 'median', key: 'median_tpot_ms', colour: 1 },
  { name: 'p90', key: 'p90_tpot_ms', colour: 2 },
  { name: 'p99', key: 'p99_tpot_ms', colour: 4 },
];
const rates: Curve[] = [
  { name: 'answered', key: 'request_throughput', colour: 1 },
  { name: 'within the service level', key: 'request_goodput', colour: 3 },
];

const columns: TableColumn<LoadRun>[] = [
  column('offered /s', 'Requests that come a second', (run) => run.rate, digits),
  column('answered /s', 'Requests answered a second', of('request_throughput'), digits),
  column('good /s', 'Requests a second that keep the service level', of('request_goodput'), digits),
  column('good', 'Share of the requests that keep it', of('slo_attainment'), percent),
  column('TTFT p50 ms', 'Time to first token, median', of('median_ttft_ms'), digits),
  column('TTFT p99 ms', 'Time to first token, 99th percentile', of('p99_ttft_ms'), digits),
  column('TPOT p50 ms', 'Time per output token, median', of('median_tpot_ms'), digits),
  column('TPOT p99 ms', 'Time per output token, 99th percentile', of('p99_tpot_ms'), digits),
  column('tokens/s', 'Generated tokens a second', of('output_throughput'), digits),
  column('batch', 'Sequences in a step, mean', of('mean_batch'), digits),
];

/** What rising load does to a service. */
export function LoadCurves({ runs, theme, picked, onPick, slo }: Props) {
  return (
    <>
      <div class="pair">
        <Panel title="Time to first token" runs={runs} theme={theme} curves={firstToken} unit="ms" log limit={limitOf(slo, 'ttft')} onPick={onPick} />
        <Panel title="Time per output token" runs={runs} theme={theme} curves={perToken} unit="ms" limit={limitOf(slo, 'tpot')} onPick={onPick} />
      </div>
      <Panel title="Answered and good" runs={runs} theme={theme} curves={rates} unit="requests/s" note="the time in which the last are answered counts, so a short run answers fewer than come" onPick={onPick} />
      <section class="panel">
        <h2>
          Loads <small>pick one to see it over time</small>
        </h2>
        <SortedTable
          caption="Loads simulated"
          rows={runs}
          columns={columns}
          mark={(run) => (run === picked ? 'picked' : '')}
          onPick={(run) => onPick(runs.indexOf(run))}
        />
      </section>
    </>
  );
}

interface PanelProps {
  title: string;
  runs: LoadRun[];
  theme: Theme;
  curves: Curve[];
  unit: string;
  log?: boolean;
  limit?: number | undefined;
  note?: string;
  onPick: (index: number) => void;
}

function Panel({ title, runs, theme, curves, unit, log = false, limit, note, onPick }: PanelProps) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      <Chart
        label={`${title} at ${runs.length} loads; the table holds the figures`}
        theme={theme}
        height={220}
        depends={[runs, limit]}
        onPick={onPick}
        option={(ink) => optionOf(ink, runs, curves, unit, log, limit)}
      />
      <ul class="legend inline">
        {curves.map((curve) => (
          <li key={curve.key}>
            <i class={`key round c${curve.colour}`} />
            {curve.name}
          </li>
        ))}
        {note !== undefined && <li class="muted">{note}</li>}
        {limit !== undefined && <li class="muted">dashed: the limit, {digits(limit)} ms</li>}
      </ul>
    </section>
  );
}

function optionOf(ink: Ink, runs: LoadRun[], curves: Curve[], unit: string, log: boolean, limit: number | undefined) {
  const [first, last] = [runs[0]?.rate ?? 0, runs[runs.length - 1]?.rate ?? 1];
  // The least and the greatest rate stand beside round ones, whose labels they would run into.
  const axisLabel = { color: ink.muted, fontSize: 11, hideOverlap: true, showMinLabel: false, showMaxLabel: false };
  return {
    ...frame(ink, { type: 'value', name: 'requests/s offered', min: 'dataMin', max: 'dataMax', axisLabel }, { type: log ? 'log' : 'value', name: unit }),
    series: [
      ...curves.map((curve) => ({
        type: 'line',
        symbol: 'circle',
        symbolSize: 7,
        itemStyle: { color: ink.series[curve.colour - 1] },
        lineStyle: { color: ink.series[curve.colour - 1], width: 2 },
        data: runs.map((run) => [run.rate, run.report[curve.key] ?? null]),
        tooltip: {
          formatter: ({ dataIndex }: { dataIndex: number }) =>
            `${digits(runs[dataIndex]?.rate ?? 0)} requests/s offered\n${curve.name}: ${digits(runs[dataIndex]?.report[curve.key] ?? Number.NaN)} ${unit}`,
        },
      })),
      ...(limit === undefined ? [] : [{
        type: 'line',
        silent: true,
        symbol: 'none',
        lineStyle: { color: ink.muted, width: 1.2, type: 'dashed' },
        data: [[first, limit], [last, limit]],
      }]),
    ],
  };
}

/** The limit of a metric in a service level such as ttft:500ms,tpot:40ms; ms. */
function limitOf(slo: string, metric: string): number | undefined {
  const found = new RegExp(String.raw`${metric}\s*(?::|<=?)\s*([\d.]+)\s*(us|ms|s)`).exec(slo);
  return found === null ? undefined : Number(found[1]) * (found[2] === 's' ? 1000 : found[2] === 'us' ? 0.001 : 1);
}

function of(key: string): (run: LoadRun) => number | null {
  return (run) => run.report[key] ?? null;
}

function column(head: string, help: string, value: (run: LoadRun) => number | null, text: (value: number) => string): TableColumn<LoadRun> {
  return {
    key: head,
    head,
    help,
    isNumber: true,
    of: value,
    cell: (run) => {
      const own = value(run);
      return own === null ? '–' : text(own);
    },
  };
}
