import { useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { csvOf, save } from './csv';

export interface TableColumn<T> {
  key: string;
  head: string;
  help?: string;
  /** What it is sorted by; null goes last. */
  of: (row: T) => number | string | null;
  cell: (row: T) => ComponentChildren;
  isNumber: boolean;
}

interface Props<T> {
  caption: string;
  rows: T[];
  columns: TableColumn<T>[];
  mark?: (row: T) => string;
  onPick?: (row: T) => void;
  /** What the file has beside what is shown. */
  unseen?: TableColumn<T>[];
  /** Cells of several lines, for words in place of figures. */
  isWrapped?: boolean;
}

/** A table that any column sorts. */
export function SortedTable<T>({ caption, rows, columns, mark, onPick, unseen = [], isWrapped = false }: Props<T>) {
  const [sort, setSort] = useState<{ key: string; down: boolean }>();
  const by = columns.find((column) => column.key === sort?.key);
  const sorted = by === undefined ? rows : [...rows].sort((a, b) => compare(by.of(a), by.of(b), sort?.down ?? false));
  return (
    <>
      <div class="table-box" tabIndex={0} role="region" aria-label={caption}>
        <table class={isWrapped ? 'wrapped' : undefined}>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.key}
                  scope="col"
                  class={column.isNumber ? 'number' : ''}
                  aria-sort={by?.key === column.key ? (sort?.down ? 'descending' : 'ascending') : 'none'}
                >
                  <button
                    type="button"
                    title={column.help}
                    onClick={() => setSort({ key: column.key, down: sort?.key === column.key ? !sort.down : false })}
                  >
                    {column.head}
                    <span aria-hidden="true">{by?.key === column.key ? (sort?.down ? ' ↓' : ' ↑') : ''}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((row, i) => (
              <tr key={i} class={mark?.(row) ?? ''} onClick={onPick === undefined ? undefined : () => onPick(row)}>
                {columns.map((column, place) => (
                  <td key={column.key} class={column.isNumber ? 'number' : ''}>
                    {onPick === undefined || place > 0 ? column.cell(row) : (
                      // For the keyboard; its click is the row's.
                      <button type="button" class="link" aria-pressed={mark?.(row) === 'picked'}>
                        {column.cell(row)}
                      </button>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="table-foot">
        <button
          type="button"
          class="link small"
          aria-label={`Save as CSV: ${caption}`}
          onClick={() => save(csvOf(sorted, [...columns, ...unseen]), `${fileName(caption)}.csv`, 'text/csv')}
        >
          Save as CSV
        </button>
      </p>
    </>
  );
}

function fileName(caption: string): string {
  return caption.toLowerCase().replaceAll(/[^a-z\d]+/g, '-');
}

function compare(a: number | string | null, b: number | string | null, down: boolean): number {
  if (a === null || b === null) {
    return a === b ? 0 : a === null ? 1 : -1;
  }

  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
  return down ? -order : order;
}
