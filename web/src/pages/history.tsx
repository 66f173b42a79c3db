import { useEffect, useState } from 'preact/hooks';
import type { PageProps } from '../app';
import { get, isAbort, messageOf, Problem } from '../api/client';
import type { RunEntry, RunList, RunMetric } from '../api/types';
import { digits, percent } from '../format';
import { Chart } from '../parts/chart';
import { CopyLine } from '../parts/copy';
import { TextField } from '../parts/fields';
import { frame, type Ink } from '../parts/ink';
import { Notice } from '../parts/notice';
import { SortedTable, type TableColumn } from '../parts/table';
import { useValues, type Values } from '../state/route';
import { RunDiff } from './run-diff';
import { groupsOf, regressionsOf, type Group } from './run-groups';

const start: Values = { kind: '', model: '', metric: '', limit: '5', a: '', b: '' };
const kinds = ['load', 'load-sweep', 'watch', 'bench', 'simulate', 'estimate', 'perplexity', 'compress-eval', 'import'];

/** Runs that were kept: their figures over time, what got worse, and two of them beside each other. */
export function HistoryPage({ theme }: PageProps) {
  const [values, change] = useValues('history', start);
  const [runs, setRuns] = useState<RunEntry[]>();
  const [fault, setFault] = useState<{ text: string; noStore: boolean }>();
  const kind = values.kind ?? '';
  const model = values.model ?? '';
  useEffect(() => {
    const abort = new AbortController();
    const query = new URLSearchParams(Object.entries({ kind, model, limit: '1000' }).filter(([, value]) => value !== ''));
    get<RunList>(`/api/v1/runs?${query.toString()}`, abort.signal).then(
      (answer) => {
        setRuns(answer.runs);
        setFault(undefined);
      },
      (error: unknown) => {
        if (!isAbort(error)) {
          setFault({ text: messageOf(error), noStore: error instanceof Problem && error.body.code === 'no_store' });
        }
      },
    );
    return () => abort.abort();
  }, [kind, model]);

  if (fault?.noStore === true) {
    return (
      <Notice kind="note" title="This server shows no history" text="Runs are kept by the program that makes them. Start the server with the file that they are kept in.">
        <CopyLine label="With a history" text="inferometer serve --store ~/.local/share/inferometer/history.db" />
        <CopyLine label="A run to begin with" text="inferometer bench -p 64 -n 16" />
      </Notice>
    );
  }

  const metrics = metricsOf(runs ?? []);
  const metric = metrics.find((one) => one.key === values.metric) ?? metrics[0];
  const limit = Number(values.limit ?? '5') / 100;
  const pick = (run: RunEntry): void => change(values.a === '' || values.b !== '' ? { a: run.short_id, b: '' } : { b: run.short_id });
  return (
    <div class="split">
      <form class="panel controls" aria-label="Which runs" onSubmit={(event) => event.preventDefault()}>
        <div class="field">
          <label for="kind">Kind</label>
          <select id="kind" value={kind} onChange={(event) => change({ kind: event.currentTarget.value })}>
            <option value="">all</option>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </div>
        <TextField label="Model" help="A part of the model's name" value={model} onChange={(text) => change({ model: text })} />
        <div class="field">
          <label for="metric">Figure</label>
          <select id="metric" value={metric?.key ?? ''} onChange={(event) => change({ metric: event.currentTarget.value })}>
            {metrics.map((one) => (
              <option key={one.key} value={one.key}>
                {one.name}
                {one.unit === '' ? '' : `, ${one.unit}`}
              </option>
            ))}
          </select>
        </div>
        <TextField label="Worse by, %" help="A figure that is worse by more than this than the run before it is called a regression" value={values.limit ?? ''} onChange={(text) => change({ limit: text === '' ? '5' : text })} />
      </form>
      <div class="results" aria-live="polite">
        {fault !== undefined && <Notice kind="bad" title="The history could not be read" text={fault.text} />}
        {runs?.length === 0 && fault === undefined && <Notice kind="note" title="No runs" text="No run that was kept is like this." />}
        {runs !== undefined && runs.length > 0 && fault === undefined && metric !== undefined && (
          <>
            <OverTime runs={runs} metric={metric} theme={theme} onPick={pick} />
            <Regressions runs={runs} limit={Number.isFinite(limit) ? limit : 0.05} onPick={(a, b) => change({ a: a.short_id, b: b.short_id })} />
            {values.a !== '' && values.b !== '' && <RunDiff a={values.a ?? ''} b={values.b ?? ''} />}
            <Runs runs={runs} metric={metric} a={values.a ?? ''} b={values.b ?? ''} onPick={pick} />
          </>
        )}
      </div>
    </div>
  );
}

interface OverTimeProps {
  runs: RunEntry[];
  metric: RunMetric;
  theme: PageProps['theme'];
  onPick: (run: RunEntry) => void;
}

function OverTime({ runs, metric, theme, onPick }: OverTimeProps) {
  const all = groupsOf(runs, metric.key);
  const groups = all.slice(0, 8);
  return (
    <section class="panel">
      <h2>
        {metric.name} over time <small>{metric.better === 'neither' ? '' : `${metric.better} is better; `}a line for runs that were asked for the same</small>
      </h2>
      <Chart
        label={`${metric.name} of ${runs.length} runs over time; the table below holds the figures`}
        theme={theme}
        height={260}
        depends={[runs, metric.key]}
        option={(ink) => optionOf(ink, groups, metric)}
        onPickItem={(series, index) => {
          const run = groups[series]?.points[index]?.run;
          if (run !== undefined) {
            onPick(run);
          }
        }}
      />
      <ul class="legend inline">
        {groups.map((group, i) => (
          <li key={group.key}>
            <i class={`key round c${i + 1}`} />
            {group.name}
          </li>
        ))}
        {all.length > groups.length && <li class="muted">{all.length - groups.length} more are in the table alone</li>}
      </ul>
    </section>
  );
}

