import { useEffect, useId, useState } from 'preact/hooks';
import type { Setting } from '../api/types';

interface SliderProps {
  label: string;
  /** What a screen reader and a pointer that rests are told. */
  help: string;
  value: string;
  /** Places of the slider; the number may be any between the setting's bounds. */
  stops: number[];
  least: number;
  most: number;
  onChange: (value: string) => void;
}

/** A whole number by a slider over round values, and by a field for any other. */
export function SliderField({ label, help, value, stops, least, most, onChange }: SliderProps) {
  const id = useId();
  const number = Number(value);
  const place = nearest(stops, number);
  return (
    <div class="field slider" title={help}>
      <label for={id}>{label}</label>
      <input
        type="range"
        aria-label={`${label}, slider`}
        aria-valuetext={value}
        min={0}
        max={stops.length - 1}
        step={1}
        value={place}
        onInput={(event) => onChange(String(stops[Number(event.currentTarget.value)] ?? number))}
      />
      <input
        id={id}
        type="number"
        inputMode="numeric"
        min={least}
        max={most}
        value={value}
        onInput={(event) => {
          if (event.currentTarget.value !== '') {
            onChange(event.currentTarget.value);
          }
        }}
      />
    </div>
  );
}

/** Powers of two from one to another, with the halves between them where there is room. */
export function powers(from: number, to: number): number[] {
  const all: number[] = [];
  for (let value = from; value <= to; value *= 2) {
    all.push(value);
  }

  return all;
}

function nearest(stops: number[], value: number): number {
  let best = 0;
  stops.forEach((stop, i) => {
    if (Math.abs(Math.log(stop / value)) < Math.abs(Math.log((stops[best] ?? 1) / value))) {
      best = i;
    }
  });
  return best;
}

interface SettingProps {
  setting: Setting;
  value: string;
  onChange: (value: string) => void;
  label?: string;
  /** What holds where nothing is said and no default is declared. */
  none?: string;
}

/** Any setting the server declares: a choice, a number or a text, with its help. Empty is its default. */
export function SettingField({ setting, value, onChange, label, none: unset = '–' }: SettingProps) {
  const id = useId();
  const fallback = setting.default === undefined ? '' : String(setting.default);
  const none = fallback === '' ? unset : fallback;
  const choices = setting.enum;
  return (
    <div class="field" title={`${setting.description} (--${setting.name})`}>
      <label for={id}>{label ?? capital(setting.name.replaceAll('-', ' '))}</label>
      {choices !== undefined ? (
        <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">{none}</option>
          {choices.filter((choice) => choice !== fallback && choice !== 'none').map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : setting.type === 'boolean' ? (
        <input id={id} type="checkbox" checked={value === 'true'} onChange={(event) => onChange(event.currentTarget.checked ? 'true' : '')} />
      ) : (
        <LateText
          id={id}
          value={value}
          placeholder={none}
          numeric={setting.type === 'integer' || setting.type === 'number'}
          list={setting.examples === undefined ? undefined : `${id}-list`}
          onChange={onChange}
        />
      )}
      {setting.examples !== undefined && (
        <datalist id={`${id}-list`}>
          {setting.examples.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
    </div>
  );
}

const spelled: Record<string, string> = { kv: 'KV', gpu: 'GPU', cpu: 'CPU', moe: 'MoE', lora: 'LoRA', dp: 'DP', pp: 'PP', tp: 'TP', ep: 'EP', max: 'most', num: '' };

// The option's name as a label: max-num-seqs is "Most seqs".
function capital(text: string): string {
  const words = text.split(' ').map((word) => spelled[word] ?? word).filter((word) => word !== '').join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

interface TextProps {
  label: string;
  value: string;
  help?: string;
  /** Takes a row of its own where fields stand in two columns. */
  isLong?: boolean;
  /** What holds while it is empty. */
  fallback?: string;
  onChange: (value: string) => void;
}

/** A text that counts when it is finished. */
export function TextField({ label, value, help, isLong = false, fallback = '', onChange }: TextProps) {
  const id = useId();
  return (
    <div class={isLong ? 'field long' : 'field'} title={help}>
      <label for={id}>{label}</label>
      <LateText id={id} value={value} placeholder={fallback} numeric={false} list={undefined} onChange={onChange} />
    </div>
  );
}

interface LateProps {
  id: string;
  value: string;
  placeholder: string;
  numeric: boolean;
  list: string | undefined;
  onChange: (value: string) => void;
}

// Half a format's name is no format: the text counts on Enter, on leaving the field, or when a listed name is picked.
function LateText({ id, value, placeholder, numeric, list, onChange }: LateProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <input
      id={id}
      type="text"
      inputMode={numeric ? 'decimal' : 'text'}
      autocomplete="off"
      spellcheck={false}
      placeholder={placeholder}
      list={list}
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
      onChange={(event) => onChange(event.currentTarget.value.trim())}
    />
  );
}
