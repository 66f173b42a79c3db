import { useEffect, useState } from 'preact/hooks';
import { get, messageOf } from '../api/client';
import type { ModelEntry, Settings, SystemEntry } from '../api/types';

/** What can be named and said. */
export interface Catalog {
  models: ModelEntry[];
  systems: SystemEntry[];
  settings: Settings;
}

let loading: Promise<Catalog> | undefined;

async function load(): Promise<Catalog> {
  const [models, systems, settings] = await Promise.all([
    get<ModelEntry[]>('/api/v1/models'),
    get<SystemEntry[]>('/api/v1/hardware'),
    get<Settings>('/api/v1/settings'),
  ]);
  return { models, systems, settings };
}

/** The catalog, asked for once; a text where that failed. */
export function useCatalog(): Catalog | string | undefined {
  const [catalog, setCatalog] = useState<Catalog | string>();
  useEffect(() => {
    loading ??= load();
    loading.then(setCatalog, (error: unknown) => {
      loading = undefined;
      setCatalog(messageOf(error));
    });
  }, []);
  return catalog;
}
