import { useEffect, useState } from 'preact/hooks';
import type { PageProps } from '../app';
import { isAbort, messageOf, post, Problem } from '../api/client';
import type { Result } from '../api/types';
import { CopyLine } from '../parts/copy';
import { powers, SettingField, SliderField } from '../parts/fields';
import { Picker } from '../parts/picker';
import { hashOf, useValues, type Values } from '../state/route';
import { EstimateResult } from './estimate-result';
import { Refusal } from './refusal';
import { bodyOf, commandOf, estimateFlags, modelChoices, settingOf, systemChoices, withoutDefaults } from './scenario';

const start: Values = {
  model: 'meta-llama/Llama-3.1-8B',
  on: 'H100_SXM',
  tp: '1',
  pp: '1',
  ep: '1',
  dp: '1',
  batch: '1',
  input: '2048',
  output: '256',
};
const sliders = [
  { name: 'tp', label: 'Tensor', stops: powers(1, 64) },
  { name: 'pp', label: 'Pipeline', stops: powers(1, 32) },
  { name: 'ep', label: 'Expert', stops: powers(1, 64) },
  { name: 'dp', label: 'Data', stops: powers(1, 64) },
];
const load = [
  { name: 'batch', label: 'Batch', stops: powers(1, 1024) },
  { name: 'input', label: 'Input tokens', stops: powers(16, 131_072) },
  { name: 'output', label: 'Output tokens', stops: powers(1, 16_384) },
];
const formats = { bits: 'Format', kv: 'KV cache', framework: 'Framework' };
const unset: Record<string, string> = { kv: 'the format’s own', framework: 'none named' };
const featured = [...Object.keys(start), ...Object.keys(formats)];

/** One model on one machine: what it takes, how fast it is, and where the time goes. */
export function EstimatePage({ catalog, theme }: PageProps) {
  const [values, change] = useValues('estimate', start);
  const [result, setResult] = useState<Result>();
  const [fault, setFault] = useState<Problem | string>();
  const settings = [...catalog.settings.estimate, ...estimateFlags];
  const asked = JSON.stringify(bodyOf(values));
  useEffect(() => {
    const abort = new AbortController();
    post<Result>('/api/v1/estimate', JSON.parse(asked), abort.signal).then(
      (answer) => {
        setResult(answer);
        setFault(undefined);
      },
      (error: unknown) => {
        if (!isAbort(error)) {
          setFault(error instanceof Problem ? error : messageOf(error));
        }
      },
    );
    return () => abort.abort();
  }, [asked]);

  const slider = ({ name, label, stops }: { name: string; label: string; stops: number[] }) => {
    const setting = settingOf(settings, name);
    return (
      <SliderField
        key={name}
        label={label}
        help={setting.description}
        stops={stops}
        least={setting.minimum ?? 1}
        most={setting.maximum ?? 1e9}
        value={values[name] ?? '1'}
        onChange={(value) => change({ [name]: value })}
      />
    );
  };
  const field = (name: string, label?: string, none?: string) => (
    <SettingField key={name} {...(label === undefined ? {} : { label })} {...(none === undefined ? {} : { none })} setting={settingOf(settings, name)} value={values[name] ?? ''} onChange={(value) => change({ [name]: value })} />
  );
  const others = settings.map((setting) => setting.name).filter((name) => !featured.includes(name));
  const set = others.filter((name) => (values[name] ?? '') !== '').length;
  const said = withoutDefaults(values, settings);
  // What the server refuses, the command line refuses too; what does not fit is worth asking there for what would.
  const isWrong = fault instanceof Problem && fault.body.code !== 'does_not_fit';
  return (
    <div class="split">
      <form class="panel controls" aria-label="What is estimated" onSubmit={(event) => event.preventDefault()}>
        <Picker label="Model" choices={modelChoices(catalog)} value={values.model ?? ''} onPick={(model) => change({ model })} />
        <Picker label="Machine" choices={systemChoices(catalog)} value={values.on ?? ''} onPick={(on) => change({ on })} />
        <fieldset>
          <legend>Load</legend>
          {load.map(slider)}
        </fieldset>
        <fieldset>
          <legend>Parallelism</legend>
          {sliders.map(slider)}
        </fieldset>
        <fieldset>
          <legend>Formats and framework</legend>
          {Object.entries(formats).map(([name, label]) => field(name, label, unset[name]))}
        </fieldset>
        <details open={set > 0}>
          <summary>{set === 0 ? 'More settings' : `More settings (${set} set)`}</summary>
          {others.map((name) => field(name))}
        </details>
        <button type="button" onClick={() => change({ ...Object.fromEntries(Object.keys(values).map((name) => [name, ''])), ...start })}>
          Start over
        </button>
      </form>
      <div class="results" aria-live="polite">
        {fault !== undefined && <Refusal fault={fault} onChange={change} />}
        {result !== undefined && fault === undefined && <EstimateResult result={result} theme={theme} asked={said} />}
        <section class="panel copies" aria-label="To take along">
          {!isWrong && <CopyLine label="Command" text={commandOf('estimate', said)} />}
          <CopyLine label="Link" text={location.origin + location.pathname + hashOf('estimate', said, start)} />
        </section>
      </div>
    </div>
  );
}
