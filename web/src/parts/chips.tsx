import { Picker, type Choice } from './picker';

interface Props {
  label: string;
  choices: Choice[];
  values: string[];
  onChange: (values: string[]) => void;
}

/** Several of a list: each can be taken away, and the field adds one. */
export function ChipPicker({ label, choices, values, onChange }: Props) {
  return (
    <div class="chips">
      <Picker label={label} choices={choices} value="" hint="Add one" onPick={(name) => onChange([...values.filter((v) => v !== name), name])} />
      <ul aria-label={`${label} chosen`}>
        {values.map((value) => (
          <li key={value}>
            {value.split('/').pop()}
            <button
              type="button"
              aria-label={`Remove ${value}`}
              disabled={values.length === 1}
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
