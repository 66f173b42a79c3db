import type { ProblemBody } from './types';

const keyName = 'inferometer-key';

/** A refusal of the server's, with what it says of it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail);
  }
}

/** Called where the server asks for a key. */
export const onKeyNeeded: { notify: () => void } = { notify: () => undefined };

export function setKey(key: string): void {
  sessionStorage.setItem(keyName, key);
}

/** Asks the server; gives the answer, or throws what it refuses with. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const key = sessionStorage.getItem(keyName);
  const headers = new Headers(init.headers);
  if (key !== null) {
    headers.set('Authorization', `Bearer ${key}`);
  }

  const response = await fetch(path, { ...init, headers });
  if (response.ok) {
    return response;
  }

  if (response.status === 401) {
    onKeyNeeded.notify();
  }

  throw new Problem(response.status, await problemOf(response));
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await ask(path, signal === undefined ? {} : { signal })).json()) as T;
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return (await (await postRaw(path, body, signal)).json()) as T;
}

export function postRaw(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
  return ask(path, signal === undefined ? init : { ...init, signal });
}

/** What went wrong, in words for people. */
export function messageOf(error: unknown): string {
  if (error instanceof TypeError) {
    return 'The server does not answer. Is it still running?';
  }

  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

async function problemOf(response: Response): Promise<ProblemBody> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as ProblemBody & { error?: { message?: string } | string };
    const other = typeof body.error === 'string' ? body.error : body.error?.message;
    return { ...body, detail: body.detail || (other ?? `status ${response.status}`) };
  } catch {
    return { detail: text.length > 0 && text.length < 300 ? text : `The server answered with status ${response.status}.` };
  }
}
