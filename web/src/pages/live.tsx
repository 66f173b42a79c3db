import { useEffect, useState } from 'preact/hooks';
import type { PageProps } from '../app';
import { ask, messageOf } from '../api/client';
import { meanBetween, readMetrics, type Reading } from '../api/metrics';
import { bytes, count, digits, percent, time } from '../format';
import { Chart } from '../parts/chart';
import { frame, type Ink } from '../parts/ink';
import { NoModel } from '../parts/no-model';
import { Notice } from '../parts/notice';
import { useServed } from '../state/served';

interface Moment {
  at: number;
  reading: Reading;
  tokensPerSecond: number;
}

const every = 1000;
const kept = 180;
const pairs: [string, string][] = [
  ['Time to first token', 'time_to_first_token'],
  ['Time per output token', 'time_per_output_token'],
  ['Whole request', 'request_inference_time'],
];

/** The running engine: what it does now, and what was measured beside what was predicted. */
export function LivePage({ theme }: PageProps) {
  const served = useServed();
  const [moments, setMoments] = useState<Moment[]>([]);
  const [fault, setFault] = useState<string>();
  const isServed = typeof served === 'object' && served !== null;
  useEffect(() => {
    if (!isServed) {
      return;
    }

    let gone = false;
    const look = async (): Promise<void> => {
      try {
        const reading = readMetrics(await (await ask('/metrics')).text());
        if (!gone) {
          setMoments((old) => add(old, reading));
          setFault(undefined);
        }
      } catch (error) {
        setFault(messageOf(error));
      }
    };
    void look();
    const timer = setInterval(() => void look(), every);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [isServed]);

  if (served === null) {
    return <NoModel what="Looking at a running engine" />;
  }

  const now = moments[moments.length - 1];
  return (
    <div class="results single">
      {typeof served === 'string' && <Notice kind="bad" title="The server could not be asked" text={served} />}
      {fault !== undefined && <Notice kind="bad" title="No figures" text={fault} />}
      {isServed && (
        <p class="subject">
          <b>{served.id}</b>
          {served.max_model_len === undefined ? '' : `, up to ${count(served.max_model_len)} tokens`}, looked at every second
        </p>
      )}
      {now !== undefined && (
        <>
          <section class="tiles four" aria-label="Now">
            <Tile name="Batch" value={count(now.reading.get('vllm:num_requests_running') ?? 0)} unit="sequences running" />
            <Tile name="Queue" value={count(now.reading.get('vllm:num_requests_waiting') ?? 0)} unit="requests waiting" />
            <Tile
              name="KV cache"
              value={percent(usedShare(now.reading))}
              unit={`${count(now.reading.get('inferometer_kv_blocks_used') ?? 0)} of ${count(now.reading.get('inferometer_kv_blocks') ?? 0)} blocks`}
            />
            <Tile name="Output" value={digits(now.tokensPerSecond)} unit="tokens/s" />
          </section>
          <section class="panel">
            <h2>
              The last minutes <small>tokens/s above, requests below</small>
            </h2>
            <Chart label="Generated tokens per second over the last minutes" theme={theme} height={170} depends={[moments]} option={(ink) => tokensOption(ink, moments)} />
            <Chart label="Requests running and waiting over the last minutes" theme={theme} height={120} depends={[moments]} option={(ink) => requestsOption(ink, moments)} />
            <ul class="legend inline">
              <li><i class="key round c3" />tokens/s</li>
              <li><i class="key round c1" />running</li>
              <li><i class="key round c4" />waiting</li>
            </ul>
          </section>
          <section class="panel">
            <h2>
              Measured beside predicted <small>means of all requests since the start, the queue left out</small>
            </h2>
            <Comparison reading={now.reading} />
          </section>
          <section class="panel">
            <dl class="facts">
              <Fact name="Tokens generated" value={count(now.reading.get('vllm:generation_tokens_total') ?? 0)} />
              <Fact name="Prompt tokens" value={count(now.reading.get('vllm:prompt_tokens_total') ?? 0)} />
              <Fact name="From the prefix cache" value={count(now.reading.get('vllm:prefix_cache_hits_total') ?? 0)} />
              <Fact name="Preemptions" value={count(now.reading.get('vllm:num_preemptions_total') ?? 0)} />
              <Fact name="Memory of the process" value={bytes(now.reading.get('process_resident_memory_bytes') ?? 0)} />
            </dl>
          </section>
        </>
      )}
    </div>
  );
}

/** Blocks of all engines' caches in use, 0 to 1; each engine's own share cannot be added up. */
function usedShare(reading: Reading): number {
  return (reading.get('inferometer_kv_blocks_used') ?? 0) / Math.max(1, reading.get('inferometer_kv_blocks') ?? 0);
}

function Comparison({ reading }: { reading: Reading }) {
  const rows = pairs.map(([name, key]) => ({
    name,
    measured: meanBetween(undefined, reading, `inferometer_measured_${key}_seconds`),
    predicted: meanBetween(undefined, reading, `inferometer_predicted_${key}_seconds`),
  }));
  if (!reading.has('inferometer_prediction_info')) {
    return <p class="muted">This server predicts nothing: it was told not to, or cannot for the model as it is run. It said so when it started.</p>;
  }

  if (rows.every((row) => row.measured === undefined)) {
    return <p class="muted">No request has been answered yet; the Chat page makes one.</p>;
  }

  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="Measured beside predicted">
      <table>
        <thead>
          <tr>
            <th scope="col">latency</th>
            <th scope="col" class="number">measured</th>
            <th scope="col" class="number">predicted</th>
            <th scope="col" class="number">measured / predicted</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, measured, predicted }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{time(measured === undefined ? undefined : measured * 1000)}</td>
              <td class="number">{time(predicted === undefined ? undefined : predicted * 1000)}</td>
              <td class="number">{measured === undefined || predicted === undefined ? '–' : digits(measured / predicted)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Tile({ name, value, unit }: { name: string; value: string; unit: string }) {
  return (
    <div class="tile panel">
      <h2>{name}</h2>
      <p class="figure">{value}</p>
      <p class="muted small">{unit}</p>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function add(old: Moment[], reading: Reading): Moment[] {
  const last = old[old.length - 1];
  const at = performance.now();
  const made = (reading.get('vllm:generation_tokens_total') ?? 0) - (last?.reading.get('vllm:generation_tokens_total') ?? 0);
  return [...old.slice(-kept), { at, reading, tokensPerSecond: last === undefined ? 0 : made / ((at - last.at) / 1000) }];
}

function tokensOption(ink: Ink, moments: Moment[]) {
  return lines(ink, moments, 'tokens/s', [[3, (moment) => moment.tokensPerSecond]]);
}

function requestsOption(ink: Ink, moments: Moment[]) {
  return lines(ink, moments, 'requests', [
    [1, (moment) => moment.reading.get('vllm:num_requests_running') ?? 0],
    [4, (moment) => moment.reading.get('vllm:num_requests_waiting') ?? 0],
  ]);
}

function lines(ink: Ink, moments: Moment[], unit: string, series: [number, (moment: Moment) => number][]) {
  const end = moments[moments.length - 1]?.at ?? 0;
  return {
    ...frame(ink, { type: 'value', min: -120, max: 0, axisLabel: { formatter: (value: number) => `${value < 0 ? '−' : ''}${Math.abs(value)} s`, color: ink.muted } }, { type: 'value', name: unit, min: 0, splitNumber: 3, minInterval: 1 }),
    grid: { left: 58, right: 16, top: 10, bottom: 24 },
    series: series.map(([colour, of]) => ({
      type: 'line',
      symbol: 'none',
      silent: true,
      lineStyle: { color: ink.series[colour - 1], width: 1.8 },
      areaStyle: { color: ink.series[colour - 1], opacity: 0.12 },
      data: moments.map((moment) => [(moment.at - end) / 1000, of(moment)]),
    })),
  };
}
