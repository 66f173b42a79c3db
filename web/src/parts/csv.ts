import type { TableColumn } from './table';

/** Rows as comma-separated values (RFC 4180): every digit of a number, and nothing where there is no value. */
export function csvOf<T>(rows: T[], columns: TableColumn<T>[]): string {
  const lines = [columns.map((column) => column.head), ...rows.map((row) => columns.map((column) => String(column.of(row) ?? '')))];
  return lines.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

/** Has the browser save a text as a file. */
export function save(text: string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // not at once: the browser reads it after this returns
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
