import { ask, post } from './client';
import { eventsOf } from './events';
import type { JobStatus } from './types';

/** Starts a job, follows it to its end, and gives its result; an abort cancels it on the server too. */
export async function runJob<T>(path: string, body: unknown, signal: AbortSignal, progress: (share: number) => void): Promise<T> {
  const started = await post<JobStatus>(path, body, signal);
  const url = `/api/v1/jobs/${started.id}`;
  try {
    for await (const event of eventsOf(await ask(`${url}/events`, { signal }))) {
      const status = JSON.parse(event.data) as JobStatus;
      progress(status.progress);
      if (event.name === 'end') {
        if (status.state === 'done') {
          return status.result as T;
        }

        throw new Error(status.error ?? 'The job has no result.');
      }
    }

    throw new Error('The server ended the job.');
  } catch (error) {
    if (signal.aborted) {
      await ask(url, { method: 'DELETE' }).catch(() => undefined);
    }

    throw error;
  }
}
