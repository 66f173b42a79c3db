import { useEffect, useState } from 'preact/hooks';
import { get, messageOf, Problem } from '../api/client';

/** The model that the server answers with. */
export interface Served {
  id: string;
  max_model_len?: number;
}

/** The served model; null where none is, a text where the server could not be asked. */
export function useServed(): Served | null | string | undefined {
  const [served, setServed] = useState<Served | null | string>();
  useEffect(() => {
    get<{ data: Served[] }>('/v1/models').then(
      (list) => setServed(list.data[0] ?? null),
      (error: unknown) => setServed(error instanceof Problem && [404, 405, 501, 503].includes(error.status) ? null : messageOf(error)),
    );
  }, []);
  return served;
}
