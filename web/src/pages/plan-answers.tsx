import type { PlanAnswer, PlanResult } from '../api/types';
import { count, digits, dollars, percent, time } from '../format';
import { Notice } from '../parts/notice';
import { hashOf, type Values } from '../state/route';
import { shortName } from './scenario';

/** Rows of the table, named as the command names them. */
const rows: [string, (answer: PlanAnswer) => string][] = [
  ['devices', (a) => `${a.devices} × ${a.system}`],
  ['replicas', (a) => (a.prefill_replicas > 0 ? `${a.prefill_replicas} prefill, ${a.replicas - a.prefill_replicas} decode` : String(a.replicas))],
  ['each of', (a) => layoutOf(a)],
  ['formats', (a) => `${a.weights}, KV ${a.kv_cache}`],
  ['framework', (a) => a.framework],
  ['step at most', (a) => `${count(a.max_sequences)} sequences, ${count(a.max_step_tokens)} tokens`],
  ['per M tokens out', (a) => dollars(a.usd_per_million_output_tokens)],
  ['energy', (a) => (a.joules_per_output_token === null ? '–' : `${digits(a.joules_per_output_token)} J/token`)],
  ['median TTFT', (a) => time(a.median_ttft_ms)],
  ['median TPOT', (a) => time(a.median_tpot_ms)],
  ['for a user', (a) => `${digits(1000 / a.median_tpot_ms)} tokens/s`],
  ['of a device', (a) => `${digits(a.output_throughput_per_device)} tokens/s`],
  ['may be missed', (a) => a.risk],
];

/** The deployments that were chosen, beside each other, and how surely they keep the level. */
export function PlanAnswers({ plan, asked }: { plan: PlanResult; asked: Values }) {
  const { answers } = plan;
  return (
    <>
      <p class="subject">
        <b>{shortName(plan.model)}</b> for {plan.demand}: {plan.level}
      </p>
      {answers.length === 0 ? (
        <Notice kind="warning" title="No deployment keeps this" text={plan.nearest === null ? 'The table below says why.' : `The nearest: ${plan.nearest}.`} />
      ) : (
        <section class="panel">
          <h2>
            Deployments that keep it <small>of {plan.deployments.toLocaleString('en')} looked at, {plan.simulations.toLocaleString('en')} simulations</small>
          </h2>
          <div class="table-box whole" tabIndex={0} role="region" aria-label="Deployments that keep the level">
            <table class="answers">
              <thead>
                <tr>
                  <td />
                  {answers.map((answer) => (
                    <th key={answer.answer} scope="col">
                      {answer.answer}
                      <span class="figure">{dollars(answer.usd_per_month)}</span> a month
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map(([name, of]) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    {answers.map((answer) => (
                      <td key={answer.answer}>{of(answer)}</td>
                    ))}
                  </tr>
                ))}
                <tr>
                  <th scope="row">go on</th>
                  {answers.map((answer) => (
                    <td key={answer.answer}>
                      <a href={hashOf('serving', servingOf(plan, answer, asked))} aria-label={`The ${answer.answer} under rising load`}>
                        under rising load
                      </a>
                    </td>
                  ))}
                </tr>
              </tbody>
            </table>
          </div>
        </section>
      )}
      {plan.limits !== undefined && plan.limits.length > 0 && (
        <section class="panel">
          <h2>
            The limits <small>of the cheapest, and where measurements may lie</small>
          </h2>
          <div class="table-box" tabIndex={0} role="region" aria-label="The limits">
            <table>
              <thead>
                <tr>
                  <th scope="col">limit</th>
                  <th scope="col" class="number">median</th>
                  <th scope="col" class="number">predicted</th>
                  <th scope="col" class="number">1 in 4 above</th>
                  <th scope="col" class="number">1 in 20 above</th>
                  <th scope="col">missed by</th>
                </tr>
              </thead>
              <tbody>
                {plan.limits.map((limit) => (
                  <tr key={limit.limit}>
                    <th scope="row">{limit.limit}</th>
                    <td class="number">{time(limit.median_ms)}</td>
                    <td class="number">{time(limit.predicted_ms)}</td>
                    <td class="number">{time(limit.upper_quarter_ms)}</td>
                    <td class="number">{time(limit.upper_twentieth_ms)}</td>
                    <td>{limit.risk}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {plan.headroom_factor !== null && plan.headroom_factor >= 1 && (
            <p class="muted small">Head-room: the level is kept up to {percent(plan.headroom_factor - 1)} more load.</p>
          )}
        </section>
      )}
    </>
  );
}

function layoutOf(answer: PlanAnswer): string {
  const { tensor_parallel: tp, pipeline_parallel: pp, expert_parallel: ep, attention_data_parallel: dp } = answer;
  const parts = [['tp', tp], ['pp', pp], ['ep', ep], ['attention dp', dp]] as const;
  return `${Math.round(answer.devices / answer.replicas)} (${parts.filter(([name, value]) => name === 'tp' || value > 1).map(([name, value]) => `${name} ${value}`).join(', ')})`;
}

// The same deployment on the Serving page, at rates around the one that was planned for.
function servingOf(plan: PlanResult, answer: PlanAnswer, asked: Values): Values {
  const rate = asked.rate === undefined || asked.rate === '' ? answer.request_throughput : Number(asked.rate);
  const above1 = (name: string, value: number): Values => (value > 1 ? { [name]: String(value) } : {});
  return {
    model: plan.model,
    on: answer.system,
    tp: String(answer.tensor_parallel),
    ...above1('pp', answer.pipeline_parallel),
    ...above1('ep', answer.expert_parallel),
    ...(answer.attention_data_parallel > 1 ? { dp: String(answer.attention_data_parallel), 'attention-dp': 'true' } : {}),
    weights: answer.weights,
    kv: answer.kv_cache,
    framework: answer.framework,
    'max-num-seqs': String(answer.max_sequences),
    'max-num-batched-tokens': String(answer.max_step_tokens),
    ...above1('replicas', answer.replicas),
    ...(answer.prefill_replicas > 0 ? { 'prefill-replicas': String(answer.prefill_replicas) } : {}),
    input: asked.input ?? '',
    output: asked.output ?? '',
    slo: asked.slo ?? '',
    from: String(Number((rate / 4).toPrecision(3))),
    to: String(Number((rate * 1.5).toPrecision(3))),
    points: '6',
  };
}
