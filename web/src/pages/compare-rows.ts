import type { Row } from '../api/types';
import { shortName } from './scenario';

/** A row in the two figures that a service is judged by. */
export interface ParetoPoint {
  row: Row;
  perUser: number;
  perDevice: number;
  /** Whether none of the others is better in both. */
  isFront: (points: ParetoPoint[]) => boolean;
}

/** Settings that tell rows apart, with their headings. */
export const settingColumns: [string, string][] = [
  ['model', 'model'],
  ['system', 'machine'],
  ['tensor_parallel', 'TP'],
  ['pipeline_parallel', 'PP'],
  ['expert_parallel', 'EP'],
  ['data_parallel', 'DP'],
  ['formats', 'formats'],
  ['framework', 'framework'],
  ['batch_size', 'batch'],
  ['input_tokens', 'input'],
  ['output_tokens', 'output'],
];

export function numberOf(row: Row, key: string): number | null {
  const value = row[key];
  return typeof value === 'number' ? value : null;
}

export function pointOf(row: Row): ParetoPoint | undefined {
  const tpot = numberOf(row, 'tpot_ms');
  const rate = numberOf(row, 'decode_tokens_per_s');
  const devices = numberOf(row, 'devices');
  if (tpot === null || rate === null || devices === null) {
    return undefined;
  }

  const own: ParetoPoint = {
    row,
    perUser: 1000 / tpot,
    perDevice: rate / devices,
    isFront: (points) => !points.some(
      (other) => other.perUser >= own.perUser && other.perDevice >= own.perDevice && (other.perUser > own.perUser || other.perDevice > own.perDevice),
    ),
  };
  return own;
}

export function varies(rows: Row[], key: string): boolean {
  return new Set(rows.map((row) => String(row[key] ?? ''))).size > 1;
}

/** What a row has in common with those it makes a line with: all but the load. */
export function seriesName(row: Row, rows: Row[]): string {
  const parts = settingColumns
    .filter(([key]) => !['batch_size', 'input_tokens', 'output_tokens'].includes(key) && (key === 'system' || varies(rows, key)))
    .map(([key, head]) => partOf(row, key, head));
  return parts.filter((part) => part !== '').join(' ');
}

function partOf(row: Row, key: string, head: string): string {
  const value = row[key];
  return value === null || value === undefined ? '' : key === 'model' ? shortName(String(value)) : head.length === 2 ? `${head}${String(value)}` : String(value);
}
