import type { Row } from '../api/types';
import { digits, dollars, percent } from '../format';
import { SortedTable, type TableColumn } from '../parts/table';
import { numberOf, pointOf, settingColumns, varies } from './compare-rows';
import { shortName } from './scenario';

interface Measure {
  head: string;
  help: string;
  of: (row: Row) => number | null;
  text: (value: number) => string;
}

const measures: Measure[] = [
  { head: 'devices', help: 'Accelerators of the deployment', of: (row) => numberOf(row, 'devices'), text: String },
  { head: 'TTFT ms', help: 'Time to first token', of: (row) => numberOf(row, 'ttft_ms'), text: digits },
  { head: 'TPOT ms', help: 'Time per output token', of: (row) => numberOf(row, 'tpot_ms'), text: digits },
  { head: 'tok/s user', help: 'Tokens a second that each user sees', of: (row) => pointOf(row)?.perUser ?? null, text: digits },
  { head: 'tok/s device', help: 'Generated tokens a second and accelerator', of: (row) => pointOf(row)?.perDevice ?? null, text: digits },
  { head: '$/M tok', help: 'Cost of a million generated tokens', of: (row) => numberOf(row, 'usd_per_million_output_tokens'), text: dollars },
  { head: 'J/tok', help: 'Energy per generated token', of: (row) => numberOf(row, 'joules_per_output_token'), text: digits },
  { head: 'memory', help: 'Share of a device’s memory', of: shareOf, text: percent },
];

const whyNot: TableColumn<Row> = { key: 'error', head: 'error', isNumber: false, of: (row) => sortable(row.error), cell: (row) => String(row.error ?? '') };

/** The rows with their figures; those that are impossible say why. */
export function CompareTable({ rows }: { rows: Row[] }) {
  const points = rows.map((row) => pointOf(row)).filter((point) => point !== undefined);
  const front = new Set(points.filter((point) => point.isFront(points)).map((point) => point.row));
  const errors = [...new Set(rows.map((row) => row.error).filter((error) => typeof error === 'string'))];
  const columns: TableColumn<Row>[] = [
    ...settingColumns
      .filter(([key]) => key === 'system' || varies(rows, key))
      .map(([key, head]): TableColumn<Row> => ({
        key,
        head,
        isNumber: rows.every((row) => typeof row[key] === 'number'),
        of: (row) => sortable(row[key]),
        cell: (row) => (key === 'model' ? shortName(String(row[key])) : String(row[key] ?? '–')),
      })),
    ...measures.map((measure): TableColumn<Row> => ({
      key: measure.head,
      head: measure.head,
      help: measure.help,
      isNumber: true,
      of: measure.of,
      cell: (row) => {
        const value = measure.of(row);
        return value !== null ? measure.text(value) : measure.head === 'TTFT ms' && typeof row.error === 'string' ? `(${errors.indexOf(row.error) + 1})` : '–';
      },
    })),
  ];
  return (
    <>
      <SortedTable caption="Deployments compared" rows={rows} columns={columns} unseen={[whyNot]} mark={(row) => (typeof row.error === 'string' ? 'impossible' : front.has(row) ? 'front' : '')} />
      <p class="muted small">Bold: on the front.</p>
      {errors.length > 0 && (
        <ol class="plain small">
          {errors.map((error, i) => (
            <li key={error}>
              ({i + 1}) {error}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function shareOf(row: Row): number | null {
  const [used, capacity] = [numberOf(row, 'memory_bytes'), numberOf(row, 'memory_capacity_bytes')];
  return used === null || capacity === null ? null : used / capacity;
}

function sortable(value: Row[string] | undefined): number | string | null {
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}
