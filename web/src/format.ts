/** Numbers as people read them: three digits that count, and a unit. */

export function digits(value: number, count = 3): string {
  if (!Number.isFinite(value)) {
    return '–';
  }

  if (value === 0) {
    return '0';
  }

  // Of the rounded value: 0.9996 is 1.00, not 1.000.
  const size = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(count)))));
  if (size < -4) {
    return value.toExponential(1);
  }

  const places = Math.max(0, count - 1 - size);
  const rounded = size >= count ? Math.round(value) : Number(value.toPrecision(count));
  return rounded.toLocaleString('en', { maximumFractionDigits: places, minimumFractionDigits: Number.isInteger(value) ? 0 : places });
}

/** A time given in milliseconds. */
export function time(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) {
    return '–';
  }

  return ms >= 600_000 ? `${digits(ms / 60_000)} min` : ms >= 1000 ? `${digits(ms / 1000)} s` : ms < 1 ? `${digits(ms * 1000)} µs` : `${digits(ms)} ms`;
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let rest = Math.abs(value);
  let unit = 0;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }

  return `${value < 0 ? '−' : ''}${digits(rest)} ${units[unit] ?? ''}`;
}

/** A number of things: 8.03 B parameters, 131 k tokens. */
export function count(value: number): string {
  return value >= 1e12 ? `${digits(value / 1e12)} T`
    : value >= 1e9 ? `${digits(value / 1e9)} B`
    : value >= 1e6 ? `${digits(value / 1e6)} M`
    : value >= 1e5 ? `${digits(value / 1e3)} k`
    : digits(value, 5);
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 ? '0' : value < 0.1 ? '<0.1' : value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

export function dollars(value: number): string {
  return value >= 100 ? `$${digits(value)}` : value >= 0.01 ? `$${value.toFixed(2)}` : `$${digits(value, 2)}`;
}

/** A name of the API as words. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}
