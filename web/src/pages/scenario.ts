import type { Setting } from '../api/types';
import { count, digits } from '../format';
import type { Choice } from '../parts/picker';
import type { Catalog } from '../state/catalog';
import type { Values } from '../state/route';

/** Options of an estimate that are said by their names alone. */
export const estimateFlags: Setting[] = [
  { name: 'attention-dp', description: 'The dp ranks replicate attention and share the experts.', type: 'boolean' },
  { name: 'allow-uneven', description: 'Price tensor parallelism that does not divide the heads, which frameworks refuse.', type: 'boolean' },
  { name: 'no-flash-attention', description: 'The score matrix goes through memory.', type: 'boolean' },
];

/** All options that are said by their names alone. */
const flags = [...estimateFlags.map((flag) => flag.name), 'no-prefix-caching', 'pools'];

/** What a request says: every value that is set. */
export function bodyOf(values: Values): Record<string, string | boolean> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [name, flags.includes(name) ? value === 'true' : value]),
  );
}

/** The command line that asks the same. */
export function commandOf(command: string, values: Values): string {
  const { model = '', ...rest } = values;
  const options = Object.entries(rest)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => (flags.includes(name) ? `--${name}` : `--${name} ${quoted(value)}`));
  return ['inferometer', command, quoted(model), ...options].join(' ');
}

/** Values without those that say what is meant anyway. */
export function withoutDefaults(values: Values, settings: Setting[]): Values {
  const byName = new Map(settings.map((setting) => [setting.name, setting.default]));
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== String(byName.get(name) ?? '')));
}

export function modelChoices(catalog: Catalog): Choice[] {
  return catalog.models.map((model) => ({
    name: model.name,
    detail: `${count(model.parameters)}${model.active_parameters < model.parameters ? `, ${count(model.active_parameters)} active` : ''} · ${model.attention} · ${contextOf(model.max_context_tokens)}`,
    aliases: model.aliases ?? [],
  }));
}

export function systemChoices(catalog: Catalog): Choice[] {
  return catalog.systems.map((system) => ({
    name: system.name,
    detail: [
      system.vendor,
      system.memory_gb === null ? '' : `${digits(system.memory_gb)} GB`,
      system.memory_bandwidth_gb_per_s === null ? '' : `${digits(system.memory_bandwidth_gb_per_s, 4)} GB/s`,
      system.bf16_tflops === null ? '' : `${digits(system.bf16_tflops)} TFLOPS bf16`,
    ].filter((text) => text !== '').join(' · '),
    aliases: system.aliases ?? [],
  }));
}

export function settingOf(settings: Setting[], name: string): Setting {
  return settings.find((setting) => setting.name === name) ?? { name, description: '', type: 'string' };
}

/** The last part of a model's name: its organisation is known by it. */
export function shortName(model: string): string {
  return model.split('/').pop() ?? model;
}

function contextOf(tokens: number): string {
  return tokens % 1024 === 0 ? `${tokens / 1024}K context` : `${count(tokens)} context`;
}

function quoted(text: string): string {
  return /^[\w./:,+@%-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
