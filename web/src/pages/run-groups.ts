import type { RunEntry, RunMetric } from '../api/types';

/** Runs that were asked for the same, of the same model on the same machine: what can be set beside each other over time. */
export interface Group {
  key: string;
  name: string;
  points: { run: RunEntry; value: number }[];
}

/** Groups with a figure, those with most runs first; points in order of time. */
export function groupsOf(runs: RunEntry[], metric: string): Group[] {
  const groups = new Map<string, Group>();
  for (const run of [...runs].sort((a, b) => a.at.localeCompare(b.at))) {
    const value = run.metrics.find((one) => one.key === metric)?.value;
    if (value === undefined) {
      continue;
    }

    const key = keyOf(run);
    const group = groups.get(key) ?? { key, name: `${run.model} on ${run.on}, ${run.kind} ${run.arm === 'predicted' ? 'predicted ' : ''}${run.config_hash.slice(0, 6)}`, points: [] };
    group.points.push({ run, value });
    groups.set(key, group);
  }

  return [...groups.values()].sort((a, b) => b.points.length - a.points.length);
}

export interface Regression {
  run: RunEntry;
  before: RunEntry;
  metric: RunMetric;
  was: number;
  change: number;
}

/** Figures that are worse than in the run before of the same group by more than a share, the latest first. */
export function regressionsOf(runs: RunEntry[], limit: number): Regression[] {
  const last = new Map<string, RunEntry>();
  const found: Regression[] = [];
  for (const run of [...runs].sort((a, b) => a.at.localeCompare(b.at))) {
    const before = last.get(keyOf(run));
    last.set(keyOf(run), run);
    if (before === undefined) {
      continue;
    }

    for (const metric of run.metrics) {
      const was = before.metrics.find((one) => one.key === metric.key)?.value;
      if (was === undefined || was <= 0 || metric.better === 'neither') {
        continue;
      }

      const change = metric.value / was - 1;
      if (metric.better === 'lower' ? change > limit : change < -limit) {
        found.push({ run, before, metric, was, change });
      }
    }
  }

  return found.reverse();
}

function keyOf(run: RunEntry): string {
  return `${run.config_hash} ${run.model} ${run.on} ${run.arm}`;
}
