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
  of: (run: LoadRun) => number | null;
  colour: number;
}

// Between filling and emptying; a run that is too short for that says what it did from the first to the last end.
const answered = (run: LoadRun): number | null => run.report.sustained_request_throughput ?? run.report.request_throughput ?? null;
const generated = (run: LoadRun): number | null => run.report.sustained_output_throughput ?? run.report.output_throughput ?? null;

function good(run: LoadRun): number | null {
  const [all, share] = [answered(run), run.report.slo_attainment ?? null];
  return all === null || share === null ? null : all * share;
}

const firstToken: Curve[] = [
  { name: 'median', of: of('median_ttft_ms'), colour: 1 },
  { name: 'p90', of: of('p90_ttft_ms'), colour: 2 },
  { name: 'p99', of: of('p99_ttft_ms'), colour: 4 },
];
const perToken: Curve[] = [
  { name: 'median', of: of('median_tpot_ms'), colour: 1 },
  { name: 'p90', of: of('p90_tpot_ms'), colour: 2 },
  { name: 'p99', of: of('p99_tpot_ms'), colour: 4 },
];
const rates: Curve[] = [
  { name: 'answered', of: answered, colour: 1 },
  { name: 'within the service level', of: good, colour: 3 },
];

const columns: TableColumn<LoadRun>[] = [
  column('offered /s', 'Requests that come a second', (run) => run.rate, digits),
  column('answered /s', 'Requests answered a second', answered, digits),
  column('good /s', 'Requests a second that keep the service level', good, digits),
  column('good', 'Share of the requests that keep it', of('slo_attainment'), percent),
  column('TTFT p50 ms', 'Time to first token, median', of('median_ttft_ms'), digits),
  column('TTFT p99 ms', 'Time to first token, 99th percentile', of('p99_ttft_ms'), digits),
  column('TPOT p50 ms', 'Time per output token, median', of('median_tpot_ms'), digits),
  column('TPOT p99 ms', 'Time per output token, 99th percentile', of('p99_tpot_ms'), digits),
  column('tokens/s', 'Generated tokens a second', generated, digits),
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
      <Panel title="Answered and good" runs={runs} theme={theme} curves={rates} unit="requests/s" note={runs.every((run) => (run.report.sustained_request_throughput ?? null) !== null) ? 'while the service neither fills nor empties' : 'a run too short to fill the service answers fewer than come'} onPick={onPick} />
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
          <li key={curve.name}>
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
        data: runs.map((run) => [run.rate, curve.of(run)]),
        tooltip: {
          formatter: ({ dataIndex }: { dataIndex: number }) => {
            const run = runs[dataIndex];
            return run === undefined ? '' : `${digits(run.rate)} requests/s offered\n${curve.name}: ${digits(curve.of(run) ?? Number.NaN)} ${unit}`;
          },
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
