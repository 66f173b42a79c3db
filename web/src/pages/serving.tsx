import { useState } from 'preact/hooks';
import type { PageProps } from '../app';
import { runJob } from '../api/jobs';
import type { ServiceReport, Setting } from '../api/types';
import { CopyLine } from '../parts/copy';
import { powers, SettingField, SliderField, TextField } from '../parts/fields';
import { Notice } from '../parts/notice';
import { Picker } from '../parts/picker';
import { hashOf, useValues, type Values } from '../state/route';
import { useRun } from '../state/run';
import { LoadCurves, type LoadRun } from './load-curves';
import { bodyOf, commandOf, estimateFlags, modelChoices, settingOf, systemChoices, withoutDefaults } from './scenario';
import { Timeline } from './timeline';

const start: Values = {
  model: 'meta-llama/Llama-3.1-8B',
  on: 'H100_SXM',
  tp: '1',
  bits: '',
  input: 'lognormal:1000,600',
  output: 'lognormal:250,150',
  slo: 'ttft:500ms,tpot:25ms',
  requests: '',
  from: '4',
  to: '32',
  points: '8',
};
const own = ['from', 'to', 'points'];
const shown = ['tp', 'bits', 'model', 'on', 'input', 'output', 'slo', 'requests', 'rate', 'users', 'duration', ...own];

/** A service under rising load: what users see, what is kept of the service level, and one run over time. */
export function ServingPage({ catalog, theme }: PageProps) {
  const [values, change] = useValues('serving', start);
  const [runs, setRuns] = useState<LoadRun[]>([]);
  const [ran, setRan] = useState('');
  const [picked, setPicked] = useState(-1);
  const { estimate, simulate } = catalog.settings;
  const rates = ratesOf(values);
  const asked = JSON.stringify([bodyOf(without(values, own)), rates]);

  const { start: run, stop, done, fault } = useRun(async (signal, tell) => {
    setRuns([]);
    setRan(asked);
    setPicked(-1);
    for (const [i, rate] of rates.entries()) {
      const part = (share: number): void => tell((i + share) / rates.length);
      part(0);
      const report = await runJob<ServiceReport>('/api/v1/simulate', { ...bodyOf(without(values, own)), rate }, signal, part);
      setRuns((old) => [...old, { rate, report }]);
    }
  });

  const field = (setting: Setting) => (
    <SettingField key={setting.name} setting={setting} value={values[setting.name] ?? ''} onChange={(value) => change({ [setting.name]: value })} />
  );
  const text = (name: string, label: string, help = settingOf(simulate, name).description, fallback = '') => (
    <TextField label={label} help={help} fallback={fallback} value={values[name] ?? ''} onChange={(value) => change({ [name]: value })} />
  );
  const others = [...simulate, ...estimate.filter((setting) => !simulate.some((own) => own.name === setting.name)), ...estimateFlags]
    .filter((setting) => !shown.includes(setting.name) && setting.name !== 'batch');
  const set = others.filter((setting) => (values[setting.name] ?? '') !== '').length;
  const chosen = runs[picked < 0 ? lastKept(runs) : Math.min(picked, runs.length - 1)];
  const single = withoutDefaults({ ...without(values, own), rate: String(chosen?.rate ?? rates[0] ?? 1) }, [...simulate, ...estimate]);
  return (
    <div class="split">
      <form
        class="panel controls"
        aria-label="What is served"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Picker label="Model" choices={modelChoices(catalog)} value={values.model ?? ''} onPick={(model) => change({ model })} />
        <Picker label="Machine" choices={systemChoices(catalog)} value={values.on ?? ''} onPick={(on) => change({ on })} />
        <SliderField
          label="Tensor"
          help={settingOf(estimate, 'tp').description}
          stops={powers(1, 64)}
          least={1}
          most={1024}
          value={values.tp ?? '1'}
          onChange={(tp) => change({ tp })}
        />
        <SettingField label="Format" setting={settingOf(estimate, 'bits')} value={values.bits ?? ''} onChange={(bits) => change({ bits })} />
        <fieldset>
          <legend>Requests</legend>
          {text('input', 'Input tokens')}
          {text('output', 'Output tokens')}
          {text('requests', 'Requests', undefined, 'as many as tell')}
          {text('slo', 'Service level')}
        </fieldset>
        <fieldset>
          <legend>Requests per second</legend>
          {text('from', 'From', 'The least rate')}
          {text('to', 'To', 'The greatest rate')}
          {text('points', 'Rates', 'How many rates are simulated, at most 24')}
        </fieldset>
        <details open={set > 0}>
          <summary>{set === 0 ? 'More settings' : `More settings (${set} set)`}</summary>
          {others.map(field)}
        </details>
        {done === undefined ? (
          <button type="submit" class="main">
            {ran === asked ? 'Run again' : 'Run'}
          </button>
        ) : (
          <button type="button" class="main" onClick={stop}>
            Stop
          </button>
        )}
        {done !== undefined && <progress aria-label="Simulated" value={done} max={1} />}
        {done === undefined && ran !== asked && runs.length > 0 && <p class="muted small">The figures are of the settings before.</p>}
      </form>
      <div class="results" aria-live="polite">
        {fault !== undefined && <Notice kind="bad" title="Not possible" text={fault} />}
        {runs.length > 0 && <LoadCurves runs={runs} theme={theme} picked={chosen} onPick={setPicked} slo={values.slo ?? ''} />}
        {chosen !== undefined && <Timeline run={chosen} theme={theme} />}
        {runs.length === 0 && fault === undefined && <p class="muted">{done === undefined ? 'Nothing was simulated yet.' : 'Simulating…'}</p>}
        <section class="panel copies" aria-label="To take along">
          {fault === undefined && <CopyLine label="Command" text={commandOf('simulate', single)} />}
          <CopyLine label="Link" text={location.origin + location.pathname + hashOf('serving', values, start)} />
        </section>
      </div>
    </div>
  );
}

function ratesOf(values: Values): number[] {
  const [from, to] = [Number(values.from), Number(values.to)];
  const points = Math.min(24, Math.max(1, Math.round(Number(values.points)) || 1));
  const all = Array.from({ length: points }, (_, i) => from + ((to - from) * i) / Math.max(1, points - 1));
  return all.map((rate) => Number(rate.toPrecision(4))).filter((rate) => rate > 0);
}

// The load that still keeps nine in ten of the service level is what people look for first.
function lastKept(runs: LoadRun[]): number {
  const kept = runs.findLastIndex((run) => (run.report.slo_attainment ?? 1) >= 0.9);
  return kept < 0 ? runs.length - 1 : kept;
}

function without(values: Values, names: string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}
