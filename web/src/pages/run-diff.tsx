import { useEffect, useState } from 'preact/hooks';
import { get, isAbort, messageOf } from '../api/client';
import type { RunDifference, RunEntry } from '../api/types';
import { digits, percent } from '../format';
import { CopyLine } from '../parts/copy';
import { Notice } from '../parts/notice';

/** Two runs beside each other, figure by figure. */
export function RunDiff({ a, b }: { a: string; b: string }) {
  const [difference, setDifference] = useState<RunDifference>();
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    const abort = new AbortController();
    get<RunDifference>(`/api/v1/runs/${encodeURIComponent(a)}/diff/${encodeURIComponent(b)}`, abort.signal).then(
      (answer) => {
        setDifference(answer);
        setFault(undefined);
      },
      (error: unknown) => {
        if (!isAbort(error)) {
          setFault(messageOf(error));
        }
      },
    );
    return () => abort.abort();
  }, [a, b]);
  if (fault !== undefined) {
    return <Notice kind="bad" title="The runs could not be set beside each other" text={fault} />;
  }

  if (difference === undefined) {
    return null;
  }

  const [first, second] = [labelOf(difference.a), labelOf(difference.b)];
  return (
    <section class="panel">
      <h2>
        {second} beside {first} <small>{difference.same_config ? 'asked for the same' : 'not asked for the same'}</small>
      </h2>
      {difference.warnings.length > 0 && (
        <ul class="plain small">
          {difference.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <div class="table-box" tabIndex={0} role="region" aria-label={`${second} beside ${first}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">figure</th>
              <th scope="col" class="number">{first}</th>
              <th scope="col" class="number">{second}</th>
              <th scope="col" class="number">change</th>
              <th scope="col" class="number">at 95 %</th>
              <th scope="col">verdict</th>
            </tr>
          </thead>
          <tbody>
            {difference.metrics.map((metric) => (
              <tr key={metric.key} class={metric.headline ? 'front' : ''}>
                <th scope="row">
                  {metric.name}
                  {metric.unit === '' ? '' : <small>, {metric.unit}</small>}
                </th>
                <td class="number">{metric.a === null ? '–' : digits(metric.a)}</td>
                <td class="number">{metric.b === null ? '–' : digits(metric.b)}</td>
                <td class={`number ${toneOf(metric.verdict)}`}>{signed(metric.change)}</td>
                <td class="number">{metric.change_low === null ? '–' : `${signed(metric.change_low)} to ${signed(metric.change_high)}`}</td>
                <td class={toneOf(metric.verdict)}>{words[metric.verdict]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="muted small">At 95 %: the bootstrap over the values behind both figures; chance: 0 is among that.</p>
      <CopyLine label="Report" text={`inferometer report ${difference.a.short_id} ${difference.b.short_id} -o report.html`} />
    </section>
  );
}

const words = { unknown: '–', same: 'chance', better: 'better', worse: 'worse', different: 'different' };

function signed(change: number | null): string {
  return change === null ? '–' : `${change > 0 ? '+' : change < 0 ? '−' : ''}${percent(Math.abs(change))}`;
}

function toneOf(verdict: string): string {
  return verdict === 'better' || verdict === 'worse' ? verdict : '';
}

function labelOf(run: RunEntry): string {
  return run.name ?? run.short_id;
}
