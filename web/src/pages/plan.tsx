import { useState } from 'preact/hooks';
import type { PageProps } from '../app';
import { runJob } from '../api/jobs';
import type { PlanResult } from '../api/types';
import { ChipPicker } from '../parts/chips';
import { CopyLine } from '../parts/copy';
import { SettingField, TextField } from '../parts/fields';
import { Notice } from '../parts/notice';
import { Picker } from '../parts/picker';
import { hashOf, useValues, type Values } from '../state/route';
import { useRun } from '../state/run';
import { PlanAnswers } from './plan-answers';
import { PlanFront } from './plan-front';
import { PlanReasons } from './plan-reasons';
import { bodyOf, commandOf, modelChoices, settingOf, systemChoices, withoutDefaults } from './scenario';

const start: Values = {
  model: 'meta-llama/Llama-3.1-70B',
  on: 'H100_SXM,H200_SXM,MI300X',
  rate: '10',
  users: '',
  input: '1000',
  output: '250',
  slo: 'ttft:1s,tpot:40ms',
};
const shown = [...Object.keys(start), 'budget', 'max-devices', 'confidence'];

/** What a plan has been made of: the answer, and what was asked for it. */
interface Planned {
  plan: PlanResult;
  values: Values;
}

/** The cheapest, the smallest and the fastest deployment that keep a service level for a load, and why the others do not. */
export function PlanPage({ catalog, theme }: PageProps) {
  const [values, change] = useValues('plan', start);
  const [planned, setPlanned] = useState<Planned>();
  const [ran, setRan] = useState('');
  const settings = catalog.settings.plan;
  const asked = JSON.stringify(bodyOf(values));

  const { start: run, stop, done, fault } = useRun(async (signal, tell) => {
    setPlanned(undefined);
    setRan(asked);
    setPlanned({ plan: await runJob<PlanResult>('/api/v1/plan', JSON.parse(asked), signal, tell), values });
  });

  const field = (name: string, label?: string) => (
    <SettingField key={name} {...(label === undefined ? {} : { label })} setting={settingOf(settings, name)} value={values[name] ?? ''} onChange={(value) => change({ [name]: value })} />
  );
  const text = (name: string, label: string, changes: (value: string) => Values = (value) => ({ [name]: value })) => (
    <TextField label={label} help={settingOf(settings, name).description} value={values[name] ?? ''} onChange={(value) => change(changes(value))} />
  );
  const others = settings.map((setting) => setting.name).filter((name) => !shown.includes(name) && name !== 'emit');
  const set = others.filter((name) => (values[name] ?? '') !== '').length;
  return (
    <div class="split">
      <form
        class="panel controls"
        aria-label="What is planned"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Picker label="Model" choices={modelChoices(catalog)} value={values.model ?? ''} onPick={(model) => change({ model })} />
        <ChipPicker
          label="Machines to choose from"
          choices={systemChoices(catalog)}
          values={(values.on ?? '').split(',').filter((name) => name !== '')}
          none="all that have a price"
          onChange={(all) => change({ on: all.join(',') })}
        />
        <fieldset>
          <legend>Load: requests per second, or users who ask again</legend>
          {text('rate', 'Requests/s', (rate) => (rate === '' ? { rate } : { rate, users: '' }))}
          {text('users', 'Users', (users) => (users === '' ? { users } : { users, rate: '' }))}
          {text('input', 'Input tokens')}
          {text('output', 'Output tokens')}
        </fieldset>
        <fieldset>
          <legend>What must be kept</legend>
          {text('slo', 'Service level')}
          {field('confidence', 'Kept in, %')}
          {field('budget', '$ a month')}
          {field('max-devices', 'Devices')}
        </fieldset>
        <details open={set > 0}>
          <summary>{set === 0 ? 'More settings' : `More settings (${set} set)`}</summary>
          {others.map((name) => field(name))}
        </details>
        {done === undefined ? (
          <button type="submit" class="main">
            {ran === asked ? 'Plan again' : 'Plan'}
          </button>
        ) : (
          <button type="button" class="main" onClick={stop}>
            Stop
          </button>
        )}
        {done !== undefined && <progress aria-label="Planned" value={done} max={1} />}
        {done === undefined && ran !== asked && planned !== undefined && <p class="muted small">The plan is of the settings before.</p>}
      </form>
      <div class="results" aria-live="polite">
        {fault !== undefined && <Notice kind="bad" title="Not possible" text={fault} />}
        {planned !== undefined && (
          <>
            <PlanAnswers plan={planned.plan} asked={planned.values} />
            <PlanReasons plan={planned.plan} />
            <PlanFront plan={planned.plan} theme={theme} />
            <section class="panel">
              <details>
                <summary>What this rests on</summary>
                <ul class="plain">
                  {planned.plan.assumptions.map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
              </details>
            </section>
          </>
        )}
        {planned === undefined && fault === undefined && <p class="muted">{done === undefined ? 'Nothing was planned yet.' : 'Planning…'}</p>}
        <section class="panel copies" aria-label="To take along">
          {fault === undefined && <CopyLine label="Command" text={commandOf('plan', withoutDefaults(values, settings))} />}
          {planned?.plan.answers[0] !== undefined && (
            <CopyLine label="To start it" text={`${commandOf('plan', withoutDefaults(planned.values, settings))} --emit ${planned.plan.answers[0].framework}`} />
          )}
          <CopyLine label="Link" text={location.origin + location.pathname + hashOf('plan', values, start)} />
        </section>
      </div>
    </div>
  );
}