function optionOf(ink: Ink, groups: Group[], metric: RunMetric) {
  const unit = metric.unit === '' ? '' : ` ${metric.unit}`;
  return {
    ...frame(ink, { type: 'time', name: '' }, { type: 'value', name: metric.unit === '' ? metric.name : metric.unit, scale: true }),
    grid: { left: 62, right: 18, top: 14, bottom: 30 },
    series: groups.map((group, i) => ({
      type: 'line',
      symbol: 'circle',
      symbolSize: 8,
      itemStyle: { color: ink.series[i] },
      lineStyle: { color: ink.series[i], width: 1.6 },
      data: group.points.map(({ run, value }) => [run.at, value]),
      tooltip: {
        formatter: ({ dataIndex }: { dataIndex: number }) => {
          const point = group.points[dataIndex];
          return point === undefined ? '' : `${labelOf(point.run)}, ${when(point.run)}\n${group.name}\n${metric.name}: ${digits(point.value)}${unit}`;
        },
      },
    })),
  };
}

function Regressions({ runs, limit, onPick }: { runs: RunEntry[]; limit: number; onPick: (a: RunEntry, b: RunEntry) => void }) {
  const found = regressionsOf(runs, limit);
  return (
    <section class="panel">
      <h2>
        Got worse <small>by more than {percent(limit)} since the run before that was asked for the same</small>
      </h2>
      {found.length === 0 ? (
        <p class="muted">Nothing did.</p>
      ) : (
        <div class="table-box" tabIndex={0} role="region" aria-label="What got worse">
          <table>
            <thead>
              <tr>
                <th scope="col">run</th>
                <th scope="col">figure</th>
                <th scope="col" class="number">before</th>
                <th scope="col" class="number">then</th>
                <th scope="col" class="number">change</th>
                <th scope="col">both</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, 30).map(({ run, before, metric, was, change: by }) => (
                <tr key={`${run.id} ${metric.key}`}>
                  <th scope="row">
                    {labelOf(run)} <small class="muted">{when(run)}</small>
                  </th>
                  <td>{metric.name}</td>
                  <td class="number">{digits(was)}</td>
                  <td class="number">{digits(metric.value)}</td>
                  <td class="number worse">{signed(by)}</td>
                  <td>
                    <button type="button" onClick={() => onPick(before, run)} aria-label={`Compare ${labelOf(before)} with ${labelOf(run)}`}>
                      compare
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.length > 0 && <p class="muted small">One run beside one other: chance is among the reasons; comparing weighs it.</p>}
    </section>
  );
}

interface RunsProps {
  runs: RunEntry[];
  metric: RunMetric;
  a: string;
  b: string;
  onPick: (run: RunEntry) => void;
}

function Runs({ runs, metric, a, b, onPick }: RunsProps) {
  const columns: TableColumn<RunEntry>[] = [
    { key: 'run', head: 'run', isNumber: false, of: labelOf, cell: (run) => <button type="button" class="link" onClick={() => onPick(run)}>{labelOf(run)}</button> },
    { key: 'began', head: 'began', isNumber: false, of: (run) => run.at, cell: when },
    {
      key: 'metric',
      head: metric.unit === '' ? metric.name : `${metric.name}, ${metric.unit}`,
      isNumber: true,
      of: (run) => valueOf(run, metric.key) ?? null,
      cell: (run) => {
        const value = valueOf(run, metric.key);
        return value === undefined ? '–' : digits(value);
      },
    },
    { key: 'kind', head: 'kind', isNumber: false, of: (run) => run.kind, cell: (run) => run.kind },
    { key: 'arm', head: 'figures', isNumber: false, of: (run) => run.arm, cell: (run) => run.arm },
    { key: 'model', head: 'model', isNumber: false, of: (run) => run.model, cell: (run) => run.model },
    { key: 'on', head: 'on', isNumber: false, of: (run) => run.on, cell: (run) => run.on },
    { key: 'tags', head: 'tags', isNumber: false, of: (run) => run.tags.join(' '), cell: (run) => run.tags.join(', ') },
  ];
  return (
    <section class="panel">
      <h2>
        Runs <small>pick two to set them beside each other{a !== '' && b === '' ? `: ${a} and …` : ''}</small>
      </h2>
      <SortedTable caption="Runs" rows={runs} columns={columns} mark={(run) => (run.short_id === a || run.short_id === b ? 'picked' : '')} />
    </section>
  );
}

function metricsOf(runs: RunEntry[]): RunMetric[] {
  const all = new Map<string, { metric: RunMetric; runs: number }>();
  for (const metric of runs.flatMap((run) => run.metrics)) {
    const known = all.get(metric.key) ?? { metric, runs: 0 };
    all.set(metric.key, { ...known, runs: known.runs + 1 });
  }

  // What most runs have comes first, as the page begins with it.
  return [...all.values()].sort((a, b) => b.runs - a.runs).map((one) => one.metric);
}

function valueOf(run: RunEntry, key: string): number | undefined {
  return run.metrics.find((metric) => metric.key === key)?.value;
}

function labelOf(run: RunEntry): string {
  return run.name ?? run.short_id;
}

function when(run: RunEntry): string {
  return run.at.slice(0, 16).replace('T', ' ');
}

function signed(change: number): string {
  return `${change > 0 ? '+' : '−'}${percent(Math.abs(change))}`;
}
