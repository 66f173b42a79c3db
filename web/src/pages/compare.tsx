import { useEffect, useState } from 'preact/hooks';
import type { PageProps } from '../app';
import { isAbort, messageOf, post } from '../api/client';
import type { Row } from '../api/types';
import { ChipPicker } from '../parts/chips';
import { CopyLine } from '../parts/copy';
import { TextField } from '../parts/fields';
import { Notice } from '../parts/notice';
import { hashOf, useValues, type Values } from '../state/route';
import { CompareTable } from './compare-table';
import { Pareto } from './pareto';
import { bodyOf, commandOf, modelChoices, settingOf, systemChoices, withoutDefaults } from './scenario';

const start: Values = {
  model: 'meta-llama/Llama-3.1-70B',
  on: 'H100_SXM,H200_SXM,B200_SXM',
  tp: '2,4,8',
  batch: '1,4,16,64,256',
  bits: 'fp8',
  input: '2048',
  output: '256',
};
const lists = ['tp', 'pp', 'ep', 'dp', 'batch', 'input', 'output', 'bits', 'kv', 'framework'];

/** Several models, machines, formats and loads side by side. */
export function ComparePage({ catalog, theme }: PageProps) {
  const [values, change] = useValues('compare', start);
  const [rows, setRows] = useState<Row[]>();
  const [fault, setFault] = useState<string>();
  const settings = catalog.settings.estimate;
  const asked = JSON.stringify(bodyOf(values));
  useEffect(() => {
    const abort = new AbortController();
    post<Row[]>('/api/v1/compare', JSON.parse(asked), abort.signal).then(
      (answer) => {
        setRows(answer);
        setFault(undefined);
      },
      (error: unknown) => {
        if (!isAbort(error)) {
          setFault(messageOf(error));
        }
      },
    );
    return () => abort.abort();
  }, [asked]);

  const list = (name: string): string[] => (values[name] ?? '').split(',').filter((text) => text !== '');
  const said = withoutDefaults(values, settings);
  return (
    <div class="split">
      <form class="panel controls" aria-label="What is compared" onSubmit={(event) => event.preventDefault()}>
        <ChipPicker label="Models" choices={modelChoices(catalog)} values={list('model')} onChange={(all) => change({ model: all.join(',') })} />
        <ChipPicker label="Machines" choices={systemChoices(catalog)} values={list('on')} onChange={(all) => change({ on: all.join(',') })} />
        <fieldset class="two">
          <legend>Each may be a list: 1,2,4</legend>
          {lists.map((name) => (
            <TextField
              key={name}
              label={name === 'bits' ? 'Format' : name.length === 2 ? name.toUpperCase() : name.charAt(0).toUpperCase() + name.slice(1)}
              isLong={name === 'batch' || name === 'framework'}
              help={settingOf(settings, name).description}
              value={values[name] ?? ''}
              onChange={(text) => change({ [name]: text.replaceAll(/\s+/g, '') })}
            />
          ))}
        </fieldset>
      </form>
      <div class="results" aria-live="polite">
        {fault !== undefined && <Notice kind="bad" title="Not possible" text={fault} />}
        {rows !== undefined && fault === undefined && (
          <>
            <section class="panel">
              <h2>
                Throughput per accelerator against speed per user <small>the dashed line: nothing is better in both</small>
              </h2>
              <Pareto rows={rows} theme={theme} />
            </section>
            <section class="panel">
              <h2>
                Rows <small>a heading sorts</small>
              </h2>
              <CompareTable rows={rows} />
            </section>
          </>
        )}
        <section class="panel copies" aria-label="To take along">
          {fault === undefined && <CopyLine label="Command" text={commandOf('compare', said)} />}
          <CopyLine label="Link" text={location.origin + location.pathname + hashOf('compare', values, start)} />
        </section>
      </div>
    </div>
  );
}
