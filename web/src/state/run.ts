import { useEffect, useRef, useState } from 'preact/hooks';
import { isAbort, messageOf } from '../api/client';

/** Work of the server's that a page follows: how far it is, undefined while none is under way, and what went wrong. */
export interface Run {
  start: () => Promise<void>;
  stop: () => void;
  done: number | undefined;
  fault: string | undefined;
}

/** Begins work with the page, and anew when told; what is still under way then, or when the page is left, is given up. */
export function useRun(work: (signal: AbortSignal, tell: (share: number) => void) => Promise<void>): Run {
  const [done, setDone] = useState<number>();
  const [fault, setFault] = useState<string>();
  const running = useRef<AbortController>(undefined);
  const start = async (): Promise<void> => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setFault(undefined);
    setDone(0);
    try {
      await work(abort.signal, setDone);
    } catch (error) {
      if (!isAbort(error)) {
        setFault(messageOf(error));
      }
    } finally {
      if (running.current === abort) {
        running.current = undefined;
        setDone(undefined);
      }
    }
  };
  const stop = (): void => running.current?.abort();
  useEffect(() => {
    void start();
    return stop;
  }, []);
  return { start, stop, done, fault };
}
