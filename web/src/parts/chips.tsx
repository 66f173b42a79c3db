import { Picker, type Choice } from './picker';

interface Props {
  label: string;
  choices: Choice[];
  values: string[];
  onChange: (values: string[]) => void;
  /** What it means that none is chosen; without it the last cannot be taken away. */
  none?: string;
}

/** Several of a list: each can be taken away, and the field adds one. */
export function ChipPicker({ label, choices, values, onChange, none }: Props) {
  return (
    <div class="chips">
      <Picker label={label} choices={choices} value="" hint="Add one" onPick={(name) => onChange([...values.filter((v) => v !== name), name])} />
      {values.length === 0 && none !== undefined && <p class="muted small">{none}</p>}
      <ul aria-label={`${label} chosen`}>
        {values.map((value) => (
          <li key={value}>
            {value.split('/').pop()}
            <button
              type="button"
              aria-label={`Remove ${value}`}
              disabled={values.length === 1 && none === undefined}
              onClick={() => onChange(values.filter((other) => other !== value))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
