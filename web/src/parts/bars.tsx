import { percent } from '../format';

export interface Part {
  name: string;
  value: number;
  /** Number of the colour, from 1. */
  colour: number;
  text: string;
}

/** Parts of a whole as one bar, and as a list with figures. */
export function StackBar({ parts, total, label, limit }: { parts: Part[]; total: number; label: string; limit?: number }) {
  const shown = parts.filter((part) => part.value > 0);
  return (
    <figure class="stack">
      <div class="stack-bar" role="img" aria-label={`${label}: ${shown.map((p) => `${p.name} ${p.text}`).join(', ')}`}>
        {shown.map((part) => (
          <span key={part.name} class={`c${part.colour}`} style={{ width: `${(part.value / total) * 100}%` }} />
        ))}
        {limit !== undefined && limit < total && <i class="stack-limit" style={{ left: `${(limit / total) * 100}%` }} />}
      </div>
      <ul class="legend">
        {parts.map((part) => (
          <li key={part.name}>
            <i class={`key c${part.colour}`} />
            <span>{part.name}</span>
            <b>{part.text}</b>
            <small>{percent(part.value / total)}</small>
          </li>
        ))}
      </ul>
    </figure>
  );
}

interface SpanProps {
  value: number;
  band: { low90: number; low50: number; high50: number; high90: number };
  label: string;
  format: (value: number) => string;
}

/** Where measurements may lie around a predicted value: half of them in the thick part, nine in ten on the line. */
export function Span({ value, band, label, format }: SpanProps) {
  const top = Math.max(band.high90, 1.05);
  const bottom = Math.min(band.low90, 0.95);
  const place = (factor: number): string => `${(Math.log(factor / bottom) / Math.log(top / bottom)) * 100}%`;
  const width = (from: number, to: number): string => `${(Math.log(to / from) / Math.log(top / bottom)) * 100}%`;
  const words = `${label}: nine in ten measurements from ${format(band.low90 * value)} to ${format(band.high90 * value)}, half of them from ${format(band.low50 * value)} to ${format(band.high50 * value)}`;
  return (
    <div class="span" role="img" aria-label={words} title={words}>
      <div class="span-line">
        <i class="span-wide" style={{ left: place(band.low90), width: width(band.low90, band.high90) }} />
        <i class="span-half" style={{ left: place(band.low50), width: width(band.low50, band.high50) }} />
        <i class="span-dot" style={{ left: place(1) }} />
      </div>
      <div class="span-ends">
        <span>{format(band.low90 * value)}</span>
        <span>{format(band.high90 * value)}</span>
      </div>
    </div>
  );
}
