import type { Operator } from '../api/types';
import { percent, time, words } from '../format';

/** Time of each part of the network, in each phase. */
export function Breakdown({ operators }: { operators: Record<string, Operator[]> }) {
  const phases = Object.entries(operators).map(([phase, rows]) => {
    const groups = new Map<string, number>();
    rows.forEach((row) => groups.set(row.group, (groups.get(row.group) ?? 0) + row.total_ms));
    return { phase, groups, total: rows.reduce((sum, row) => sum + row.total_ms, 0), most: Math.max(...groups.values()) };
  });
  const names = [...new Set(phases.flatMap((phase) => [...phase.groups.keys()]))]
    .sort((a, b) => Math.max(...phases.map((p) => share(p, b))) - Math.max(...phases.map((p) => share(p, a))));
  return (
    <table class="breakdown">
      <caption class="unseen">Time by part of the network; decode is one step</caption>
      <thead>
        <tr>
          <th scope="col">Part</th>
          {phases.map((phase) => (
            <th scope="col" key={phase.phase}>
              {phase.phase === 'decode' ? 'decode step' : words(phase.phase)} <small>{time(phase.total)}</small>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <th scope="row">{words(name)}</th>
            {phases.map((phase, i) => {
              const ms = phase.groups.get(name) ?? 0;
              return (
                <td key={phase.phase}>
                  <span class="bar-text">
                    <span>{time(ms)}</span>
                    <small>{percent(ms / phase.total)}</small>
                  </span>
                  <span class="bar">
                    <i class={`c${i + 1}`} style={{ width: `${(ms / phase.most) * 100}%` }} />
                  </span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function share(phase: { groups: Map<string, number>; total: number }, name: string): number {
  return (phase.groups.get(name) ?? 0) / phase.total;
}
