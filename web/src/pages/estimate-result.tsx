import type { Band, Result } from '../api/types';
import { bytes, count, digits, dollars, percent, time, words } from '../format';
import { Span, StackBar } from '../parts/bars';
import { Notice } from '../parts/notice';
import type { Theme } from '../state/theme';
import { Breakdown } from './breakdown';
import { memoryParts } from './memory';
import { hashOf, type Values } from '../state/route';
import { Roofline } from './roofline';
import { shortName } from './scenario';

interface Props {
  result: Result;
  theme: Theme;
  /** What was asked for, without what is meant anyway. */
  asked: Values;
}

/** What came of an estimate. */
export function EstimateResult({ result, theme, asked }: Props) {
  const { metrics, memory_usage: memory, basis, formats } = result;
  return (
    <>
      <div class="subject">
        <p>
          <b>{shortName(result.model)}</b> on {result.devices} × <b>{result.system}</b>
          {formats === undefined ? '' : `, weights ${formats.weights}, KV cache ${formats.kv_cache}`}
        </p>
        <nav aria-label="Go on with this">
          <a href={hashOf('compare', comparedOf(asked))}>Compare batches</a>
          <a href={hashOf('serving', servedOf(asked))}>Under load</a>
        </nav>
      </div>
      {result.warnings.map((warning) => (
        <Notice key={warning} kind="warning" title="Take care" text={warning} />
      ))}
      <section class="tiles" aria-label="Latencies">
        <Tile name="Time to first token" ms={metrics.ttft_ms} band={basis?.time_to_first_token} />
        <Tile name="Time per output token" ms={metrics.tpot_ms} band={basis?.time_per_output_token} />
        <Tile name="Whole request" ms={metrics.e2e_ms} band={basis?.end_to_end} />
      </section>
      {basis !== undefined && (
        <p class="basis muted small">
          Bars: half of measurements lie in the thick part, nine in ten on the line ({basis.rests_on}).
        </p>
      )}
      <section class="panel" aria-label="Rates and costs">
        <dl class="facts">
          <Fact name="Speed per user" value={metrics.tpot_ms === undefined ? undefined : `${digits(1000 / metrics.tpot_ms)} tokens/s`} />
          <Fact name="Output, all users" value={rate(metrics.decode_tokens_per_second)} />
          <Fact name="Prompts" value={rate(metrics.prefill_tokens_per_second)} />
          <Fact name="Requests" value={metrics.requests_per_second === undefined ? undefined : `${digits(metrics.requests_per_second)} /s`} />
          <Fact name="Cost" value={metrics.cost_per_million_tokens_usd === undefined ? undefined : `${dollars(metrics.cost_per_million_tokens_usd)} per M tokens`} />
          <Fact name="Rent" value={metrics.cost_per_hour_usd === undefined ? undefined : `${dollars(metrics.cost_per_hour_usd)} /h`} />
          <Fact name="Energy" value={metrics.energy_per_token_joules === undefined ? undefined : `${digits(metrics.energy_per_token_joules)} J per token`} />
          <Fact name="Power" value={metrics.average_power_watts === undefined ? undefined : `${digits(metrics.average_power_watts)} W`} />
        </dl>
      </section>
      {memory !== undefined && (
        <section class="panel">
          <h2>
            Memory per device <small>{bytes(memory.total_bytes)} of {bytes(memory.capacity_bytes)}</small>
          </h2>
          <StackBar
            label="Memory per device"
            parts={[
              ...memoryParts(memory),
              { name: 'Free', value: Math.max(0, memory.capacity_bytes - memory.total_bytes), colour: 0, text: bytes(memory.capacity_bytes - memory.total_bytes) },
            ]}
            total={memory.capacity_bytes}
          />
          <dl class="facts">
            <Fact name="KV cache holds" value={memory.kv_capacity_tokens === undefined ? undefined : `${count(memory.kv_capacity_tokens)} tokens`} />
            <Fact name="Largest batch" value={memory.largest_batch.toLocaleString('en')} />
            <Fact name="Longest context" value={`${memory.longest_context_tokens.toLocaleString('en')} tokens`} />
            {memory.offloaded_bytes > 0 && <Fact name="On the host" value={bytes(memory.offloaded_bytes)} />}
          </dl>
        </section>
      )}
      <div class="pair">
        <section class="panel">
          <h2>Where the time goes</h2>
          <Breakdown operators={result.operators} />
        </section>
        <section class="panel">
          <h2>
            Roofline <small>one device, every operator</small>
          </h2>
          <Roofline result={result} theme={theme} />
          <dl class="facts">
            {Object.entries(result.hardware_utilization).map(([phase, use]) => (
              <Fact key={phase} name={words(phase)} value={`${percent(use.flop_utilization)} of FLOPs, ${percent(use.bandwidth_utilization)} of bandwidth`} />
            ))}
          </dl>
        </section>
      </div>
      <section class="panel">
        <details>
          <summary>What this rests on (cost model {result.cost_model})</summary>
          <ul class="plain">
            {result.assumptions.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </details>
      </section>
    </>
  );
}

// The lists that a comparison is made of; one batch alone would be one row.
function comparedOf({ batch, ...rest }: Values): Values {
  return { ...rest, tp: rest.tp ?? '1', bits: rest.bits ?? 'published', batch: batch === undefined ? '1,4,16,64,256' : [...new Set(['1', batch, '16', '64', '256'])].sort((a, b) => Number(a) - Number(b)).join(',') };
}

// A service has no batch: its load makes one.
function servedOf(asked: Values): Values {
  return { ...asked, batch: '', input: asked.input ?? '2048', output: asked.output ?? '256' };
}

function Tile({ name, ms, band }: { name: string; ms: number | undefined; band: Band | undefined }) {
  return (
    <div class="tile panel">
      <h2>{name}</h2>
      <p class="figure">{ms === undefined ? '–' : time(ms)}</p>
      {band === undefined || ms === undefined ? (
        <p class="muted small">{ms === undefined ? 'not simulated' : 'no measurements to tell a range from'}</p>
      ) : (
        <Span label={name} value={ms} band={band} format={time} />
      )}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? '–'}</dd>
    </div>
  );
}

function rate(perSecond: number | undefined): string | undefined {
  return perSecond === undefined ? undefined : `${digits(perSecond)} tokens/s`;
}
