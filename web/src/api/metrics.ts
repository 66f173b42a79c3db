/** A reading of the server's metrics: samples without labels that matter, summed over those that do not. */
export type Reading = ReadonlyMap<string, number>;

/** Reads the text that Prometheus reads; buckets of histograms are left out. */
export function readMetrics(text: string): Reading {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const found = /^([\w:]+)(?:\{.*\})? (\S+)/.exec(line);
    if (found === null || line.startsWith('#') || found[1]?.endsWith('_bucket') === true) {
      continue;
    }

    const [, name = '', value = ''] = found;
    samples.set(name, (samples.get(name) ?? 0) + Number(value));
  }

  return samples;
}

/** Mean of a histogram between two readings; undefined where nothing was counted. */
export function meanBetween(from: Reading | undefined, to: Reading, name: string): number | undefined {
  const count = (to.get(`${name}_count`) ?? 0) - (from?.get(`${name}_count`) ?? 0);
  const sum = (to.get(`${name}_sum`) ?? 0) - (from?.get(`${name}_sum`) ?? 0);
  return count > 0 ? sum / count : undefined;
}
