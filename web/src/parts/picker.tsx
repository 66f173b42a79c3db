import { useId, useMemo, useRef, useState } from 'preact/hooks';

export interface Choice {
  name: string;
  detail: string;
  aliases: string[];
}

interface Props {
  label: string;
  choices: Choice[];
  value: string;
  onPick: (name: string) => void;
  /** Shown while nothing is typed. */
  hint?: string;
}

const most = 60;

/** A text field with a list of what fits, by name or alias: arrows, Enter, Escape, or the pointer. */
export function Picker({ label, choices, value, onPick, hint }: Props) {
  const id = useId();
  const [text, setText] = useState<string>();
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const found = useMemo(() => (text === undefined ? [] : search(choices, text).slice(0, most)), [choices, text]);
  const open = text !== undefined;

  const pick = (choice: Choice | undefined): void => {
    if (choice !== undefined) {
      onPick(choice.name);
    }

    setText(undefined);
  };
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(found.length - 1, active + by));
    setActive(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  const typed = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (open) {
        move(event.key === 'ArrowDown' ? 1 : -1);
      } else {
        setText('');
        setActive(0);
      }
    } else if (event.key === 'Enter' && open) {
      event.preventDefault();
      pick(found[active]);
    } else if (event.key === 'Escape') {
      setText(undefined);
    }
  };
  return (
    <div class="field picker">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && found.length > 0 ? `${id}-${active}` : undefined}
        placeholder={hint}
        value={text ?? value}
        onFocus={(event) => event.currentTarget.select()}
        onClick={() => {
          if (!open) {
            setText('');
            setActive(0);
          }
        }}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={typed}
        onBlur={() => setText(undefined)}
      />
      {open && (
        <ul id={`${id}-list`} role="listbox" aria-label={label} ref={list}>
          {found.map((choice, i) => (
            <li
              key={choice.name}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === active}
              onPointerDown={(event) => {
                event.preventDefault();
                pick(choice);
              }}
            >
              <span>{choice.name}</span>
              <small>{choice.detail}</small>
            </li>
          ))}
          {found.length === 0 && (
            <li role="option" aria-selected={false} aria-disabled={true} class="nothing">
              Nothing of that name
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_\s]/g, '');
}

// Every word must be found; names that begin so come first.
function search(choices: Choice[], text: string): Choice[] {
  const wanted = text.split(/\s+/).map(plain).filter((word) => word !== '');
  const whole = plain(text);
  return choices
    .map((choice) => {
      const names = [choice.name, ...choice.aliases].map(plain);
      const fits = wanted.every((word) => names.some((name) => name.includes(word)));
      const rank = names.includes(whole) ? 0 : names.some((name) => (name.split('/').pop() ?? name).startsWith(whole)) ? 1 : 2;
      return { choice, fits, rank };
    })
    .filter((found) => found.fits)
    .sort((a, b) => a.rank - b.rank)
    .map((found) => found.choice);
}
